"""How fast it is, each figure against one verification by `coincurve` in the same run.

    python bench/speed.py [--check]

Every figure is the best of many short rounds, taken in turns, so that what else the machine does falls on all of them alike.
`--check` fails where `verify` of a signed string, which decodes it and checks its signature, takes more than three verifications.
"""

from __future__ import annotations

import hashlib
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

from coincurve import PrivateKey, PublicKeyXOnly

import invreq
from invreq._glue import open_engine

VECTORS = Path(__file__).resolve().parents[3] / "tests" / "vectors"
ROUNDS = 60
ROUND_S = 0.01
LIMIT = 3.0


def main(*flags: str) -> int:
    signed = strings()
    key = PrivateKey(bytes([7]) * 32)
    digest = hashlib.sha256(b"digest").digest()
    signature = key.sign_schnorr(digest)
    public = PublicKeyXOnly.from_secret(key.secret)
    engine = open_engine("bitcoin", "main", bytes(32))
    tasks: dict[str, Callable[[], object]] = {
        "coincurve: one schnorr verification": lambda: public.verify(signature, digest),
        "one call into the library and back": engine.ignored_replies,
    }
    for name, text in signed.items():
        tasks[f"verify: {name}"] = lambda text=text: invreq.verify(text)
        tasks[f"decode: {name}"] = lambda text=text: invreq.decode(text, network="any")
    best = measure(tasks)
    unit = best["coincurve: one schnorr verification"]
    for name, seconds in best.items():
        print(f"{name:45} {seconds * 1e6:9.1f} us {seconds / unit:7.2f} x")
    over = [name for name in best if name.startswith("verify") and best[name] > LIMIT * unit]
    for name in over:
        print(f"{name}: more than {LIMIT} verifications")
    return 1 if over and "--check" in flags else 0


def strings() -> dict[str, str]:
    """Strings with a signature: a request of Core Lightning, and an invoice."""
    text = (VECTORS / "seed" / "sendinvoice.json").read_text()
    found = {}
    for prefix, name in (("lnr1", "a signed request"), ("lni1", "an invoice")):
        # The longest is a whole one; those in the descriptions are cut short.
        found[name] = max(re.findall(f"{prefix}[a-z0-9]+", text), key=len)
        assert invreq.verify(found[name]).signed
    return found


def measure(tasks: dict[str, Callable[[], object]]) -> dict[str, float]:
    """The best time of each, in seconds."""
    best = dict.fromkeys(tasks, float("inf"))
    for _ in range(ROUNDS):
        for name, task in tasks.items():
            calls, start = 0, time.perf_counter()
            while (now := time.perf_counter()) - start < ROUND_S:
                task()
                calls += 1
                best[name] = min(best[name], time.perf_counter() - now)
    return best


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
