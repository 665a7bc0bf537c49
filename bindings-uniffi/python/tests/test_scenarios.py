"""Every scenario of tests/scenarios on the public API, against the transcripts that every language repeats."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest
from scenarios.host import entropy
from scenarios.run import run_scenario
from scenarios.secrets import assert_quiet, preimage, shown
from scenarios.transcript import Transcript
from stage import ROOT

FOLDER = Path(os.environ.get("INVREQ_SCENARIOS", ROOT / "tests" / "scenarios"))
NAMES = sorted(path.stem for path in (FOLDER / "cases").glob("*.json"))
DATA = json.loads((FOLDER / "data.json").read_text())
SEED = bytes.fromhex(DATA["seed"])
MADE = json.loads((FOLDER / "made.json").read_text())


def test_there_are_scenarios() -> None:
    assert len(NAMES) >= 100
    assert len(NAMES) == len(list((FOLDER / "transcripts").glob("*.txt")))


@pytest.mark.parametrize("name", NAMES)
async def test_scenario(name: str) -> None:
    scenario = json.loads((FOLDER / "cases" / f"{name}.json").read_text())
    golden = (FOLDER / "transcripts" / f"{name}.txt").read_text()
    seen: list[str] = []
    names = {**DATA, **MADE.get(name, {})}
    await run_scenario(scenario, names, golden, lambda value: seen.append(shown(value)))
    assert_quiet("\n".join(seen), SEED, len(scenario["do"]))


async def test_a_run_that_differs_is_found() -> None:
    golden = "> 1 open\nwrite 1\nevent created a\nb event paid\nevent paid a\n> 2 close\n"
    right = ["write 1", "event created a", "b event paid", "event paid a"]

    async def differs(*lines: str) -> str:
        transcript = Transcript(golden, patience=0.05)
        for line in ("> 1 open", *lines):
            transcript.hand_in(line)
        try:
            await transcript.finish(1)
        except AssertionError as error:
            return str(error)
        return ""

    assert await differs(*right) == ""
    assert await differs(right[0], right[2], *right[1::2]) == "", "two payees know nothing of each other"
    swapped = await differs("write 1", "event paid a", "event created a", "b event paid")
    assert swapped.startswith("line 3 has to be: event created a\n  there is: event paid a\n")
    assert "too early: event paid a" in await differs(
        "event paid a", "write 1", "event created a", "b event paid"
    )
    assert await differs(*right[:3]) == "line 5 has to be: event paid a"
    assert await differs(*right, "event paid b") == "line 6 has to be: > 2 close\n  there is: event paid b"


def test_what_gives_a_secret_away_is_found() -> None:
    golden = "".join(path.read_text() for path in (FOLDER / "transcripts").glob("*.txt"))
    preimages = [preimage(SEED, entropy(action, "a")).hex() for action in range(1, 10)]
    assert any(found in golden for found in preimages), "they are those of the engine"
    for secret in (SEED, entropy(3, "b"), preimage(SEED, entropy(2, "a"))):
        for text in (secret.hex(), f"x{base64.b64encode(secret).decode()}", f"{list(secret)}", f"{secret!r}"):
            with pytest.raises(AssertionError):
                assert_quiet(f"Event({text})", SEED, 3)
    assert_quiet("Event.PAID(record=Record(label='a'))", SEED, 3)
