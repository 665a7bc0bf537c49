"""The main job on real nodes: answered, sent over TCP, paid, killed in the middle, still right."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from control import ROOT, Control, TestServer
from wallets import AMOUNT, Wallet, is_paid_once


@pytest.fixture(scope="module")
def server() -> Iterator[TestServer]:
    running = TestServer()
    yield running
    running.stop()


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
    environment = Wallet(server, tmp_path, request).environment()

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
