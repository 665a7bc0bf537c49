"""What is printed of an event or an error shows no secret."""

from __future__ import annotations

import base64
import hashlib
import hmac

from .host import entropy

REGTEST = bytes.fromhex("06226e46111a0b59caaf126043eb5bbf28c34f3a5e332a1fc7b2b73cf188910f")


def shown(value: object) -> str:
    """A value in all the ways in which it may end up in a log."""
    parts = [str(value), repr(value)]
    if isinstance(value, BaseException):
        parts += [repr(value.args), repr(vars(value)), str(value.__cause__), repr(value.__cause__)]
    return " ".join(parts)


def assert_quiet(text: str, seed: bytes, actions: int) -> None:
    """Raises where the seed, what the dice gave, or a preimage can be read in it."""
    assert not _is_in(text, seed), "the seed"
    for action in range(1, actions + 1):
        for payee in ("a", "b"):
            nonce = entropy(action, payee)
            assert not _is_in(text, nonce), f"the entropy of {action}"
            assert not _is_in(text, preimage(seed, nonce)), f"the preimage of {action}"


def preimage(seed: bytes, nonce: bytes) -> bytes:
    """The preimage the engine derives from a nonce, as tests/vectors/derivation.json has it."""
    return hmac.digest(seed, b"invreq/1/preimage\0" + REGTEST + nonce, hashlib.sha256)


def _is_in(text: str, secret: bytes) -> bool:
    spellings = [
        secret.hex(),
        base64.b64encode(secret).decode()[:40],
        str(list(secret))[1:-1],
        repr(secret)[2:-1],
    ]
    return any(spelling.lower() in text.lower() for spelling in spellings)
