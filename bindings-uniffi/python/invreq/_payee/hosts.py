"""The host as the payee sees it: its methods read once, what they give checked."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

from .. import _check as check
from .._store_error import StoreError, library_error
from .._types import Batch, Entry
from .clock import TimeAndDice
from .threads import AsyncMethod, Method, Threads

MAX_VALUE = 1 << 20


class Part:
    """A part of the host. Where its methods block, they do so on threads of their own."""

    def __init__(self, given: object, what: str) -> None:
        self._given = given
        self._what = what
        self._threads = Threads(what)

    def required(self, name: str) -> AsyncMethod:
        """A method that has to be there."""
        return self._threads.on_thread(check.required(self._given, self._what, name))

    def optional(self, name: str) -> AsyncMethod | None:
        """A method; `None` where there is none."""
        found: Method | None = check.method(self._given, self._what, name)
        return None if found is None else self._threads.on_thread(found)

    def closing(self) -> AsyncMethod:
        """How to close it: on a thread that no call that hangs can occupy."""
        return Threads(f"{self._what}-close", 1).on_thread(check.required(self._given, self._what, "close"))


class HostStore:
    """The store; what it raises is an `InvreqError` from here on."""

    def __init__(self, given: object) -> None:
        part = Part(given, "store")
        self._range = part.required("range")
        self._write = part.required("write")
        self._close = part.closing()
        self.watch = check.method(given, "store", "watch")
        self.lead = check.method(given, "store", "lead")
        # One that waits to lead has to hear of what the leader does.
        if (self.watch is None) != (self.lead is None):
            raise check.invalid("store.watch and store.lead go together")
        if self.lead is not None and not inspect.iscoroutinefunction(self.lead):
            raise check.invalid("store.lead has to be `async def`: it is cancelled at the end")

    async def range(self, start: bytes, end: bytes, limit: int) -> list[Entry]:
        """Reads entries."""
        return _entries(await store_call(self._range, start, end, limit), limit)

    async def write(self, batch: Batch) -> bool:
        """Whether it was written; `False` after a conflict."""
        try:
            await self._write(batch)
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


async def store_call(method: AsyncMethod, *args: Any) -> Any:
    """Does something with the store, and says in the library's words why it failed."""
    try:
        return await method(*args)
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
        part = Part(given, "source")
        self.create_inbound_payment = part.required("create_inbound_payment")
        self.can_receive = part.optional("can_receive")


class HostTransport:
    """The transport."""

    def __init__(self, given: object) -> None:
        part = Part(given, "transport")
        self.send = part.required("send")
        self.resolve_scid = part.optional("resolve_scid")
        self.find_route = part.optional("find_route")
        self.ecdh = part.optional("ecdh")
        self.receive = check.method(given, "transport", "receive")
        has_close = check.method(given, "transport", "close") is not None
        self.close = part.closing() if has_close else None
        if self.receive is not None and not inspect.iscoroutinefunction(self.receive):
            raise check.invalid("transport.receive has to be `async def`: it is cancelled at the end")


class HostSigner:
    """The signer."""

    def __init__(self, given: object) -> None:
        self.sign = Part(given, "signer").required("sign")


@dataclass(frozen=True)
class Hosts:
    """What the host supplied."""

    store: HostStore
    source: HostSource
    transport: HostTransport
    signer: HostSigner | None
    time: TimeAndDice
