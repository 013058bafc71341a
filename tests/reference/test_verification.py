"""Files that meet every bar of `docs/verification/drainage.md` keep meeting them.

The files lie in the folder named by CITYCLOCK_BENCH.
"""

import os
from pathlib import Path

import pytest

from bench.verification.bars import missed, verdicts
from bench.verification.cases import open_case
from bench.verification.figures import Gap
from bench.verification.rows import compare
from sim.kernel.errors import InputErrors

BENCH = os.environ.get("CITYCLOCK_BENCH")
needs_bench = pytest.mark.skipif(BENCH is None, reason="CITYCLOCK_BENCH names no folder")
slow = pytest.mark.slow

MEET_ALL_BARS = ("bellinge_small", "epa_Example1", "epa_Type5_Pump_Test", "epa_Example3")
REFUSED = {
    "epa_Example7-Inlets": "[INLET_USAGE]",
    "epa_user2": "[XSECTIONS]",
    "pystorms_delta": "[INFILTRATION]",
    "swmmio_inlet_drains": "[INLET_USAGE]",
}


def path(name: str) -> Path:
    return Path(BENCH) / "drainage" / f"{name}.inp"


@needs_bench
@pytest.mark.parametrize("name", MEET_ALL_BARS)
def test_file_meets_every_bar(name):
    row = compare(open_case(path(name)), floor=False, repeats=1)
    assert row.missed == []
    assert row.balance_percent < 1e-6
    assert abs(row.lateral_volume_percent or 0.0) < 0.2


@needs_bench
@slow
@pytest.mark.parametrize("name", ["synthetic_1000", "synthetic_1000_tailwater"])
def test_large_networks_flood_as_in_swmm(name):
    """Everything but the depth, which SWMM's own steps move by more than the bar."""
    row = compare(open_case(path(name)), floor=False, repeats=1)
    assert set(row.missed) <= {"depth"}
    assert row.balance_percent < 1e-6


@needs_bench
@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_imported_is_refused_with_its_place(name):
    with pytest.raises(InputErrors) as refused:
        open_case(path(name))
    places = [problem.where for problem in refused.value.errors]
    assert any(place.startswith(REFUSED[name]) for place in places)
    assert all(" line " in place for place in places)


def gap(**changes: object) -> Gap:
    same = {
        "nse": 1.0, "volume_kind": "ponded", "volume_m3": 100.0, "volume_percent": 0.0,
        "recession_min": 0.0, "recession_s": 3600.0, "jaccard": 1.0, "mae_all_cm": 0.0,
        "mae_wet_cm": 0.0, "worst_node": "a", "worst_cm": 0.0,
    }  # fmt: skip
    return Gap(**(same | changes))


@pytest.mark.parametrize(
    ("changes", "regime", "expected"),
    [
        ({}, "free", []),
        ({"nse": 0.98}, "free", ["outflow"]),
        ({"nse": 0.98}, "surcharged", []),
        ({"volume_percent": -4.0}, "free", ["volume"]),
        ({"volume_percent": -4.0}, "tailwater", []),
        ({"recession_min": -2.5}, "free", ["recession"]),
        ({"recession_min": 2.5, "recession_s": 4 * 3600.0}, "free", []),
        ({"jaccard": 0.94}, "free", ["flooded nodes"]),
        ({"mae_all_cm": 1.1}, "free", ["depth"]),
    ],
)
def test_bars(changes, regime, expected):
    assert missed(gap(**changes), regime) == expected


def test_a_file_without_flooding_is_judged_on_flow_and_depth():
    dry = gap(volume_kind="", volume_percent=None, recession_min=None, recession_s=None,
              jaccard=None)  # fmt: skip
    assert [bar for bar, met in verdicts(dry, "free").items() if met is None] == [
        "volume", "recession", "flooded nodes",
    ]  # fmt: skip
