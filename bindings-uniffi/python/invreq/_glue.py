"""Calls into the core whose arguments it may refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from . import _check as check
from . import errors
from ._ffi import invreq as ffi

P = ParamSpec("P")
T = TypeVar("T")


def call(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Calls the core. What it cannot take for a value of its type is a parameter that cannot be used."""
    try:
        return work(*args, **kwargs)
    except ffi.BadValue.Broken as error:
        raise errors.Internal(f"a defect of the library, please report it: {error}") from error
    except ffi.BadValue as error:
        raise check.invalid(str(error)) from None
    except ffi.InternalError as error:
        raise errors.Internal(f"a defect of the library, please report it: {error}") from error


def open_engine(network: object, wallet_id: object, seed: object) -> ffi.Engine:
    """The engine of a wallet."""
    chain = check.network(network)
    place = check.text(wallet_id, "wallet_id")
    secret = check.octets(seed, "seed", 32)
    opened: Any = call(ffi.open_engine, chain, place, secret)
    if opened.kind == "failed":
        raise opened.error
    engine: ffi.Engine = opened.engine
    return engine


def wallet_id(given: object) -> str:
    """A wallet id that an engine takes."""
    place = check.text(given, "wallet_id")
    open_engine("bitcoin", place, bytes(32))
    return place


def public_key(key: bytes) -> str:
    """The node id of a secret key."""
    return call(ffi.public_key, key)


def ecdh(key: bytes, point: str) -> bytes:
    """SHA-256 of the compressed product of a secret key and a point (BOLT 4, Shared Secret)."""
    return call(ffi.ecdh, key, point)
