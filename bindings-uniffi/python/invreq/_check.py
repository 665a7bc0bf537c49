"""What callers and hosts pass, checked before anything of it reaches the core.

What cannot be used is an `InvalidParameter`, or the exception of the code that the core has for it.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from . import errors

T = TypeVar("T")
E = TypeVar("E", bound=enum.Enum)

MAX_STRING = 65_536
"""The longest text that is read, in characters, without white space around it."""

MAX_BYTES = 65_536
"""The longest onion message or other run of bytes that is taken in."""

NETWORKS = ("bitcoin", "testnet", "testnet4", "signet", "regtest")

_BYTES: Any = (bytes, bytearray, memoryview)
_LISTS: Any = (list, tuple)

_HEX = re.compile(r"[0-9a-fA-F]*", re.ASCII)


def optional(value: Any, check: Callable[[Any, str], T], what: str) -> T | None:
    """The value, or `None` where it is left out."""
    return None if value is None else check(value, what)


def bolt12(value: Any, what: str) -> str:
    """A text of BOLT 12."""
    if not isinstance(value, str):
        raise _not_text(value, what)
    # White space around it does not count, however long it is.
    text = value if len(value) <= MAX_STRING else value.strip()
    if len(text) > MAX_STRING:
        message = f"{what} is longer than {MAX_STRING} characters"
        raise errors.StringTooLong(message, rule="string-limit", section="BOLT 12, Encoding")
    return _well_formed(text, what)


def text(value: Any, what: str, longest: int = 1024) -> str:
    """Any other text."""
    if not isinstance(value, str):
        raise _not_text(value, what)
    if len(value) > longest:
        raise invalid(f"{what} is longer than {longest} characters")
    return _well_formed(value, what)


def label(value: Any, what: str = "label") -> str:
    """A label; a number is its decimal text."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**64:
        return str(value)
    if not isinstance(value, str):
        raise _not_text(value, what)
    if len(value) > 256 or not is_well_formed(value):
        raise errors.InvalidLabel("a label must be 1 to 256 bytes of UTF-8 without NUL")
    return str(value)


def network(value: Any, what: str = "network") -> str:
    """The name of a network."""
    return word(value, what, NETWORKS)


def word(value: Any, what: str, words: Sequence[str]) -> str:
    """One of these words."""
    if isinstance(value, str):
        for known in words:
            if value == known:
                return known
    raise invalid(f"{what} has to be one of {', '.join(words)}")


def one_of(kinds: type[E], value: Any, what: str) -> E:
    """A member of an enum, or its name in small letters."""
    if isinstance(value, kinds):
        return value
    names = [member.name.lower() for member in kinds]
    return kinds[word(value, what, names).upper()]


def boolean(value: Any, what: str) -> bool:
    """True or false, and nothing that only passes for one."""
    if not isinstance(value, bool):
        raise invalid(f"{what} has to be True or False, not {kind_of(value)}")
    return value


def integer(value: Any, what: str, most: int) -> int:
    """An integer from 0 to `most`."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise invalid(f"{what} has to be an integer from 0 to {most}")
    return int(value)


def u16(value: Any, what: str) -> int:
    """An integer of 16 bits."""
    return integer(value, what, 0xFFFF)


def u32(value: Any, what: str) -> int:
    """An integer of 32 bits."""
    return integer(value, what, 0xFFFF_FFFF)


def u64(value: Any, what: str) -> int:
    """An amount in msat, a time or an index."""
    return integer(value, what, 0xFFFF_FFFF_FFFF_FFFF)


def hexadecimal(value: Any, what: str, length: int) -> str:
    """So many bytes as hex digits."""
    if not isinstance(value, str):
        raise _not_text(value, what)
    if len(value) != length * 2 or not _HEX.fullmatch(value):
        raise invalid(f"{what} has to be {length} bytes as hex")
    return str(value)


def payment_hash(value: Any, what: str) -> str:
    """A payment hash as hex."""
    return hexadecimal(value, what, 32)


def point(value: Any, what: str) -> str:
    """A public key as hex. Whether it is on the curve, the core says."""
    return hexadecimal(value, what, 33)


def octets(value: Any, what: str, length: int | None = None, most: int = MAX_BYTES) -> bytes:
    """A copy of these bytes, so that nobody changes them under our hands."""
    if not isinstance(value, _BYTES):
        raise invalid(f"{what} has to be bytes, not {kind_of(value)}")
    try:
        found: int = getattr(value, "nbytes", None) or len(value)
        if length is not None and found != length:
            raise invalid(f"{what} has to be {length} bytes, not {found}")
        if found > most:
            raise invalid(f"{what} is longer than {most} bytes")
        return bytes(value)
    except (ValueError, BufferError) as error:
        raise invalid(f"{what} cannot be read") from error


def octets_or_hex(value: Any, what: str, length: int) -> bytes:
    """Bytes of this length, as bytes or as hex."""
    if isinstance(value, str):
        return bytes.fromhex(hexadecimal(value, what, length))
    return octets(value, what, length)


def items(value: Any, what: str, most: int, check: Callable[[Any, str], T]) -> list[T]:
    """A list or tuple of at most so many, each of them checked."""
    if not isinstance(value, _LISTS):
        raise invalid(f"{what} has to be a list, not {kind_of(value)}")
    if len(value) > most:
        raise invalid(f"{what} has more than {most} entries")
    return [check(item, f"{what}[{at}]") for at, item in enumerate(list(value))]


def instance(value: Any, what: str, kind: type[T]) -> T:
    """An object of this class."""
    if not isinstance(value, kind):
        raise invalid(f"{what} has to be of the class {kind.__name__}, not {kind_of(value)}")
    return value


def method(value: Any, what: str, name: str) -> Callable[..., Any] | None:
    """A method of an object; `None` where it has none of this name."""
    try:
        found = getattr(value, name, None)
    except Exception as error:
        raise invalid(f"{what}.{name} cannot be read") from error
    if found is None:
        return None
    if not callable(found):
        raise invalid(f"{what}.{name} has to be a method, not {kind_of(found)}")
    return found  # type: ignore[no-any-return]


def required(value: Any, what: str, name: str) -> Callable[..., Any]:
    """A method that has to be there."""
    found = method(value, what, name)
    if found is None:
        raise invalid(f"{what}.{name} has to be a method")
    return found


def is_well_formed(value: str) -> bool:
    """Whether no half of a surrogate pair stands alone."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def kind_of(value: Any) -> str:
    """What a value is, without looking into it."""
    return type(value).__name__


def invalid(message: str) -> errors.InvalidParameter:
    """A parameter cannot be used."""
    return errors.InvalidParameter(message)


def _well_formed(value: str, what: str) -> str:
    if not is_well_formed(value):
        raise invalid(f"{what} is no well-formed Unicode: it has half of a surrogate pair")
    return str(value)


def _not_text(value: Any, what: str) -> errors.InvalidParameter:
    return invalid(f"{what} has to be a str, not {kind_of(value)}")
