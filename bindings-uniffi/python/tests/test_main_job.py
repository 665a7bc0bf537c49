"""The main job on real nodes: answered, sent over TCP, paid, killed in the middle, still right."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from control import ROOT, Control, TestServer

AMOUNT = 50_000_000
SUPPORT = Path(__file__).parent / "support"


@pytest.fixture(scope="module")
def server() -> Iterator[TestServer]:
    running = TestServer()
    yield running
    running.stop()


class Wallet:
    """A wallet that can be started again and again."""

    def __init__(self, server: TestServer, file: Path, request: str) -> None:
        self.server, self.file, self.request = server, file, request
        self.events: list[str] = []

    def run(self, *more: str, kill_at: str | None = None) -> dict[str, Any]:
        """What its call came to; nothing where it was killed at an event."""
        self.events = []
        words = [sys.executable, str(SUPPORT / "wallet.py"), str(self.file), self.request, *more]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=self._environment()) as process:
            assert process.stdout is not None
            for line in process.stdout:
                said = json.loads(line)
                if isinstance(said, dict):
                    assert process.wait(10) == 0
                    return said
                self.events.append(said)
                if said == kill_at:
                    process.kill()
                    assert process.wait(10) == -signal.SIGKILL
                    return {}
        raise AssertionError(f"it ended after {self.events}")

    def _environment(self) -> dict[str, str]:
        environment = self.server.environment()
        path = [str(SUPPORT), environment.get("PYTHONPATH", "")]
        return {**environment, "PYTHONPATH": ":".join(filter(None, path))}


async def is_paid_once(control: Control, rpc: str) -> None:
    """The payer has paid the invoice of this record, and no other one for this wallet."""
    record = json.loads(rpc)
    assert (record["status"], record["pay_index"], record["amount_received_msat"]) == ("paid", 1, AMOUNT)
    sent = await control.event("payment_sent", payment_hash=record["payment_hash"])
    assert sent["preimage"] == record["payment_preimage"]
    ours = {"event": "payment_sent", "payment_hash": record["payment_hash"]}.items()
    assert len([event for event in control.events if ours <= event.items()]) == 1


async def test_a_request_is_answered_and_paid(server: TestServer, tmp_path: Path) -> None:
    control = await Control.connect(server.address)
    wallet = Wallet(server, tmp_path / "wallet", await control.create_request(AMOUNT))
    end = await asyncio.to_thread(wallet.run)
    assert end.get("status") == "paid", end
    await is_paid_once(control, end["rpc"])
    assert [event for event in wallet.events if not event.startswith("delivery")] == [
        "created",
        "claiming",
        "paid",
    ]
    again = await asyncio.to_thread(wallet.run)
    assert again["rpc"] == end["rpc"], "taken up again, it is what it was"
    await control.close()


@pytest.mark.parametrize("moment", ["created", "delivery sending", "claiming", "paid"])
async def test_killed_and_started_again_it_is_paid_once(
    server: TestServer, tmp_path: Path, moment: str
) -> None:
    control = await Control.connect(server.address)
    wallet = Wallet(server, tmp_path / "wallet", await control.create_request(AMOUNT))
    assert await asyncio.to_thread(wallet.run, kill_at=moment) == {}
    end = await asyncio.to_thread(wallet.run)
    assert end.get("status") == "paid", end
    await is_paid_once(control, end["rpc"])
    await control.close()


async def test_a_payer_that_cannot_pay_says_so(server: TestServer, tmp_path: Path) -> None:
    control = await Control.connect(server.address)
    wallet = Wallet(server, tmp_path / "wallet", await control.create_request(AMOUNT, "penniless"))
    end = await asyncio.to_thread(wallet.run)
    assert (end.get("error"), end.get("rpc_code")) == ("payer_error", 1004), end
    assert re.search("[a-z]", end["message"])
    await control.close()


async def test_a_payer_that_is_away_gets_its_invoice_when_it_is_back(
    server: TestServer, tmp_path: Path
) -> None:
    control = await Control.connect(server.address)
    wallet = Wallet(server, tmp_path / "wallet", await control.create_request(AMOUNT))
    await control.call("kill", node="payer")
    away = await asyncio.to_thread(wallet.run)
    assert (away.get("error"), away.get("rpc_code")) == ("no_route", 1003), away
    await control.call("revive", node="payer")
    await control.call("reconnect", a="payer", b="relay")
    end = await asyncio.to_thread(wallet.run, "resend")
    assert end.get("status") == "paid", end
    await is_paid_once(control, end["rpc"])
    await control.close()


async def test_the_example_claims_a_refund(server: TestServer, tmp_path: Path) -> None:
    control = await Control.connect(server.address)
    request = await control.create_request(AMOUNT)
    example = ROOT / "examples" / "claim_refund.py"
    environment = Wallet(server, tmp_path, request)._environment()

    def run() -> list[str]:
        words = [sys.executable, str(example), request, str(tmp_path / "wallet")]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60, check=True)
        return done.stdout.splitlines()

    first, *events, last = await asyncio.to_thread(run)
    assert first == f"a refund of {AMOUNT} msat: refund"
    assert [event for event in events if event != "delivery"] == ["created", "claiming", "paid"]
    kind, rpc = last.split(": ", 1)
    assert kind == "paid"
    await is_paid_once(control, rpc)
    again = await asyncio.to_thread(run)
    assert again == [first, last]
    await control.close()
