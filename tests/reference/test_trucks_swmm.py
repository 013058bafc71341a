"""Pump trucks beside EPA SWMM, where each stretch of their work is a pump link of its own."""

from pathlib import Path

import numpy as np
import pytest

from sim.drainage.elements import CrossSection, Inflow, Orifice
from sim.drainage.network import Network
from sim.drainage.reference import run_reference
from sim.drainage.reference_trucks import truck_jobs, without_trucks
from tests.unit.drainage.emergency_case import HOUR, START, inputs_of, ponds, run


def shut_ponds() -> Network:
    """The ponds, joined to the river by pinholes: SWMM lifts a rim to the crown of a weir above."""
    network = ponds()
    holes = tuple(
        Orifice(id=weir.id, from_node=weir.from_node, to_node=weir.to_node, orientation="side",
                discharge_coefficient=1e-6,
                section=CrossSection(kind="rect_closed", depth_m=0.01, width_m=0.01))
        for weir in network.weirs
    )  # fmt: skip
    return network.model_copy(update={"weirs": (), "orifices": holes})


@pytest.mark.parametrize(
    "options", [{}, {"discharge_nodes": ("tank",), "hose_m": 200.0}], ids=["away", "into a tank"]
)
def test_ponds_are_pumped_down_alike(tmp_path: Path, options):
    inflows = (Inflow(node="A", baseline_m3s=0.06), Inflow(node="B", baseline_m3s=0.03))
    case = (shut_ponds(), tmp_path, 6.0)
    record = run(*case, inflows=inflows, **options)
    beside = run_reference(inputs_of(*case, inflows=inflows, **options), record, 6.0 * HOUR, START)
    mine, swmm = (one.series["drainage", "node_depth"] for one in (record, beside))
    assert truck_jobs(record, 6.0 * HOUR)
    for node in ("A", "B", "tank"):
        at_swmm_times = np.interp(swmm.time_s, mine.time_s, mine.of(node))
        assert at_swmm_times == pytest.approx(swmm.of(node), abs=0.012)
    # SWMM makes up no water either
    errors = beside.ledgers[beside.ledgers["account"] == "swmm_continuity_error"]["amount"].abs()
    assert errors.sum() < 0.01 * 1944.0


def test_without_trucks_the_inflows_are_those_of_the_network(tmp_path: Path):
    record = run(ponds(A=0.5), tmp_path, 2.0, inflows=(Inflow(node="A", baseline_m3s=0.02),))
    table = record.series["drainage", "lateral_inflow"]
    assert table.of("A").min() < 0.0
    own = without_trucks(table, truck_jobs(record, 2.0 * HOUR))
    assert own.of("A")[1:] == pytest.approx(0.02, abs=1e-9)
