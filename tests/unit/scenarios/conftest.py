"""A scenario of the tank system, and a store in a temporary folder."""

from pathlib import Path

import pytest

from scenarios import document
from scenarios.document import Scenario
from scenarios.location import FILES_VARIABLE, STORE_VARIABLE, locate
from scenarios.store import Store
from tests.conformance.tank import TANK

TANKS = Path(__file__).parents[2] / "conformance" / "tanks.csv"
DOCUMENT = """\
start = 2021-07-20T12:00:00+08:00
duration_h = 6
title = {en = "Tanks", zh = "水箱"}

[tank]
tanks = "tanks.csv"
pulse_m3 = 5
mean_gap_s = 1800
leak_per_s = 5e-5
"""


@pytest.fixture
def systems():
    return {"tank": TANK}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with the tank scenario, the current one; no store in it yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(STORE_VARIABLE, raising=False)
    monkeypatch.delenv(FILES_VARIABLE, raising=False)
    (tmp_path / "tanks.csv").write_bytes(TANKS.read_bytes())
    (tmp_path / "tank.toml").write_text(DOCUMENT, encoding="utf-8")
    return tmp_path


@pytest.fixture
def scenario(folder: Path, systems) -> Scenario:
    return document.load("tank.toml", systems=systems)


@pytest.fixture
def store(folder: Path):
    with Store(locate()) as opened:
        yield opened
