"""The blocks of the README run, one after the other, as a reader would type them."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from textwrap import dedent
from typing import Any, ClassVar

import pytest
from control import Control, TestServer
from my_node import MyNode, payment_path
from stage import AMOUNT, opened, payment, settle

import invreq

README = (Path(__file__).parents[1] / "README.md").read_text()
BLOCKS = [dedent(block) for block in re.findall(r"^ *```python\n(.*?)^ *```$", README, re.M | re.S)]


def test_the_first_success_takes_five_lines() -> None:
    first = [line for line in BLOCKS[0].splitlines() if line]
    assert len(first) <= 5
    told = first[-1].split("# ")[1]
    assert invreq.decode(re.search("lnr1[a-z0-9]+", BLOCKS[0])[0]).summary == told  # type: ignore[index]


async def test_the_blocks_run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert len(BLOCKS) == 7
    names: dict[str, Any] = {}
    for block in BLOCKS:
        await asyncio.to_thread(exec, block, names)
    shown = capsys.readouterr().out
    assert "ATM withdrawal" in shown
    assert f"{AMOUNT} ATM withdrawal" in shown

    # What they define does what they say.
    class Node(names["MyNode"]):  # type: ignore[misc]
        settled: ClassVar[list[bytes]] = []

        async def blinded_paths(self, amount_msat: int, payment_hash: str) -> Any:
            return payment(amount_msat).paths

        async def settle(self, payment_hash: str, preimage: bytes | None) -> bytes:
            self.settled.append(bytes([5]) * 32 if preimage is None else preimage)
            return self.settled[-1]

    class OwnHash(Node):
        async def create_inbound_payment(
            self, request: invreq.InboundPaymentRequest
        ) -> invreq.InboundPayment:
            made: invreq.InboundPayment = await super().create_inbound_payment(request)
            return replace(made, payment_hash=sha256(bytes([5]) * 32).hexdigest())

    for node in (Node(), OwnHash()):
        async with opened(source=node) as stage:
            watching = asyncio.ensure_future(names["watch"](stage.payee))
            call = await stage.send("a", expiry=3600)
            record = await stage.get("a")
            await names["on_htlcs"](stage.payee, node, "00" * 32, AMOUNT, stage.clock.now)
            assert not call.done()
            await names["on_htlcs"](stage.payee, node, record.payment_hash, AMOUNT, stage.clock.now)
            assert (await call).payment.payment_preimage == node.settled[-1]
            await settle()
            watching.cancel()
        assert capsys.readouterr().out == "paid a\n"
    assert (len(Node.settled), Node.settled[-1]) == (2, bytes([5]) * 32)


async def test_the_program_claims_from_a_real_payer(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As far as it goes with a payer that cannot pay: it is found by the README's directory, and its answer comes back."""
    names: dict[str, Any] = {}
    for block in BLOCKS:
        await asyncio.to_thread(exec, block, names)
    server = TestServer()
    try:
        control = await Control.connect(server.address)
        lightning = MyNode(control, server.nodes)
        asked: list[str] = []
        found: list[str | None] = []

        class Node(names["MyNode"]):  # type: ignore[misc]
            async def blinded_paths(self, amount_msat: int, payment_hash: str) -> Any:
                made = await control.call(
                    "create_inbound_payment", amount_msat=amount_msat, payment_hash=payment_hash
                )
                return [payment_path(path) for path in made["paths"]]

            async def addresses_of(self, node_id: str) -> list[str]:
                asked.append(f"node {node_id}")
                return await lightning.addresses(node_id)

            async def node_of_channel(self, scid: int, direction: int) -> str | None:
                asked.append(f"channel {scid}")
                found.append(await lightning.resolve_scid(scid, direction))
                return found[-1]

        monkeypatch.chdir(tmp_path)
        capfd.readouterr()
        await names["claim"](await control.create_request(node="penniless"), Node())
        assert capfd.readouterr().out.startswith("payer_error ")
        assert asked[0].startswith("channel "), "its path begins at one"
        assert asked[-1] == f"node {found[0]}"
        assert (tmp_path / "wallet.invreq").exists()
    finally:
        server.stop()
