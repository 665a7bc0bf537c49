"""The control connection of the test server: tests/lightning/README.md."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[4]
LIMIT = 8 << 20
Event = dict[str, Any]


class Control:
    """Asks the test server for things, and hears of everything that happens at its nodes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._last = 0
        self.events: list[Event] = []
        self.listeners: list[Callable[[Event], object]] = []
        self._reading = asyncio.get_running_loop().create_task(self._read())

    @classmethod
    async def connect(cls, address: str) -> Control:
        host, port = address.rsplit(":", 1)
        return cls(*await asyncio.open_connection(host, int(port), limit=LIMIT))

    async def call(self, method: str, **params: object) -> Any:
        """The result of a method."""
        self._last += 1
        answer = self._waiting[self._last] = asyncio.get_running_loop().create_future()
        request = {"id": self._last, "method": method, "params": params}
        self._writer.write(json.dumps(request).encode() + b"\n")
        return await answer

    async def create_request(self, amount_msat: int = 50_000_000, node: str = "payer") -> str:
        result = await self.call("create_request", amount_msat=amount_msat, node=node, description="refund")
        return str(result["request"])

    async def event(self, name: str, **fields: object) -> Event:
        """Waits for an event, past or to come."""
        found: asyncio.Future[Event] = asyncio.get_running_loop().create_future()

        def look(event: Event) -> None:
            if event["event"] == name and fields.items() <= event.items() and not found.done():
                found.set_result(event)

        for event in self.events:
            look(event)
        self.listeners.append(look)
        return await asyncio.wait_for(found, 30)

    async def close(self) -> None:
        self._reading.cancel()
        self._writer.close()

    async def _read(self) -> None:
        while line := await self._reader.readline():
            message = json.loads(line)
            if "event" in message:
                self.events.append(message)
                for listener in list(self.listeners):
                    listener(message)
                continue
            answer = self._waiting.pop(message["id"])
            if answer.done():
                continue
            if "error" in message:
                answer.set_exception(RuntimeError(message["error"]["message"]))
            else:
                answer.set_result(message["result"])


class TestServer:
    """A running test server."""

    __test__ = False

    def __init__(self, topology: str = "relayed") -> None:
        self._process = subprocess.Popen(
            [program("test-server"), topology],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=sys.stderr,
        )
        assert self._process.stdout is not None
        self.greeting = json.loads(self._process.stdout.readline())
        self.address: str = self.greeting["control"]["tcp"]
        self.nodes: dict[str, dict[str, str]] = self.greeting["nodes"]

    def environment(self) -> dict[str, str]:
        """What a program needs to find it."""
        return {**os.environ, "INVREQ_NODE": self.address, "INVREQ_NODES": json.dumps(self.nodes)}

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


def program(name: str) -> str:
    """A program of tests/lightning: `cargo build -p invreq-lightning --bins` makes it, or a variable names it."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    variable = f"INVREQ_{name.upper().replace('-', '_')}"
    return os.environ.get(variable, str(target / "debug" / name))
