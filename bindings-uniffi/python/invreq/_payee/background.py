"""What goes on in the background: timers, deliveries, what comes in, other processes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from .. import _check as check
from .. import errors
from .._error import InvreqError
from .._store_error import library_error, reason_of
from .._types import Delivery, Input, Sending, SendOutcome
from ..host import InvoiceErrorReply, OnionMessage
from . import inputs
from .ask import PATIENCE_MS
from .clock import LONGEST_SLEEP_MS
from .closing import Closing, Late
from .engine import RESTORE, TICK, Engine
from .hosts import Hosts
from .threads import result_of

T = TypeVar("T")

FIRST_PAUSE_MS = 500
LONGEST_PAUSE_MS = 30_000
"""The pause after something in the background failed doubles from the first to the longest."""


class Background:
    """What a payee does without being called."""

    def __init__(
        self, engine: Engine, hosts: Hosts, closing: Closing, trouble: Callable[[InvreqError], None]
    ) -> None:
        self._engine = engine
        self._hosts = hosts
        self._closing = closing
        self._trouble = trouble
        self._wake_at: int | None = None
        self._changed = asyncio.Event()
        self._seen_ms = 0
        self._set_back = False
        self._catching_up: asyncio.Task[None] | None = None
        self._catch_up_again = False
        self._wanted = asyncio.Event()
        self._give_back: list[Callable[[], object]] = []

    def start(self, revision_key: bytes) -> None:
        """Begins, once the engine has read its store."""
        spawn = self._closing.spawn
        spawn(self._timers())
        if self._hosts.transport.receive is not None:
            spawn(self._receive_all(self._hosts.transport.receive))
        if self._hosts.store.watch is not None and self._hosts.store.lead is not None:
            spawn(self._catch_up_when_wanted())
            spawn(self._watch(self._hosts.store.watch, revision_key))
            spawn(self._lead(self._hosts.store.lead, revision_key))

    def stop(self) -> None:
        """Gives back what the store lent."""
        for give_back in self._give_back:
            self._let_go(give_back)

    def schedule(self, wake_at: int | None) -> None:
        """The engine wants its next tick at this time."""
        self._wake_at = wake_at
        self._changed.set()

    def send(self, delivery: Delivery) -> None:
        """Hands a copy to the transport, and does not rest until what became of it is written."""
        self._closing.spawn(self._send(delivery))

    async def catch_up(self) -> None:
        """Reads what other writers changed, and catches up with the time."""
        # What changed since it began needs another look.
        self._catch_up_again = True
        if self._catching_up is None:
            self._catching_up = self._closing.spawn(self._catch_up())
        await asyncio.shield(self._catching_up)

    async def perform_for_good(self, given: Input) -> None:
        """Carries out an input nobody waits for, again and again where the store fails for a while."""
        await self._until_done(lambda: self._engine.perform(given))

    async def _catch_up(self) -> None:
        try:
            while self._catch_up_again:
                self._catch_up_again = False
                await self._engine.perform(RESTORE)
                await self._engine.perform(TICK)
        finally:
            self._catching_up = None

    async def _until_done(self, work: Callable[[], Awaitable[None]]) -> None:
        """Does it again and again while it fails for a while, and tells of every failure."""
        pause = FIRST_PAUSE_MS
        while not self._closing.is_over:
            try:
                return await work()
            except Exception as raised:
                if self._closing.is_over:
                    return None
                error = known(raised)
                self._trouble(error)
                if not error.retryable:
                    return None
                pause = await self._rest(pause)

    async def _timers(self) -> None:
        """Ticks whenever a tick is due; there is one at a time."""
        pause = FIRST_PAUSE_MS
        while not self._closing.is_over:
            self._changed.clear()
            try:
                await self._until_due()
                if self._closing.is_over:
                    return
                self._set_back = False
                await self._engine.perform(TICK)
                pause = FIRST_PAUSE_MS
                await asyncio.sleep(0)
            except Exception as error:
                if self._closing.is_over:
                    return
                self._trouble(known(error))
                pause = await self._rest(pause)

    async def _until_due(self) -> None:
        while True:
            now, at = self._hosts.time.now_ms(), self._wake_at
            # A clock that was set back moves every timer away, so the engine has to see it.
            self._set_back = self._set_back or now < self._seen_ms
            self._seen_ms = now
            if self._set_back or (at is not None and at <= now):
                return
            changed = asyncio.ensure_future(self._changed.wait())
            waits: set[asyncio.Future[Any]] = {changed}
            if at is not None:
                until = min(at, now + LONGEST_SLEEP_MS)
                waits.add(asyncio.ensure_future(self._hosts.time.wait_until(now, until)))
            try:
                race = asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                done, _ = await self._closing.unless_over(race)
                for task in done:
                    result_of(task)
            finally:
                for task in waits:
                    task.cancel()
            self._changed.clear()

    async def _send(self, delivery: Delivery) -> None:
        transport = self._hosts.transport
        try:
            said = await self._closing.within(PATIENCE_MS, lambda: transport.send(delivery))
            outcome = _answered(_outcome, said)
        except Late:
            outcome = SendOutcome.FAILED
        except Exception as error:
            outcome = SendOutcome.FAILED
            if not self._closing.is_over:
                self._trouble(_host_error("the transport cannot send", error))
        await self.perform_for_good(Input.DELIVERED(id=delivery.id, outcome=outcome))

    async def _receive_all(self, receive: Callable[..., Any]) -> None:
        """Takes in what comes at the transport by itself, one message at a time."""
        pause = FIRST_PAUSE_MS
        while not self._closing.is_over:
            try:
                received = _answered(_received, await self._closing.unless_over(receive()))
                await self.perform_for_good(received)
                pause = FIRST_PAUSE_MS
                # A flood that is always ready must not keep the loop from its other tasks.
                await asyncio.sleep(0)
            except Exception as error:
                if self._closing.is_over:
                    return
                self._trouble(_host_error("the transport cannot receive", error))
                pause = await self._rest(pause)

    async def _watch(self, watch: Callable[..., Any], revision_key: bytes) -> None:
        """Hears of what others write."""
        loop = asyncio.get_running_loop()

        def changed() -> None:
            # It may be called on any thread, and after the end.
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._wanted.set)

        async def work() -> None:
            try:
                stop = watch(revision_key, changed)
            except Exception as error:
                raise library_error(error) from error
            if not callable(stop):
                raise check.invalid("store.watch has to return a function")
            self._give_back.append(stop)

        await self._until_done(work)
        # What was written after the engine read the store and before it was watched, nobody tells us of.
        self._wanted.set()

    async def _lead(self, lead: Callable[..., Any], revision_key: bytes) -> None:
        """Of several processes, one sends: this one, from now on."""

        async def work() -> None:
            leading = asyncio.ensure_future(lead(revision_key))
            try:
                release = await self._closing.unless_over(leading)
            except Exception as error:
                # It may lead all the same, if it was not to be stopped any more.
                leading.add_done_callback(self._led_too_late)
                raise library_error(error) from error
            if callable(release):
                self._give_back.append(release)
            await self._engine.look(lambda handle: handle.set_sending(Sending.ONLY))
            self._wanted.set()

        await self._until_done(work)

    def _led_too_late(self, leading: asyncio.Future[Any]) -> None:
        if not leading.cancelled() and leading.exception() is None and callable(leading.result()):
            self._let_go(leading.result())

    def _let_go(self, give_back: Callable[[], object]) -> None:
        try:
            give_back()
        except Exception as error:
            self._trouble(errors.StoreFailed(f"the store cannot let go: {reason_of(error)}"))

    async def _catch_up_when_wanted(self) -> None:
        while not self._closing.is_over:
            try:
                await self._closing.unless_over(self._wanted.wait())
            except errors.Cancelled:
                return
            self._wanted.clear()
            await self._until_done(self.catch_up)

    async def _rest(self, pause: int) -> int:
        """Waits, and gives the next pause."""
        try:
            await self._closing.unless_over(self._hosts.time.wait(pause))
        except Exception:
            if not self._closing.is_over:
                # A clock that cannot wait is no reason to try without a pause.
                await asyncio.sleep(pause / 1000)
        return min(pause * 2, LONGEST_PAUSE_MS)


def _answered(read: Callable[[object], T], said: object) -> T:
    """Reads what the host said; something else is as good as no answer."""
    try:
        return read(said)
    except InvreqError as error:
        raise errors.MissingAnswer(str(error)) from error


def _outcome(said: object) -> SendOutcome:
    return check.one_of(SendOutcome, said, "what the transport says of a delivery")


def _received(received: object) -> Input:
    if isinstance(received, OnionMessage):
        return inputs.onion_message(received.bytes, received.node_id)
    given = check.instance(received, "what the transport received", InvoiceErrorReply)
    return inputs.invoice_error(given.reply_path_id, given.bytes)


def known(error: BaseException) -> InvreqError:
    """The same as an error of the library."""
    if isinstance(error, InvreqError):
        return error
    return errors.Internal(f"something unexpected: {reason_of(error)}")


def _host_error(what: str, error: Exception) -> InvreqError:
    if isinstance(error, InvreqError):
        return error
    missing = errors.MissingAnswer(f"{what}: {reason_of(error)}")
    missing.__cause__ = error
    return missing
