"""Gives the generated classes the form a Python programmer expects.

The generator writes records as classes with an `__init__` and no more, and the variants of enums with unnamed values. Here, once, at
import, each record becomes a real frozen dataclass, and each variant gets a `kind`, names for its values, and a place in `match`. What is
secret is left out of every `repr`. tools/stubs.py writes the same down for type checkers.
"""

from __future__ import annotations

import dataclasses
import enum
import inspect
import re
from types import ModuleType
from typing import Any

SECRET = re.compile(r"\b(Preimage|SharedSecret)\b", re.ASCII)
"""Types whose values no `repr` shows."""

SECRET_FIELDS = {"reply_path_id", "seed", "secret_key", "entropy", "dump"}
"""Fields whose values no `repr` shows, whatever their type."""

SECRET_OF = {("Entry", "value"), ("Answer", "ENTRIES"), ("PeerEvent", "ONION_MESSAGE")}
"""The same for one class."""

VALUE_NAMES = {
    ("Event", ""): "record",
    ("Event", "TROUBLE"): "error",
    ("Introduction", "NODE_ID"): "node_id",
    ("PeerEvent", "CLOSED"): "error",
}
"""What the unnamed value of a variant is called; `value` where nothing is said here."""

DEFAULTS = {
    ("PayInfo", "features"): "b''",
    ("Route", "via"): "[]",
    ("Route", "connect"): "[]",
    ("Route", "reply"): "ReplyPath.NONE()",
}
"""What may be left out besides what is optional and switches that are off."""


def shape(module: ModuleType) -> None:
    """Finishes every record and every enum of the module."""
    classes: set[type[Any]] = {found for found in vars(module).values() if isinstance(found, type)}
    for cls in classes:
        if cls.__module__ != module.__name__ or issubclass(cls, Exception):
            continue
        if cls.__doc__:
            cls.__doc__ = inspect.cleandoc(cls.__doc__)
        if issubclass(cls, enum.Enum):
            continue
        if dataclasses.is_dataclass(cls):
            _record(cls, vars(module))
        else:
            for name, variant in variants_of(cls).items():
                for field in _variant(cls.__name__, name, variant):
                    # So that whoever has any variant can ask whether it has this.
                    if field not in vars(cls):
                        setattr(cls, field, None)


def variants_of(cls: type) -> dict[str, type]:
    """The variants of an enum whose variants have values."""
    inner = {name: found for name, found in vars(cls).items() if isinstance(found, type) and name.isupper()}
    return {name: found for name, found in inner.items() if issubclass(found, cls)}


def _record(cls: type, names: dict[str, Any]) -> None:
    init: Any = cls.__init__  # type: ignore[misc]
    hints = {name: hint for name, hint in init.__annotations__.items() if name != "return"}
    for name in ("__init__", "__eq__", "__str__", "__repr__", "__hash__", "__match_args__"):
        if name in vars(cls):
            delattr(cls, name)
    cls.__annotations__ = hints
    for name, hint in hints.items():
        shown = not is_secret(cls.__name__, name, hint)
        setattr(cls, name, dataclasses.field(repr=shown, **_default(cls.__name__, name, hint, names)))
    dataclasses.dataclass(frozen=True, kw_only=True)(cls)


def _default(cls: str, name: str, hint: str, names: dict[str, Any]) -> dict[str, Any]:
    written = default(cls, name, hint)
    if written is None:
        return {}
    plain = {"None": None, "False": False, "b''": b""}
    if written in plain:
        return {"default": plain[written]}
    if written == "[]":
        return {"default_factory": list}
    enum_name, variant = written.removesuffix("()").split(".")
    return {"default_factory": lambda: getattr(names[enum_name], variant)()}


def default(cls: str, name: str, hint: str) -> str | None:
    """What a field is where it is left out, as Python; `None` where it has to be there."""
    if hint.startswith("typing.Optional"):
        return "None"
    return "False" if hint == "bool" else DEFAULTS.get((cls, name))


def is_secret(cls: str, name: str, hint: str) -> bool:
    """Whether a field is left out of what is shown."""
    return bool(SECRET.search(hint)) or name in SECRET_FIELDS or (cls, name) in SECRET_OF


def value_name(enum_name: str, variant: str) -> str:
    """What the one unnamed value of a variant is called."""
    return VALUE_NAMES.get((enum_name, variant), VALUE_NAMES.get((enum_name, ""), "value"))


def _variant(enum_name: str, name: str, variant: Any) -> list[str]:
    signature = inspect.signature(variant.__init__)
    fields = [field for field in signature.parameters if field != "self"]
    if fields == ["values"]:
        field = value_name(enum_name, name)
        setattr(variant, field, property(lambda self: self._values[0]))
        fields = [field]
    hints = variant.__init__.__annotations__
    hidden = {field for field in fields if is_secret(enum_name, field, str(hints.get(field, "")))}
    if (enum_name, name) in SECRET_OF or (enum_name, name) == ("Answer", "SHARED_SECRET"):
        hidden = set(fields)

    def show(self: Any) -> str:
        shown = (
            f"{field}=..." if field in hidden else f"{field}={getattr(self, field)!r}" for field in fields
        )
        return f"{enum_name}.{name}({', '.join(shown)})"

    variant.kind = name.lower()
    type.__setattr__(variant, "__match_args__", tuple(fields))
    variant.__repr__ = show
    variant.__str__ = show
    return fields
