"""What the native engine promises beside its hydraulics: snapshots, independence, mass."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.networks import grid_network
from sim.drainage.elements import Conduit, CrossSection, Junction, Outfall
from sim.drainage.native import NativeEngine
from sim.drainage.network import Network
from sim.kernel.errors import InputError


def storm(engine: NativeEngine, flow_m3s: float) -> None:
    lateral = np.where(engine.inner, flow_m3s, 0.0)
    engine.set_lateral(lateral)


def imbalance(engine: NativeEngine) -> float:
    state = engine.state
    came = engine.opening_m3 + state.lateral_m3.sum() + state.back_m3.sum()
    left = state.out_m3.sum() + state.overflow_m3.sum() + state.volume_m3.sum()
    return abs(came - left) / max(came, 1e-9)


def same(a: NativeEngine, b: NativeEngine) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a.state, b.state, strict=True))


def test_a_snapshot_resumes_bit_by_bit():
    network = grid_network(5, 6, river_m=1.0)
    through, branch = NativeEngine(network), NativeEngine(network)
    storm(through, 0.15)
    through.advance(3600.0)
    middle = through.snapshot()
    storm(through, 0.01)
    through.advance(3 * 3600.0)
    branch.restore(middle)
    storm(branch, 0.01)
    branch.advance(3 * 3600.0)
    assert same(through, branch)
    assert not np.array_equal(middle.volume_m3, through.state.volume_m3)


def test_eight_runs_in_one_process_do_not_disturb_one_another():
    network = grid_network(4, 4)
    alone = []
    for k in range(8):
        engine = NativeEngine(network)
        storm(engine, 0.02 * (k + 1))
        for end_s in range(600, 7200, 600):
            engine.advance(end_s)
        alone.append(engine)
    together = [NativeEngine(network) for _ in range(8)]
    for k, engine in enumerate(together):
        storm(engine, 0.02 * (k + 1))
    for end_s in range(600, 7200, 600):
        for engine in together:
            engine.advance(end_s)
    assert all(same(a, b) for a, b in zip(alone, together, strict=True))


SECTIONS = st.sampled_from(
    [
        CrossSection(kind="circular", depth_m=0.6),
        CrossSection(kind="rect_closed", depth_m=1.0, width_m=1.5),
        CrossSection(kind="trapezoidal", depth_m=1.2, width_m=1.0, side_slope_left=1.0,
                     side_slope_right=2.0),
        CrossSection(kind="egg", depth_m=0.9),
    ]
)  # fmt: skip


@st.composite
def networks(draw) -> Network:
    """A random tree of up to eight junctions with some extra links, flat, steep and adverse."""
    count = draw(st.integers(2, 8))
    ponds = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    inverts = draw(st.lists(st.floats(0.0, 3.0), min_size=count, max_size=count))
    junctions = tuple(
        Junction(
            id=f"J{i}", invert_m=inverts[i], max_depth_m=2.0, ponded_area_m2=300.0 * ponds[i],
            initial_depth_m=draw(st.floats(0.0, 1.5)),
        )
        for i in range(count)
    )  # fmt: skip
    ends = [(i, draw(st.integers(0, i - 1))) for i in range(1, count)]
    ends += draw(
        st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=3)
    )
    pairs = [(f"J{a}", f"J{b}") for a, b in ends if a != b] + [("J0", "OUT")]
    conduits = tuple(
        Conduit(
            id=f"C{k}", from_node=a, to_node=b, length_m=draw(st.floats(5.0, 200.0)),
            roughness_n=0.013, section=draw(SECTIONS), inlet_offset_m=draw(st.floats(0.0, 0.5)),
            outlet_offset_m=draw(st.floats(0.0, 0.5)), flap_gate=draw(st.booleans()),
        )
        for k, (a, b) in enumerate(pairs)
    )  # fmt: skip
    stage = draw(st.floats(-1.0, 4.0))
    outfall = Outfall(id="OUT", invert_m=-0.5, boundary="fixed", stage_m=stage)
    return Network(junctions=junctions, outfalls=(outfall,), conduits=conduits)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(networks(), st.lists(st.floats(-0.2, 2.0), min_size=3, max_size=3))
def test_no_drop_is_lost_or_made(network, flows):
    """Filling, drowning, drying and withdrawing from any small network: 1e-6 % of the inflow."""
    engine = NativeEngine(network)
    for k, flow in enumerate(flows):
        storm(engine, flow / len(network.junctions))
        engine.advance(900.0 * (k + 1))
        assert np.isfinite(engine.state.volume_m3).all()
        assert (engine.state.volume_m3 >= 0.0).all()
        assert imbalance(engine) <= 1e-8


def test_an_element_without_a_model_is_named():
    pipe = Conduit(
        id="leaky", from_node="A", to_node="OUT", length_m=10.0, roughness_n=0.013,
        seepage_mm_h=5.0, section=CrossSection(kind="circular", depth_m=0.5),
    )  # fmt: skip
    network = Network(
        junctions=(Junction(id="A", invert_m=1.0),),
        outfalls=(Outfall(id="OUT", invert_m=0.0),),
        conduits=(pipe,),
    )
    with pytest.raises(InputError, match="leaky") as refused:
        NativeEngine(network)
    assert "--engine swmm" in str(refused.value)
