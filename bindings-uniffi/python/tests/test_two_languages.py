"""One SQLite file, begun in Rust and finished in Python, and the other way round."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from control import Control, TestServer, program
from wallets import AMOUNT, Wallet, is_paid_once


@pytest.fixture(scope="module")
def server() -> Iterator[TestServer]:
    running = TestServer()
    yield running
    running.stop()


@pytest.mark.parametrize("moment", range(1, 7))
async def test_what_rust_began_and_was_killed_in_goes_on_in_python(
    server: TestServer, tmp_path: Path, moment: int
) -> None:
    control = await Control.connect(server.address)
    wallet = Wallet(server, tmp_path / "wallet", await control.create_request(AMOUNT))
    killed = await asyncio.to_thread(rust, wallet, str(moment))
    assert killed.returncode == -signal.SIGKILL
    end = await asyncio.to_thread(wallet.run)
    assert end.get("status") == "paid", end
    await is_paid_once(control, end["rpc"])
    # And Rust sees what Python wrote, in the same words.
    again = await asyncio.to_thread(rust, wallet)
    assert again.stdout.strip() == end["rpc"]
    await control.close()


@pytest.mark.parametrize("moment", ["created", "delivery sending", "claiming"])
async def test_what_python_began_and_was_killed_in_goes_on_in_rust(
    server: TestServer, tmp_path: Path, moment: str
) -> None:
    control = await Control.connect(server.address)
    wallet = Wallet(server, tmp_path / "wallet", await control.create_request(AMOUNT))
    assert await asyncio.to_thread(wallet.run, kill_at=moment) == {}
    end = await asyncio.to_thread(rust, wallet)
    assert end.returncode == 0, end.stdout
    await is_paid_once(control, end.stdout)
    again = await asyncio.to_thread(wallet.run)
    assert again["rpc"] == end.stdout.strip()
    await control.close()


def rust(wallet: Wallet, *crash_at: str) -> subprocess.CompletedProcess[str]:
    """Runs the wallet of tests/lightning/src/bin/crash-client.rs."""
    words = [program("crash-client"), wallet.server.address, str(wallet.file), wallet.request, *crash_at]
    return subprocess.run(words, stdout=subprocess.PIPE, text=True, timeout=60, check=False)
