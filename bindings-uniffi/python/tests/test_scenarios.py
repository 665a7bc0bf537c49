"""Every scenario of tests/scenarios on the public API, against the transcripts that every language repeats."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from scenarios.run import run_scenario
from stage import ROOT

FOLDER = Path(os.environ.get("INVREQ_SCENARIOS", ROOT / "tests" / "scenarios"))
NAMES = sorted(path.stem for path in (FOLDER / "cases").glob("*.json"))
DATA = json.loads((FOLDER / "data.json").read_text())
MADE = json.loads((FOLDER / "made.json").read_text())


def test_there_are_scenarios() -> None:
    assert len(NAMES) >= 60


@pytest.mark.parametrize("name", NAMES)
async def test_scenario(name: str) -> None:
    scenario = json.loads((FOLDER / "cases" / f"{name}.json").read_text())
    golden = (FOLDER / "transcripts" / f"{name}.txt").read_text()
    await run_scenario(scenario, {**DATA, **MADE.get(name, {})}, golden)
