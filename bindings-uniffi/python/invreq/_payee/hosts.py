"""The host as the payee sees it: its methods read once, what they give checked."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from .. import _check as check
from .._store_error import StoreError, library_error
from .._types import Batch, Entry
from .clock import TimeAndDice

T = TypeVar("T")

MAX_VALUE = 1 << 20

Method = Callable[..., Any]


async def invoke(method: Method, *args: Any) -> Any:
    """Calls a method of the host. A plain one may block, so it gets a thread of its own."""
    if inspect.iscoroutinefunction(method):
        return await method(*args)
    given = await asyncio.to_thread(method, *args)
    return await given if inspect.isawaitable(given) else given


class HostStore:
    """The store; what it raises is an `InvreqError` from here on."""

    def __init__(self, given: object) -> None:
        self._range = check.required(given, "store", "range")
        self._write = check.required(given, "store", "write")
        self._close = check.required(given, "store", "close")
        self.watch = check.method(given, "store", "watch")
        self.lead = check.method(given, "store", "lead")
        # One that waits to lead has to hear of what the leader does.
        if (self.watch is None) != (self.lead is None):
            raise check.invalid("store.watch and store.lead go together")

    async def range(self, start: bytes, end: bytes, limit: int) -> list[Entry]:
        """Reads entries."""
        return _entries(await store_call(self._range, start, end, limit), limit)

    async def write(self, batch: Batch) -> bool:
        """Whether it was written; `False` after a conflict."""
        try:
            await invoke(self._write, batch)
        except StoreError as error:
            if error.kind == "conflict":
                return False
            raise library_error(error) from error
        except Exception as error:
            raise library_error(error) from error
        return True

    async def close(self) -> None:
        """Gives it back."""
        await store_call(self._close)


async def store_call(method: Method, *args: Any) -> Any:
    """Does something with the store, and says in the library's words why it failed."""
    try:
        return await invoke(method, *args)
    except Exception as error:
        raise library_error(error) from error


def _entries(value: Any, limit: int) -> list[Entry]:
    def entry(value: Any, what: str) -> Entry:
        given = check.instance(value, what, Entry)
        key = check.octets(given.key, f"{what}.key")
        return Entry(key=key, value=check.octets(given.value, f"{what}.value", most=MAX_VALUE))

    try:
        return check.items(value, "the store's answer", limit, entry)
    except Exception as error:
        raise library_error(error) from error


class HostSource:
    """The payment source."""

    def __init__(self, given: object) -> None:
        self.create_inbound_payment = check.required(given, "source", "create_inbound_payment")
        self.can_receive = check.method(given, "source", "can_receive")


class HostTransport:
    """The transport."""

    def __init__(self, given: object) -> None:
        self.send = check.required(given, "transport", "send")
        self.resolve_scid = check.method(given, "transport", "resolve_scid")
        self.find_route = check.method(given, "transport", "find_route")
        self.ecdh = check.method(given, "transport", "ecdh")
        self.receive = check.method(given, "transport", "receive")
        self.close = check.method(given, "transport", "close")
        if self.receive is not None and not inspect.iscoroutinefunction(self.receive):
            raise check.invalid("transport.receive has to be `async def`: it is cancelled at the end")


class HostSigner:
    """The signer."""

    def __init__(self, given: object) -> None:
        self.sign = check.required(given, "signer", "sign")


@dataclass(frozen=True)
class Hosts:
    """What the host supplied."""

    store: HostStore
    source: HostSource
    transport: HostTransport
    signer: HostSigner | None
    time: TimeAndDice
