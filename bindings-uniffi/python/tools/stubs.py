"""Writes the type stub of the generated module: `python stubs.py _ffi.py _ffi.pyi`.

The generated module has annotations, but not in a form that type checkers make much of: records without fields, variants that become
subclasses of their enum at run time. The stub says what `invreq/_shape.py` makes of them.
"""

from __future__ import annotations

import ast
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

SHAPE = Path(__file__).resolve().parents[1] / "invreq" / "_shape.py"

HEAD = '''"""What the library calls: made by uniffi from the core. Use the package `invreq`."""

import enum
import typing
from dataclasses import dataclass

from .._error import InvreqError as ErrorDetails

'''


def main(source: str, target: str) -> None:
    """Writes the stub."""
    module = ast.parse(Path(source).read_text())
    TYPES.update(value_types(module))
    written = [stub for node in module.body if (stub := statement(node))]
    Path(target).write_text(HEAD + "\n".join(written))


def statement(node: ast.stmt) -> str:
    """The stub of a statement, or nothing."""
    if isinstance(node, ast.FunctionDef) and is_public(node.name):
        return function(node, "")
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        name = node.targets[0].id
        is_alias = isinstance(node.value, ast.Name) and node.value.id in (
            "str",
            "bytes",
            "int",
            "ErrorDetails",
        )
        return (
            f"{name}: typing.TypeAlias = {ast.unparse(node.value)}\n" if is_alias and is_public(name) else ""
        )
    if not isinstance(node, ast.ClassDef) or not is_public(node.name) or node.name == "ErrorDetails":
        return ""
    bases = [ast.unparse(base) for base in node.bases]
    if "enum.Enum" in bases:
        return flat_enum(node)
    if node.decorator_list and "Exception" not in bases:
        return record(node)
    if "Exception" in bases:
        return "" if node.name == "BadValue" else f"class {node.name}(Exception): ...\n"
    if node.name == "BadValue":  # it comes twice: the second time has its variants
        variants = [inner.name for inner in node.body if isinstance(inner, ast.ClassDef)]
        lines = [f"    {name}: typing.ClassVar[type[BadValue]]" for name in variants]
        return "\n".join(["class BadValue(Exception):", *lines]) + "\n"
    if any(isinstance(inner, ast.ClassDef) for inner in node.body):
        return data_enum(node)
    return interface(node, bases)


def is_public(name: str) -> bool:
    """Whether a name is part of the interface."""
    return not name.startswith(("_", "uniffi", "Uniffi"))


def doc(node: ast.ClassDef | ast.FunctionDef, indent: str) -> list[str]:
    """The docstring, as lines."""
    text = ast.get_docstring(node)
    if not text:
        return []
    lines = text.splitlines()
    if len(lines) == 1:
        return [f'{indent}"""{lines[0]}"""']
    return [f'{indent}"""{lines[0]}', *(f"{indent}{line}".rstrip() for line in lines[1:]), f'{indent}"""']


def flat_enum(node: ast.ClassDef) -> str:
    """An enum without values."""
    lines = [f"class {node.name}(enum.Enum):", *doc(node, "    ")]
    for inner in node.body:
        if isinstance(inner, ast.Assign):
            lines.append(f"    {ast.unparse(inner)}")
        elif isinstance(inner, ast.Expr) and lines[-1].startswith("    ") and " = " in lines[-1]:
            lines.append(f'    """{inline(inner)}"""')
    return "\n".join(lines) + "\n"


def inline(node: ast.Expr) -> str:
    """A docstring after a member."""
    assert isinstance(node.value, ast.Constant)
    return " ".join(str(node.value.value).split())


def record(node: ast.ClassDef) -> str:
    """A frozen dataclass."""
    lines = ["@dataclass(frozen=True, kw_only=True)", f"class {node.name}:", *doc(node, "    ")]
    for name, hint in parameters(node):
        default = shape.default(node.name, name, hint)
        lines.append(f"    {name}: {hint}" + (" = ..." if default else ""))
    if node.name == "Record":
        lines += [
            "    def to_rpc(self) -> str:",
            '        """The record as the JSON text of Core Lightning."""',
        ]
    return "\n".join(lines) + "\n"


def parameters(node: ast.ClassDef) -> list[tuple[str, str]]:
    """The names and types that `__init__` takes, without `self`."""
    for inner in node.body:
        if isinstance(inner, ast.FunctionDef) and inner.name == "__init__":
            given = inner.args.args[1:] + inner.args.kwonlyargs
            return [(arg.arg, ast.unparse(arg.annotation) if arg.annotation else "") for arg in given]
    return []


def data_enum(node: ast.ClassDef) -> str:
    """An enum with values: a class, and in it a subclass for each variant."""
    lines = [f"class {node.name}:", *doc(node, "    ")]
    inner_lines: list[str] = []
    kinds, fields = [], {}
    types = unnamed(node)
    for inner in node.body:
        if not isinstance(inner, ast.ClassDef):
            continue
        given = parameters(inner)
        if inner.name in types:
            given = [(shape.value_name(node.name, inner.name), types[inner.name])]
        kinds.append(inner.name.lower())
        names = [name for name, _ in given]
        inner_lines += [f"    class {inner.name}({node.name}):", *doc(inner, "        ")]
        if names:
            match = ", ".join(f'typing.Literal["{name}"]' for name in names)
            inner_lines.append(f"        __match_args__: typing.ClassVar[tuple[{match}]] = ...")
        unnamed_mark = ", /" if inner.name in types else ""
        arguments = "".join(f", {name}: {hint}" for name, hint in given)
        inner_lines.append(f"        def __init__(self{arguments}{unnamed_mark}) -> None: ...")
        inner_lines += prop("kind", f'typing.Literal["{inner.name.lower()}"]', "        ")
        for name, hint in given:
            inner_lines += prop(name, hint, "        ")
            fields.setdefault(name, []).append(hint)
    lines += prop("kind", "typing.Literal[" + ", ".join(f'"{kind}"' for kind in kinds) + "]", "    ")
    for name, hints in fields.items():
        lines += prop(name, " | ".join(dict.fromkeys([*hints, "None"])), "    ")
    return "\n".join(lines + inner_lines) + "\n"


def prop(name: str, hint: str, indent: str) -> list[str]:
    """A property that can only be read."""
    return [f"{indent}@property", f"{indent}def {name}(self) -> {hint}: ..."]


def unnamed(node: ast.ClassDef) -> dict[str, str]:
    """The types of the variants that have one unnamed value, from the code that reads them."""
    return {
        inner.name: TYPES.get((node.name, inner.name), "typing.Any")
        for inner in node.body
        if isinstance(inner, ast.ClassDef) and has_unnamed(inner)
    }


def value_types(module: ast.Module) -> dict[tuple[str, str], str]:
    """The types of unnamed values, by enum and variant: the code that reads a variant names what reads its value."""
    found = {}
    for node in ast.walk(module):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=enum), attr=variant),
                args=[ast.Call(func=ast.Attribute(value=ast.Name(id=converter), attr="read"))],
            ) if variant.isupper():
                found[enum, variant] = type_of(converter.removeprefix("_UniffiFfiConverter"))
    return found


def type_of(converter: str) -> str:
    """The type that a converter reads."""
    plain = {"String": "str", "Bytes": "bytes", "Boolean": "bool"}
    for prefix, wrapper in (("Optional", "typing.Optional"), ("Sequence", "typing.List")):
        if converter.startswith(prefix):
            return f"{wrapper}[{type_of(converter.removeprefix(prefix))}]"
    if converter.startswith(("UInt", "Int")):
        return "int"
    return plain.get(converter) or converter.removeprefix("Type")


def has_unnamed(node: ast.ClassDef) -> bool:
    """Whether the values of a variant have no names."""
    inits = (inner for inner in node.body if isinstance(inner, ast.FunctionDef) and inner.name == "__init__")
    return any(init.args.vararg is not None for init in inits)


def interface(node: ast.ClassDef, bases: list[str]) -> str:
    """An object, or the interface of one."""
    kept = [base for base in bases if base != "typing.Protocol"] if node.name.endswith("Protocol") else bases
    lines = [f"class {node.name}({', '.join(kept)}):" if kept else f"class {node.name}:", *doc(node, "    ")]
    for inner in node.body:
        if not isinstance(inner, ast.FunctionDef) or not (is_public(inner.name) or inner.name == "__init__"):
            continue
        if inner.args.vararg is None:
            lines.append(function(inner, "    ").rstrip())
    return "\n".join([*lines, "    ..."]) + "\n"


def function(node: ast.FunctionDef, indent: str) -> str:
    """A function without its body."""
    returns = ast.unparse(node.returns) if node.returns else "None"
    for decorator in node.decorator_list:
        if ast.unparse(decorator) == "classmethod":
            indent_decorator = f"{indent}@classmethod\n"
            break
    else:
        indent_decorator = ""
    return f"{indent_decorator}{indent}def {node.name}({ast.unparse(node.args)}) -> {returns}: ...\n"


def load_shape() -> ModuleType:
    """`_shape.py`, without the package around it."""
    spec = importlib.util.spec_from_file_location("shape", SHAPE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


shape = load_shape()
TYPES: dict[tuple[str, str], str] = {}

if __name__ == "__main__":
    main(*sys.argv[1:])
