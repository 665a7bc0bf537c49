"""A stream with a peer on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .._ffi import invreq as ffi
from .._glue import call
from .._types import PeerEvent
from .stream import Stream, Why

T = TypeVar("T")

MAX_BUFFERED = 64 * 1024
"""With so many bytes waiting at the system, more wait with the peer, which bounds them."""

CHUNK = 64 * 1024
"""How much goes into the peer at a time."""


@dataclass(frozen=True)
class Introduction:
    """Who we are, and to whom."""

    node_id: str
    key: bytes = field(repr=False)
    network: str
    entropy: bytes = field(repr=False)


class Connection:
    """A connection from the first byte on. Its owner is poked whenever something happened, and then calls `turn`."""

    def __init__(
        self, address: str, who: Introduction, now_ms: Callable[[], int], poke: Callable[[], None]
    ) -> None:
        self._now_ms = now_ms
        self._poke = poke
        self._who: Introduction | None = who
        self._peer: ffi.Peer | None = None
        self._events: list[PeerEvent] = []
        self._given = 0
        self.is_open = False
        """Whether the stream is connected."""
        self.ended: Why | None = None
        """Why the stream ended, if it did."""
        self.is_closed = False
        """Whether the peer is over, as far as `turn` has told."""
        self._stream = Stream(
            address, opened=self._open, received=self._receive, drained=poke, ended=self._stream_ended
        )

    @property
    def is_all_read(self) -> bool:
        """Whether the node has read every message that was sent."""
        return self._peer is not None and call(self._peer.pongs_due) == 0

    @property
    def written(self) -> int:
        """How many bytes the system has taken so far."""
        return self._given - self._stream.buffered

    @property
    def wake_at(self) -> float:
        """When `turn` has something to do at the latest, in Unix milliseconds."""
        due = None if self._peer is None else call(self._peer.wake_at)
        return float("inf") if due is None else due

    def turn(self) -> list[PeerEvent]:
        """Does what can be done, and says what happened."""
        self._guard(self._tick)
        events, self._events = self._events, []
        self.is_closed = self.is_closed or any(event.kind == "closed" for event in events)
        return events

    def send(self, message: bytes) -> int:
        """Queues a message and a ping behind it, and gives the number of the byte of the stream at which it begins."""
        if self._peer is None or self.ended is not None:
            raise ConnectionError("the connection is over")
        peer, now = self._peer, self._now_ms()
        start = self._given + call(peer.outgoing_len)
        for error in (call(peer.send_onion_message, message), call(peer.ping, now)):
            if error is not None:
                raise error
        self._write()
        return start

    def probe(self) -> None:
        """Asks for a sign of life, where none was asked for yet."""
        if self._peer is None or self.ended is not None:
            return
        if self.is_all_read:
            call(self._peer.ping, self._now_ms())
        self._write()

    def close(self) -> None:
        """Ends it, whatever is still to be sent."""
        self._stream.close()
        self._end("unreachable")
        self._peer = None

    def _tick(self) -> None:
        if self._peer is not None:
            self._tell(call(self._peer.tick, self._now_ms()))
            self._write()

    def _open(self) -> None:
        who, self._who = self._who, None
        if self.ended is not None or who is None:
            return
        self.is_open = True

        def begin() -> None:
            now = self._now_ms()
            begun: Any = call(ffi.connect_peer, who.node_id, who.key, who.network, who.entropy, now)
            if begun.kind == "failed":
                raise begun.error
            self._peer = begun.peer
            self._write()

        self._guard(begin)
        self._poke()

    def _receive(self, data: bytes) -> None:
        def take_in() -> None:
            for at in range(0, len(data), CHUNK):
                if self._peer is not None:
                    self._tell(call(self._peer.receive, data[at : at + CHUNK], self._now_ms()))
            self._write()

        self._guard(take_in)
        # A pong is no event, but there may be somebody who waits for it.
        self._poke()

    def _stream_ended(self, why: Why) -> None:
        self._end(why)
        self._poke()

    def _guard(self, action: Callable[[], None]) -> None:
        """These run where nobody could catch: whatever goes wrong in them ends the connection and nothing else."""
        try:
            action()
        except Exception:
            self._stream.close()
            self._end("unreachable")

    def _end(self, why: Why) -> None:
        if self.ended is not None:
            return
        self.ended = why
        self._who = None
        # What the peer still has to say, such as why it is over.
        if self._peer is not None:
            self._tell(call(self._peer.disconnected))

    def _write(self) -> None:
        while self._peer is not None and self.ended is None and self._stream.buffered < MAX_BUFFERED:
            data = call(self._peer.outgoing)
            if not data:
                return
            self._given += len(data)
            self._stream.send(data)

    def _tell(self, events: list[PeerEvent]) -> None:
        if events:
            self._events.extend(events)
            self._poke()
