"""Nothing grows, however often it is used."""

from __future__ import annotations

import gc
import resource
import sys
from pathlib import Path

from stage import REFUND, SEED, opened

from invreq import decode, errors, verify
from invreq._glue import open_engine

MOST_MIB = 4.0
STATM = Path("/proc/self/statm")


def in_use_mib() -> float:
    """The memory the process has; where the system does not say, the most it ever had."""
    gc.collect()
    if STATM.exists():
        return int(STATM.read_text().split()[1]) * resource.getpagesize() / (1 << 20)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def test_a_hundred_thousand_decodes() -> None:
    def some(count: int) -> None:
        for at in range(count):
            if at % 10 == 0:
                verify(REFUND)
            elif at % 10 == 1:
                try:
                    decode(REFUND[:-3])
                except errors.InvreqError:
                    continue
            else:
                decode(REFUND)

    some(5_000)
    before = in_use_mib()
    some(100_000)
    grown = in_use_mib() - before
    assert grown < MOST_MIB


def test_ten_thousand_engines() -> None:
    def some(count: int) -> None:
        for _ in range(count):
            engine = open_engine("bitcoin", "main", SEED)
            assert engine.ignored_replies() == 0

    some(1_000)
    before = in_use_mib()
    some(10_000)
    grown = in_use_mib() - before
    assert grown < MOST_MIB


async def test_payees_opened_and_dropped() -> None:
    async def some(count: int) -> None:
        for _ in range(count):
            async with opened() as stage:
                call = await stage.send("a", expiry=3600)
                await stage.pay("a")
                await call

    await some(20)
    before = in_use_mib()
    await some(200)
    grown = in_use_mib() - before
    assert grown < MOST_MIB
