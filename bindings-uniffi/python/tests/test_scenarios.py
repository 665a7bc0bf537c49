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
from stage import ROOT

FOLDER = Path(os.environ.get("INVREQ_SCENARIOS", ROOT / "tests" / "scenarios"))
NAMES = sorted(path.stem for path in (FOLDER / "cases").glob("*.json"))
DATA = json.loads((FOLDER / "data.json").read_text())
SEED = bytes.fromhex(DATA["seed"])
MADE = json.loads((FOLDER / "made.json").read_text())


def test_there_are_scenarios() -> None:
    assert len(NAMES) >= 60


@pytest.mark.parametrize("name", NAMES)
async def test_scenario(name: str) -> None:
    scenario = json.loads((FOLDER / "cases" / f"{name}.json").read_text())
    golden = (FOLDER / "transcripts" / f"{name}.txt").read_text()
    seen: list[str] = []
    names = {**DATA, **MADE.get(name, {})}
    await run_scenario(scenario, names, golden, lambda value: seen.append(shown(value)))
    assert_quiet("\n".join(seen), SEED, len(scenario["do"]))


def test_what_gives_a_secret_away_is_found() -> None:
    golden = "".join(path.read_text() for path in (FOLDER / "transcripts").glob("*.txt"))
    preimages = [preimage(SEED, entropy(action, "a")).hex() for action in range(1, 10)]
    assert any(found in golden for found in preimages), "they are those of the engine"
    for secret in (SEED, entropy(3, "b"), preimage(SEED, entropy(2, "a"))):
        for text in (secret.hex(), f"x{base64.b64encode(secret).decode()}", f"{list(secret)}", f"{secret!r}"):
            with pytest.raises(AssertionError):
                assert_quiet(f"Event({text})", SEED, 3)
    assert_quiet("Event.PAID(record=Record(label='a'))", SEED, 3)
