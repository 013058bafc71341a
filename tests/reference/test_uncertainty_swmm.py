"""Clogged inlets and silted pipes: the drawn network runs alike in SWMM."""

import numpy as np
import pytest

from scenarios import document
from scenarios.gap import nash_sutcliffe
from scenarios.run import prepare
from sim.city import simulate
from sim.drainage.reference import run_reference
from sim.drainage.uncertainty import varied
from sim.kernel.streams import Streams

DRAWN = {
    "inlets": "drainage.uncertainty.inlet_blockage.probability=0.6",
    "silt": "drainage.uncertainty.conduit_blockage.probability=0.5",
}


@pytest.mark.parametrize("what", DRAWN)
def test_a_drawn_network_floods_and_drains_as_in_swmm(what):
    prepared = prepare(document.load("swmm-file", [DRAWN[what], "duration_h=5"]))
    scenario, inputs = prepared.scenario, prepared.inputs["drainage"]
    ours = simulate(prepared.inputs, scenario.start, scenario.duration_s)
    drawn = varied(inputs, Streams(1, 0))
    assert drawn.network != inputs.network
    theirs = run_reference(drawn, ours, scenario.duration_s, scenario.start)
    flow, other = (r.series["drainage", "outfall_flow"].values.sum(axis=1) for r in (ours, theirs))
    assert nash_sutcliffe(other, flow) > 0.99
    ponded, reference = (r.series["drainage", "ponded_volume"].of("total") for r in (ours, theirs))
    assert ponded.max() == pytest.approx(reference.max(), rel=0.05)
    gone, gone_there = (
        np.flatnonzero(volume > 0.05 * volume.max())[-1] for volume in (ponded, reference)
    )
    assert abs(int(gone) - int(gone_there)) <= 2  # samples of one minute
