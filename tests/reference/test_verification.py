"""Files that meet every bar of `docs/verification/drainage.md` keep meeting them.

The files lie in the folder named by CITYCLOCK_BENCH.
"""

import os
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq

from bench.verification.bars import missed, verdicts
from bench.verification.cases import open_case
from bench.verification.figures import Gap
from bench.verification.reaches import cut
from bench.verification.rows import compare
from sim.drainage.elements import Conduit, CrossSection, Junction, Outfall
from sim.drainage.native import NativeEngine
from sim.drainage.network import Network
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
@pytest.mark.parametrize("name", ["synthetic_1000", "synthetic_1000_tailwater", "pystorms_gamma"])
def test_large_networks_and_long_runs_meet_every_bar(name):
    row = compare(open_case(path(name)), floor=False, repeats=1)
    assert row.missed == []
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


def one_pipe(length_m: float, average_loss: float = 0.4) -> Network:
    return Network(
        junctions=(Junction(id="J", invert_m=10.0, max_depth_m=3.0),),
        outfalls=(Outfall(id="O", invert_m=8.0),),
        conduits=(
            Conduit(
                id="C", from_node="J", to_node="O", length_m=length_m, roughness_n=0.013,
                section=CrossSection(kind="circular", depth_m=1.0),
                inlet_offset_m=0.5, outlet_offset_m=0.1, entry_loss=0.2, exit_loss=0.3,
                average_loss=average_loss, flap_gate=True,
            ),
        ),
    )  # fmt: skip


def test_a_conduit_is_cut_into_equal_reaches_on_one_straight_bed():
    cut_up = cut(one_pipe(120.0), 50.0)
    assert [c.length_m for c in cut_up.conduits] == [40.0, 40.0, 40.0]
    assert [c.id for c in cut_up.conduits] == ["C", "C~c1", "C~c2"]
    inverts = {n.id: n.invert_m for n in cut_up.nodes}
    beds = [(inverts[c.from_node] + c.inlet_offset_m, inverts[c.to_node] + c.outlet_offset_m)
            for c in cut_up.conduits]  # fmt: skip
    assert np.allclose(beds, [(10.5, 9.7), (9.7, 8.9), (8.9, 8.1)])
    assert sum(c.entry_loss + c.exit_loss + c.average_loss for c in cut_up.conduits) == (
        pytest.approx(0.9)
    )
    assert [c.flap_gate for c in cut_up.conduits] == [True, False, False]
    assert cut(one_pipe(50.0), 50.0) == one_pipe(50.0)


def manning_depth_m(flow_m3s: float, slope: float) -> float:
    """Return the normal depth in the pipe of `one_pipe`, 1 m wide and of n = 0.013."""

    def excess(depth_m: float) -> float:
        half_angle = np.arccos(1.0 - 2.0 * depth_m)
        area = (half_angle - np.sin(half_angle) * np.cos(half_angle)) / 4.0
        return float(area * (area / half_angle) ** (2 / 3) * slope**0.5 / 0.013 - flow_m3s)

    return float(brentq(excess, 0.01, 0.9))


def test_far_from_its_ends_a_pipe_in_reaches_runs_at_mannings_depth():
    network = cut(one_pipe(1000.0, average_loss=0.0))
    engine = NativeEngine(network)
    lateral = np.zeros(len(engine.node_ids))
    lateral[engine.node_index["J"]] = 0.5
    engine.set_lateral(lateral)
    engine.advance(6 * 3600.0)
    middle = [engine.node_index[f"C~{k}"] for k in (8, 10, 12)]
    assert engine.state.depth_m[middle] == pytest.approx(manning_depth_m(0.5, 0.0024), rel=2e-3)
    last = next(c.id for c in network.conduits if c.to_node == "O")
    assert engine.state.flow_m3s[engine.link_index[last]] == pytest.approx(0.5, rel=1e-4)
