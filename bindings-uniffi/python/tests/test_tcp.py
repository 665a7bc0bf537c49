"""The transport over TCP, where things go wrong; where they go right, the main job shows it."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from control import Control, TestServer
from stage import NODE, StageClock, opened, settle

from invreq import Delivery, OnionMessage, OnionPacket, ReplyPath, SendOutcome, TcpTransport, errors
from invreq._glue import ecdh, public_key
from invreq._transports.stream import host_and_port, is_offline

KEY = bytes([5]) * 32

# A path key, and a packet that nobody can open: nodes pass over it.
MESSAGE = bytes.fromhex(NODE) + (1366).to_bytes(2, "big") + b"\0" + bytes.fromhex(NODE) + bytes(1332)


def delivery(node_id: str, *connect: str) -> Delivery:
    return Delivery(
        id="1-0",
        label="a",
        payment_hash="00" * 32,
        expires_at=2_000_000_000,
        invoice=b"",
        node_id=node_id,
        via=[],
        connect=list(connect),
        packet=OnionPacket(first_hop=node_id, message=MESSAGE),
    )


@asynccontextmanager
async def transport(**over: Any) -> AsyncIterator[TcpTransport]:
    made = TcpTransport(**{"network": "regtest", "key": KEY, **over})
    yield made
    await made.close()


@asynccontextmanager
async def listener(say: bytes = b"") -> AsyncIterator[str]:
    """Somebody who takes connections, and says this and no more."""

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(say)
        while await reader.read(1000):
            pass
        writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


async def until(holds: Callable[[], bool]) -> None:
    """Waits until something holds, for as long as a test may take."""
    while not holds():
        await asyncio.sleep(0.001)


def closed_port() -> str:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{unused.getsockname()[1]}"


async def test_nobody_there() -> None:
    async with transport() as tcp:
        assert await tcp.send(delivery(NODE)) is SendOutcome.NO_ROUTE, "no address"
        assert await tcp.send(delivery(NODE, "x.onion:9735", "ws://a")) is SendOutcome.NO_ROUTE
        assert await tcp.send(delivery(NODE, closed_port())) is SendOutcome.NO_ROUTE
        assert tcp._shared.links == {}


async def test_somebody_else_there() -> None:
    async with transport() as tcp, listener(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 4) as address:
        assert await tcp.send(delivery(NODE, closed_port(), address)) is SendOutcome.NO_ROUTE


async def test_somebody_who_says_nothing_is_not_waited_for_for_ever() -> None:
    clock = StageClock()
    async with transport(clock=clock) as tcp, listener() as address:
        sending = asyncio.ensure_future(tcp.send(delivery(NODE, address)))
        while not sending.done():
            await asyncio.sleep(0.005)
            await clock.go(1_000)
        assert await sending is SendOutcome.NO_ROUTE


async def test_whoever_stops_waiting_holds_up_nobody() -> None:
    async with transport() as tcp, listener() as address:
        sending = asyncio.ensure_future(tcp.send(delivery(NODE, address)))
        while not tcp._shared.links:
            await asyncio.sleep(0.005)
        sending.cancel()
        # A connection that is kept for nobody is kept until the time of the test is over.
        while tcp._shared.links:
            await asyncio.sleep(0.005)


async def test_closing_ends_what_is_under_way() -> None:
    async with transport() as tcp, listener() as address:
        sending = asyncio.ensure_future(tcp.send(delivery(NODE, address)))
        receiving = asyncio.ensure_future(tcp.receive())
        await asyncio.sleep(0.05)
        await tcp.close()
        assert await sending in (SendOutcome.OFFLINE, SendOutcome.FAILED)
        with pytest.raises(errors.InvalidParameter):
            await receiving
        assert await tcp.send(delivery(NODE, address)) is SendOutcome.OFFLINE


async def test_at_most_sixteen_wait_for_one_connection() -> None:
    async with transport() as tcp, listener() as address:
        sending = [asyncio.ensure_future(tcp.send(delivery(NODE, address))) for _ in range(20)]
        await settle()
        refused = [each for each in sending if each.done()]
        assert len(refused) in (3, 4)
        assert {each.result() for each in refused} == {SendOutcome.OFFLINE}


async def test_a_route_leads_back_to_us() -> None:
    class Directory:
        async def addresses(self, node_id: str) -> list[str]:
            return ["10.0.0.1:9735", "x.onion:1"]

        async def via(self, node_id: str) -> list[str]:
            return [public_key(bytes([1]) * 32)]

        async def resolve_scid(self, scid: int, direction: int) -> str | None:
            return NODE if (scid, direction) == (1, 0) else None

    async with transport(directory=Directory()) as tcp:
        route = await tcp.find_route(NODE)
        assert route is not None
        peer = public_key(bytes([1]) * 32)
        assert (route.via, route.connect) == ([peer], ["10.0.0.1:9735"])
        assert route.reply == ReplyPath.NODE(via=[peer], node_id=tcp.node_id)
        assert await tcp.resolve_scid(1, 0) == NODE
        assert await tcp.resolve_scid(2, 0) is None
        assert await tcp.ecdh(tcp.node_id, NODE) == ecdh(KEY, NODE)
        with pytest.raises(errors.InvalidParameter):
            await tcp.ecdh(NODE, NODE)
    async with transport() as tcp:
        assert await tcp.find_route(NODE) is None
        assert await tcp.resolve_scid(1, 0) is None


async def test_what_comes_in_waits_in_a_short_queue() -> None:
    async with transport() as tcp:
        for at in range(20):
            tcp._shared.arrive(bytes([at]))
        found = [await tcp.receive() for _ in range(16)]
        assert found == [OnionMessage(bytes([at]), tcp.node_id) for at in range(16)]
        waiting = asyncio.ensure_future(tcp.receive())
        await settle()
        assert not waiting.done()
        tcp._shared.arrive(b"late")
        assert (await waiting).bytes == b"late"


async def test_a_connection_is_made_again_where_it_broke() -> None:
    server = TestServer("direct")
    try:
        control = await Control.connect(server.address)
        payer = server.nodes["payer"]
        async with transport() as tcp:
            copy = delivery(payer["node_id"], payer["tcp"])
            assert await tcp.send(copy) is SendOutcome.ACCEPTED
            first = tcp._shared.links[payer["node_id"]]
            assert await tcp.send(copy) is SendOutcome.ACCEPTED
            assert tcp._shared.links[payer["node_id"]] is first, "over the same connection"
            await control.call("kill", node="payer")
            assert await tcp.send(copy) in (SendOutcome.OFFLINE, SendOutcome.FAILED)
            await control.call("revive", node="payer")
            assert await tcp.send(copy) is SendOutcome.ACCEPTED
        await control.close()
    finally:
        server.stop()


async def test_online_ends_a_pause_and_asks_for_a_sign_of_life() -> None:
    server = TestServer("direct")
    clock = StageClock()
    try:
        control = await Control.connect(server.address)
        payer = server.nodes["payer"]
        async with transport(clock=clock) as tcp:
            tcp.online()
            assert await tcp.send(delivery(payer["node_id"], payer["tcp"])) is SendOutcome.ACCEPTED
            keeper = tcp._shared.links[payer["node_id"]]
            first = keeper._connection
            assert first is not None
            written = first.written
            # On another thread, as whoever has a `SyncPayee` does.
            await asyncio.to_thread(tcp.online)
            assert first.written > written, "the ping has left"
            await until(lambda: first.is_all_read)
            await control.call("kill", node="payer")
            await until(lambda: keeper._connection is None)
            await control.call("revive", node="payer")
            await asyncio.sleep(0.2)
            assert keeper._connection is None, "time stands still, and so does the pause"
            await asyncio.to_thread(tcp.online)
            await until(lambda: keeper._connection is not None)
            assert tcp._shared.links == {payer["node_id"]: keeper}
        tcp.online()
        await control.close()
    finally:
        server.stop()


def test_online_where_no_loop_is_left() -> None:
    made: list[TcpTransport] = []

    async def use() -> None:
        async with transport() as tcp:
            made.append(tcp)
            assert await tcp.send(delivery(NODE, closed_port())) is SendOutcome.NO_ROUTE

    asyncio.run(use())
    assert made[0]._shared.loop is not None
    made[0].online()


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("203.0.113.7:9735", ("203.0.113.7", 9735)),
        ("Node.example:1", ("Node.example", 1)),
        ("[2001:db8::1]:65535", ("2001:db8::1", 65535)),
        ("[::zz]:1", None),
        ("a:0", None),
        ("a:65536", None),
        ("a:\uff11", None),
        ("abc.ONION:9735", None),
        ("ws://a:1", None),
        ("a", None),
        ("", None),
    ],
)
def test_addresses(address: str, parts: tuple[str, int] | None) -> None:
    assert host_and_port(address) == parts


def test_no_network_is_no_fault_of_the_node() -> None:
    assert is_offline(OSError(errno.ENETUNREACH, "no way"))
    assert is_offline(socket.gaierror(socket.EAI_AGAIN, "later"))
    assert is_offline(OSError("Multiple exceptions: [Errno 101] a, [Errno 101] b"))
    assert not is_offline(OSError("Multiple exceptions: [Errno 101] a, [Errno 111] b"))
    assert not is_offline(ConnectionRefusedError(errno.ECONNREFUSED, "no"))
    assert not is_offline(socket.gaierror(socket.EAI_NONAME, "never"))


async def test_a_payee_closes_its_transport() -> None:
    tcp = TcpTransport(network="bitcoin")
    async with opened(transport=tcp):
        pass
    assert tcp._shared.is_closed
