"""The public interface changes only on purpose: tests/api/python.txt has all of it.

`INVREQ_WRITE_API=1 pytest tests/test_api.py` writes it.
"""

from __future__ import annotations

import dataclasses
import enum
import inspect
import os
import typing
from collections.abc import Iterator
from typing import Any

from stage import ROOT

import invreq

FILE = ROOT / "tests" / "api" / "python.txt"


def test_the_public_interface_is_as_written() -> None:
    found = "\n".join(interface()) + "\n"
    if os.environ.get("INVREQ_WRITE_API"):
        FILE.parent.mkdir(exist_ok=True)
        FILE.write_text(found)
    assert FILE.read_text() == found, "set INVREQ_WRITE_API=1 if the change is meant"


def test_everything_public_is_documented() -> None:
    missing = []
    for module in (invreq, invreq.errors, invreq.host, invreq.testing):
        assert module.__doc__
        for name, value in public(module):
            # In Python 3.10 some aliases pass for classes.
            is_alias = typing.get_origin(value) is not None
            if not is_alias and (inspect.isclass(value) or inspect.isfunction(value)):
                if not value.__doc__:
                    missing.append(name)
                for method, member in vars(value).items() if inspect.isclass(value) else ():
                    is_ours = inspect.isfunction(member) and member.__module__.startswith("invreq._payee")
                    if is_ours and not method.startswith("_") and not member.__doc__:
                        missing.append(f"{name}.{method}")
    assert missing == []


def interface() -> Iterator[str]:
    for module in (invreq, invreq.errors, invreq.host, invreq.testing):
        for name, value in public(module):
            yield from describe(f"{module.__name__}.{name}", value)


def public(module: Any) -> list[tuple[str, Any]]:
    names = getattr(module, "__all__", None)
    if names is None:
        own = (name for name in vars(module) if not name.startswith("_"))
        names = [name for name in own if getattr(vars(module)[name], "__module__", "") == module.__name__]
    return [(name, getattr(module, name)) for name in sorted(names)]


def describe(name: str, value: Any) -> Iterator[str]:
    if typing.get_origin(value) is not None:
        yield f"{name} = {str(value).replace('invreq._ffi.invreq.', '')}"
    elif inspect.isfunction(value):
        yield f"{name}{signature(value)}"
    elif inspect.isclass(value) and issubclass(value, invreq.InvreqError) and value is not invreq.InvreqError:
        yield f"{name}: {value.code} {value.rpc_code}{' retryable' if value.retryable else ''}"
    elif inspect.isclass(value):
        bases = [base.__name__ for base in value.__bases__ if base not in (object, typing.Generic)]
        yield f"{name}({', '.join(bases)})"
        yield from (f"{name}.{line}" for line in members(value))
    elif not inspect.ismodule(value):
        yield f"{name} = {str(value).replace('invreq._ffi.invreq.', '')}"


def members(cls: type) -> Iterator[str]:
    if issubclass(cls, enum.Enum):
        yield from (member.name for member in cls)
        return
    if dataclasses.is_dataclass(cls):
        for field in dataclasses.fields(cls):
            has_default = not (
                field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
            )
            yield f"{field.name}: {field.type}{' = ...' if has_default else ''}"
    for name, member in sorted(vars(cls).items()):
        function = getattr(member, "__func__", member)
        if inspect.isclass(member) and name.isupper():
            yield f"{name}({', '.join(member.__match_args__)})"
        elif inspect.isfunction(function) and (not name.startswith("_") or name == "__init__"):
            is_generated = function.__module__.startswith("invreq._ffi") or name.startswith("is_")
            # Those that only the library itself calls, of a dataclass and of a protocol.
            is_hidden = name == "__init__" and (
                dataclasses.is_dataclass(cls)
                or getattr(cls, "_is_protocol", False)
                or (function.__doc__ or "").startswith("Use ")
            )
            if not is_hidden and (not is_generated or name == "to_rpc"):
                yield f"{name}{signature(function)}"
        elif isinstance(member, property):
            yield name
    if cls is invreq.InvreqError:
        yield from (name for name in inspect.get_annotations(cls) if name.islower())


def signature(function: Any) -> str:
    prefix = " async" if inspect.iscoroutinefunction(function) else ""
    return f"{prefix}{inspect.signature(function)}"
