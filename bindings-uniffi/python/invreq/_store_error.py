"""Why a store did not do what it was asked."""

from __future__ import annotations

from typing import Literal, TypeAlias, cast, get_args

from . import _check as check
from ._error import InvreqError
from ._ffi import invreq as ffi

StoreErrorKind: TypeAlias = Literal[
    "conflict", "full", "read_only", "failed", "corrupt", "foreign", "invalid", "closed"
]
"""Why a store did not do what it was asked.

- `conflict`: a condition of the batch does not hold; nothing was written.
- `full`: there is no room left for the write; nothing was written.
- `read_only`: the store can be read but not written.
- `failed`: it could not read or write. A write may have been done all the same.
- `corrupt`: what is stored is damaged.
- `foreign`: what was opened belongs to another application or to another version of this library.
- `invalid`: the caller broke the contract; nothing was written.
- `closed`: the store was closed before the call.
"""

_OWN_WORDS = {
    "conflict": "another writer changed the store first",
    "full": "the store is full: ",
    "read_only": "the store cannot be written: ",
    "failed": "the store failed: ",
    "corrupt": "the store is damaged: ",
    "foreign": "this is not a store of this library: ",
    "invalid": "the store was used wrongly: ",
    "closed": "the store is closed",
}


class StoreError(Exception):
    """Why a store did not do what it was asked: a sentence for a person, without keys and values."""

    kind: StoreErrorKind
    """Why the store did not do what it was asked."""
    present: bytes | None
    """Of a `conflict`: the key that was to be absent; `None` where it is about the revision."""
    why: str
    """What the store said by itself."""

    def __init__(self, kind: StoreErrorKind, why: str = "", *, present: bytes | None = None) -> None:
        """The error of this kind. `why` is the end of a sentence, such as "the disk was pulled out"."""
        check.word(kind, "kind", get_args(StoreErrorKind))
        begin = _OWN_WORDS[kind]
        if present is not None:
            begin = "the store already holds a key that has to be new"
        super().__init__(begin + why if begin.endswith(" ") else begin)
        self.kind = kind
        self.present = present
        self.why = why

    def __reduce__(self) -> tuple[object, ...]:
        """So that it can be pickled."""
        return _again, (self.kind, self.why, self.present)


def from_core(error: ffi.StoreError) -> StoreError:
    """What a store of the core said."""
    if isinstance(error, ffi.StoreError.CONFLICT):
        return StoreError("conflict", present=error.value.value)
    why = error.value
    return StoreError(error.kind, why if isinstance(why, str) else "")


def to_core(error: BaseException) -> ffi.StoreError:
    """What a store of the host raised. Anything but a `StoreError` counts as `failed`."""
    if not isinstance(error, StoreError):
        return ffi.StoreError.FAILED(reason_of(error))
    if error.kind == "conflict":
        present = error.present
        conflict = ffi.Conflict.REVISION() if present is None else ffi.Conflict.PRESENT(present)
        return ffi.StoreError.CONFLICT(conflict)
    if error.kind == "closed":
        return ffi.StoreError.CLOSED()
    return cast(ffi.StoreError, getattr(ffi.StoreError, error.kind.upper())(error.why))


def library_error(error: BaseException) -> InvreqError:
    """What a store raised, in the library's words."""
    known: InvreqError = ffi.store_error_details(to_core(error))
    return known


def reason_of(error: BaseException) -> str:
    """What a host raised, as a sentence for the error of the call."""
    try:
        said = str(error)[:1024] or type(error).__name__
        return said.encode("utf-8", "replace").decode()
    except Exception:
        return "for a reason that cannot be told"


def _again(kind: StoreErrorKind, why: str, present: bytes | None) -> StoreError:
    return StoreError(kind, why, present=present)
