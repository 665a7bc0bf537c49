"""The blocks of the README run, one after the other, as a reader would type them."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from textwrap import dedent
from typing import Any, ClassVar

import pytest
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
        settled: ClassVar[list[Any]] = []

        async def blinded_paths(self, amount_msat: int, payment_hash: str) -> Any:
            return payment(amount_msat).paths

        async def settle(self, payment_hash: str, preimage: bytes) -> None:
            self.settled.append(preimage)

    node = Node()
    async with opened(source=node) as stage:
        watching = asyncio.ensure_future(names["watch"](stage.payee))
        call = await stage.send("a", expiry=3600)
        record = await stage.get("a")
        await names["on_htlcs"](stage.payee, node, record.payment_hash, AMOUNT, stage.clock.now)
        await names["on_htlcs"](stage.payee, node, "00" * 32, AMOUNT, stage.clock.now)
        assert len(node.settled) == 1
        await stage.payee.payment_received(record.payment_hash, AMOUNT, stage.clock.now)
        assert (await call).payment.payment_preimage == node.settled[0]
        await settle()
        watching.cancel()
    assert "paid a" in capsys.readouterr().out
    # The whole of it, as far as it goes without a payer: the request is for another network.
    os.chdir(tmp_path)
    await names["claim"](names["REQUEST"], NoDirectory(node))
    assert "wrong_chain" in capsys.readouterr().out
    assert (tmp_path / "wallet.invreq").exists()


class NoDirectory:
    def __init__(self, node: Any) -> None:
        self.seed, self.create_inbound_payment = node.seed, node.create_inbound_payment

    async def addresses(self, node_id: str) -> list[str]:
        return []
