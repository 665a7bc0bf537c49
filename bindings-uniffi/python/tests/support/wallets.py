"""Wallets in processes of their own, to be killed and started again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from control import Control, TestServer

AMOUNT = 50_000_000
SUPPORT = Path(__file__).parent


class Wallet:
    """A wallet that can be started again and again."""

    def __init__(self, server: TestServer, file: Path, request: str) -> None:
        self.server, self.file, self.request = server, file, request
        self.events: list[str] = []

    def run(self, *more: str, kill_at: str | None = None) -> dict[str, Any]:
        """What its call came to; nothing where it was killed at an event."""
        self.events = []
        words = [sys.executable, str(SUPPORT / "wallet.py"), str(self.file), self.request, *more]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=self.environment()) as process:
            assert process.stdout is not None
            for line in process.stdout:
                said = json.loads(line)
                if isinstance(said, dict):
                    assert process.wait(10) == 0
                    return said
                self.events.append(said)
                if said == kill_at:
                    process.kill()
                    # After the last event it may have come to its end by itself.
                    ends = {-signal.SIGKILL, 0} if kill_at == "paid" else {-signal.SIGKILL}
                    assert process.wait(10) in ends
                    return {}
        raise AssertionError(f"it ended after {self.events}")

    def environment(self) -> dict[str, str]:
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
