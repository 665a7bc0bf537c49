"""The base of all exceptions of the library."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from ._ffi.invreq import Field, Record


class InvreqError(Exception):
    """What went wrong, in a form that a program and a person can both act on.

    There is a subclass for every code, in `invreq.errors`. Decide by the class or by `code`, which never change; show `str(error)`,
    whose wording may improve.
    """

    BY_CODE: ClassVar[dict[str, type[InvreqError]]] = {}
    """The subclass of each code."""

    code: str = "internal"
    """The stable code: the same word in every language and every release."""
    rpc_code: int = -1
    """The number Core Lightning uses for this case, or -1 where it has none."""
    retryable: bool = False
    """Whether the same call may succeed later without any change."""
    field: Field | None = None
    """The TLV record of the message that the error is about, where there is one."""
    rule: str | None = None
    """The broken rule as a stable kebab-case id, where there is one."""
    section: str | None = None
    """The place in the BOLTs that states the rule."""
    record: Record | None = None
    """The invoice concerned, where there is one."""

    def __init_subclass__(
        cls, *, code: str | None = None, rpc_code: int | None = None, retryable: bool = False
    ) -> None:
        """A class of its own for this code."""
        super().__init_subclass__()
        if code is not None:
            cls.code, cls.rpc_code, cls.retryable = code, -1 if rpc_code is None else rpc_code, retryable
            InvreqError.BY_CODE[code] = cls

    def __init__(
        self,
        message: str,
        *,
        rpc_code: int | None = None,
        field: Field | None = None,
        rule: str | None = None,
        section: str | None = None,
        retryable: bool | None = None,
        record: Record | None = None,
    ) -> None:
        """The error of these details; what is left out follows from the code."""
        super().__init__(message)
        if rpc_code is not None:
            self.rpc_code = rpc_code
        if retryable is not None:
            self.retryable = retryable
        self.field = field
        self.rule = rule
        self.section = section
        self.record = record

    @property
    def message(self) -> str:
        """One sentence for a person: the same as `str(error)`."""
        return str(self)
