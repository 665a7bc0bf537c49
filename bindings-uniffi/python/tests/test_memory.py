"""Nothing grows, however often it is used."""

from __future__ import annotations

import gc
import resource
import sys

from stage import REFUND, SEED, opened

from invreq import decode, errors, verify
from invreq._glue import open_engine

MOST_MIB = 8.0


def peak_mib() -> float:
    """The most memory the process ever had."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def test_a_hundred_thousand_decodes() -> None:
    def some(count: int) -> None:
        for at in range(count):
            if at % 10 == 0:
                decode(REFUND)
            elif at % 10 == 1:
                try:
                    decode(REFUND[:-3])
                except errors.InvreqError:
                    continue
            else:
                verify(REFUND)

    some(5_000)
    before = peak_mib()
    some(100_000)
    assert peak_mib() - before < MOST_MIB


def test_ten_thousand_engines() -> None:
    def some(count: int) -> None:
        for _ in range(count):
            engine = open_engine("bitcoin", "main", SEED)
            assert engine.ignored_replies() == 0

    some(1_000)
    before = peak_mib()
    some(10_000)
    assert peak_mib() - before < MOST_MIB


async def test_payees_opened_and_dropped() -> None:
    async def some(count: int) -> None:
        for _ in range(count):
            async with opened() as stage:
                call = await stage.send("a", expiry=3600)
                await stage.pay("a")
                await call
        gc.collect()

    await some(20)
    before = peak_mib()
    await some(200)
    assert peak_mib() - before < MOST_MIB
