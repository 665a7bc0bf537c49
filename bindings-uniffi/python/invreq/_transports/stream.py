"""A byte stream to another node, over TCP."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import re
import socket
from collections.abc import Callable
from typing import Literal, cast

CONNECT_MS = 10_000
"""How long connecting may take, with names to look up."""

Why = Literal["offline", "unreachable"]

_ADDRESS = re.compile(r"(?:\[([^\]]+)\]|([A-Za-z0-9._-]{1,253})):([0-9]{1,5})", re.ASCII)

_NO_NETWORK = (errno.ENETUNREACH, errno.ENETDOWN)


class Stream(asyncio.Protocol):
    """One end of a stream, from the moment it begins to connect. Nothing is told after `close`."""

    def __init__(
        self,
        address: str,
        *,
        opened: Callable[[], None],
        received: Callable[[bytes], None],
        drained: Callable[[], None],
        ended: Callable[[Why], None],
    ) -> None:
        self._opened, self._received, self._drained, self._ended = opened, received, drained, ended
        self._transport: asyncio.Transport | None = None
        self._over = False
        target = host_and_port(address)
        if target is None:
            raise ValueError("this is no address")
        self._connecting = asyncio.get_running_loop().create_task(self._connect(*target))

    @property
    def buffered(self) -> int:
        """How many bytes the system does not have yet."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def send(self, data: bytes) -> None:
        """Takes bytes to be sent."""
        if self._transport is not None:
            self._transport.write(data)

    def close(self) -> None:
        """Ends the stream, whatever is still to be sent."""
        self._over = True
        self._connecting.cancel()
        if self._transport is not None:
            self._transport.abort()

    async def _connect(self, host: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: self, host, port)
        except OSError as error:
            self._end("offline" if is_offline(error) else "unreachable")
        except Exception:
            self._end("unreachable")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is connected."""
        self._transport = cast(asyncio.Transport, transport)
        if self._over:
            self._transport.abort()
            return
        # It says when the last byte has left, too.
        self._transport.set_write_buffer_limits(high=0)
        self._opened()

    def data_received(self, data: bytes) -> None:
        """Bytes came in."""
        if not self._over:
            self._received(data)

    def resume_writing(self) -> None:
        """The system took the bytes that were buffered."""
        if not self._over:
            self._drained()

    def eof_received(self) -> bool:
        """The other side says nothing any more."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._end("offline" if isinstance(exc, OSError) and is_offline(exc) else "unreachable")

    def _end(self, why: Why) -> None:
        if not self._over:
            self.close()
            self._ended(why)


def host_and_port(address: str) -> tuple[str, int] | None:
    """The two parts of `host:port` and `[v6]:port`: not of one of Tor's, nor of a URL."""
    match = _ADDRESS.fullmatch(address)
    if match is None:
        return None
    v6, name, digits = match.groups()
    host, port = v6 or name, int(digits)
    if not 1 <= port <= 65_535 or host.lower().endswith(".onion"):
        return None
    if v6 is not None:
        try:
            ipaddress.IPv6Address(v6)
        except ValueError:
            return None
    return host, port


def is_offline(error: OSError) -> bool:
    """Whether an error says that there is no network, rather than something about the other end."""
    if isinstance(error, socket.gaierror):
        return error.errno == socket.EAI_AGAIN
    # Where several addresses of a name were tried, the codes stand in the text alone.
    codes = re.findall(r"\[Errno (\d+)\]", str(error)) if error.errno is None else [error.errno]
    return bool(codes) and all(int(code) in _NO_NETWORK for code in codes)
