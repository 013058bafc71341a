"""The native engine against closed forms: each test says which."""

import math

import pytest

from bench.verification.closed_forms import (
    backwater_error_m,
    basin,
    channel,
    depth_of,
    linear_reservoir_error_m,
    manning,
    normal_depth_error_m,
    pump_down_error_m,
    pumped,
    run,
    tank_drain_error_m,
)
from sim.drainage.conduit import convection
from sim.drainage.elements import (
    Conduit,
    CrossSection,
    Junction,
    Orifice,
    Outfall,
    Outlet,
    Pump,
    Weir,
)
from sim.drainage.native import LevelWatch, NativeEngine
from sim.drainage.network import Network

# --- uniform and gradually varied flow ----------------------------------------------------------


def test_uniform_flow_runs_at_normal_depth():
    """Manning's equation for a rectangle, solved for depth by its own forward formula."""
    engine = NativeEngine(channel(10, 1000.0, 0.001))
    run(engine, {"J0": 8.0}, 6 * 3600.0)
    middle = depth_of(engine, "J5")
    assert manning(middle, 0.001) == pytest.approx(8.0, rel=2e-3)
    assert engine.state.flow_m3s == pytest.approx(8.0, rel=1e-6)


def test_backwater_curve_converges_under_refinement():
    """The whole equation of gradually varied flow, convective inertia included.

    Second order in the reach: twice as many reaches, about a quarter of the error.
    """
    coarse, middle, fine = (backwater_error_m(reaches) for reaches in (5, 10, 20))
    assert coarse < 0.05
    assert middle < 0.5 * coarse
    assert fine < 0.5 * middle
    assert fine < 5e-4


@pytest.mark.parametrize("reaches", [20, 40])
def test_uniform_flow_stands_still_in_short_reaches(reaches):
    """Convective inertia in central differences sets short reaches swinging: here it must not."""
    assert normal_depth_error_m(reaches) < 1e-3


def test_a_jet_from_an_almost_dry_end_does_not_hold_a_pool():
    """What grows along the flow pushes it only while the upstream end is subcritical."""
    braking, push = convection(2.0, 1.0, 0.5, 0.1, 0.2)
    assert (braking, push) == (0.0, pytest.approx(2.0))
    assert convection(2.0, 1.0, 0.5, 0.1, 1.0) == (0.0, 0.0)
    # and what shrinks brakes: v^2 times the loss of area, over the flow
    braking, push = convection(-2.0, 1.0, 0.5, 0.1, 0.2)
    assert (braking * 2.0, push) == (pytest.approx(2.0), 0.0)
    assert convection(2.0, 1.0, -0.5, 1.0, 4.0) == (0.0, 0.0)


# --- reservoirs ---------------------------------------------------------------------------------


def test_linear_reservoir_empties_exponentially():
    """V' = -k h with h = V / A: depth halves in A ln 2 / k; second order in the step."""
    coarse, middle, fine = (linear_reservoir_error_m(step_s) for step_s in (20.0, 10.0, 5.0))
    assert coarse < 1e-4
    assert middle < 0.3 * coarse
    assert fine < 0.3 * middle


def test_tank_drains_through_an_orifice_by_torricelli():
    """sqrt(h) falls linearly; second order in the step."""
    coarse, middle, fine = (tank_drain_error_m(step_s) for step_s in (20.0, 10.0, 5.0))
    assert coarse < 2e-4
    assert middle < 0.3 * coarse
    assert fine < 0.3 * middle


def test_weir_passes_what_its_formula_says():
    """Steady state: q = C L H^1.5, so the head is (q / (C L))^(2/3)."""
    network = Network(
        storages=(basin(50.0, 1.0),),
        outfalls=(Outfall(id="OUT", invert_m=-5.0),),
        weirs=(
            Weir(
                id="crest", from_node="basin", to_node="OUT", form="transverse", offset_m=1.0,
                discharge_coefficient=1.84,
                section=CrossSection(kind="rect_open", depth_m=2.0, width_m=3.0),
            ),
        ),
    )  # fmt: skip
    engine = NativeEngine(network)
    run(engine, {"basin": 2.5}, 4 * 3600.0)
    head = (2.5 / (1.84 * 3.0)) ** (2.0 / 3.0)
    assert depth_of(engine, "basin") == pytest.approx(1.0 + head, rel=1e-6)


@pytest.mark.parametrize("longest_step_s", [30.0, 5.0])
def test_constant_pump_lowers_a_tank_evenly(longest_step_s):
    """h(t) = h0 - q t / A."""
    assert pump_down_error_m(longest_step_s) < 1e-12


def test_levels_are_met_at_their_exact_moment():
    """Filling 100 m2 at 0.1 m3/s from 0.5 m: 2 m after 1500 s, down again at 0.3 m3/s."""
    engine = NativeEngine(pumped(2.0, 1.0))
    engine.watch([LevelWatch("basin", 2.0, True, "start")])
    met, _ = run(engine, {"basin": 0.1}, 1e6)
    assert [watch.purpose for watch in met] == ["start"]
    assert engine.time_s == pytest.approx(1500.0, abs=1e-9)
    engine.set_target("pump", 1.0)
    engine.watch([LevelWatch("basin", 1.0, False, "stop")])
    met, _ = engine.advance(1e6)
    assert [watch.purpose for watch in met] == ["stop"]
    assert engine.time_s == pytest.approx(1500.0 + 100.0 / 0.3, abs=1e-9)
    assert depth_of(engine, "basin") == 1.0


def test_waterlogging_is_reported_at_its_exact_moment():
    """500 m2 of street fill at 0.05 m3/s: 15 cm after 1500 s over the rim, whatever the steps."""
    network = Network(
        junctions=(Junction(id="street", invert_m=0.0, max_depth_m=1.0, ponded_area_m2=500.0),),
        outfalls=(Outfall(id="OUT", invert_m=50.0),),
        pumps=(Pump(id="idle", from_node="street", to_node="OUT", pump_type="ideal",
                    initially_on=False),),
    )  # fmt: skip
    shaft_m3 = 1.167 * 1.0
    for longest_step_s in (30.0, 7.0, 1.0):
        engine = NativeEngine(network, longest_step_s=longest_step_s)
        _, crossings = run(engine, {"street": 0.05}, 7200.0)
        assert [(node, rising) for _, node, rising in crossings] == [("street", True)]
        assert crossings[0][0] == pytest.approx((shaft_m3 + 75.0) / 0.05, abs=1e-6)


# --- boundaries ---------------------------------------------------------------------------------


@pytest.mark.parametrize("surcharges", [True, False])
def test_full_conduits_at_a_basin_store_a_slot_or_keep_their_surface(surcharges):
    """Water 2 m over the crown: a slot of 2 % of the width, or SWMM's surface at 0.96 of the depth.

    The half conduit at the basin is 50 m of a pipe 1 m wide; at 0.96 D it is 2 sqrt(0.96 * 0.04) D
    wide, and what lies below it is the area of the segment.
    """
    network = Network(
        storages=(basin(100.0, 0.0),),
        outfalls=(Outfall(id="OUT", invert_m=0.0),),
        conduits=(Conduit(id="pipe", from_node="basin", to_node="OUT", length_m=100.0,
                          roughness_n=0.013,
                          section=CrossSection(kind="circular", depth_m=1.0)),),
    )  # fmt: skip
    engine = NativeEngine(network, basins_surcharge=surcharges)
    width_m = 2.0 * math.sqrt(0.96 * 0.04)
    angle = 2.0 * math.acos(1.0 - 2.0 * 0.96)
    segment_m2 = (angle - math.sin(angle)) / 8.0
    slot = math.pi / 4.0 + 0.02 * 2.0
    kept = segment_m2 + width_m * 2.04
    expected = 300.0 + 50.0 * (slot if surcharges else kept)
    assert engine.volume_at("basin", 3.0) == pytest.approx(expected, rel=2e-4)


@pytest.mark.parametrize("flap", [False, True])
def test_river_fills_a_basin_unless_a_flap_gate_holds(flap):
    """At rest the basin stands at the river's level; behind a flap gate it stays dry."""
    network = Network(
        storages=(basin(1000.0, 0.0),),
        outfalls=(Outfall(id="OUT", invert_m=0.0, boundary="fixed", stage_m=1.5, flap_gate=flap),),
        conduits=(Conduit(id="pipe", from_node="basin", to_node="OUT", length_m=50.0,
                          roughness_n=0.013,
                          section=CrossSection(kind="circular", depth_m=1.0)),),
    )  # fmt: skip
    engine = NativeEngine(network)
    run(engine, {}, 24 * 3600.0)
    assert depth_of(engine, "basin") == pytest.approx(0.0 if flap else 1.5, abs=1e-3)


def test_moving_stage_is_followed():
    """A basin joined by a wide channel follows a slowly rising river within a few millimetres."""
    network = Network(
        storages=(basin(100.0, 1.0),),
        outfalls=(Outfall(id="OUT", invert_m=0.0, boundary="fixed", stage_m=1.0),),
        conduits=(Conduit(id="way", from_node="basin", to_node="OUT", length_m=20.0,
                          roughness_n=0.01,
                          section=CrossSection(kind="rect_open", depth_m=4.0, width_m=3.0)),),
    )  # fmt: skip
    engine = NativeEngine(network)
    engine.set_stage("OUT", 1.0, 1.0 / 36000.0)
    run(engine, {}, 36000.0)
    assert depth_of(engine, "basin") == pytest.approx(2.0, abs=5e-3)


@pytest.mark.parametrize("window_s", [10.0, 60.0])
@pytest.mark.parametrize(("diameter_m", "length_m", "slope", "flow"), [
    (1.0, 100.0, 0.001, 2.5), (1.5, 50.0, 0.0, 3.356), (1.5, 50.0, 0.001, 1.343),
    (1.5, 100.0, 0.001, 3.356),
])  # fmt: skip
def test_steady_inflow_settles_in_surcharged_pipes(diameter_m, length_m, slope, flow, window_s):
    """Levels of a steady flow stand still, whatever the windows: no swinging about the crown."""
    section = CrossSection(kind="circular", depth_m=diameter_m)
    names = ["J0", "J1", "J2", "OUT"]
    network = Network(
        junctions=tuple(
            Junction(id=name, invert_m=slope * length_m * (3 - i), max_depth_m=8.0)
            for i, name in enumerate(names[:3])
        ),
        outfalls=(Outfall(id="OUT", invert_m=0.0, boundary="normal" if slope else "free"),),
        conduits=tuple(
            Conduit(
                id=f"C{i}", from_node=names[i], to_node=names[i + 1], length_m=length_m,
                roughness_n=0.013, section=section,
            )
            for i in range(3)
        ),
    )  # fmt: skip
    engine = NativeEngine(network)
    seen = []
    for k in range(1, int(7200 / window_s) + 1):
        run(engine, {"J0": flow}, k * window_s)
        if k * window_s > 5400:
            seen.append(depth_of(engine, "J0"))
    assert max(seen) - min(seen) < 1e-3


@pytest.mark.parametrize("width_m", [0.05, 0.2, 1.0])
def test_an_orifice_between_two_shafts_settles_at_its_formula(width_m):
    """Small shafts joined only by structures: q = Cd a sqrt(2 g dh), then an outlet at 1.5 m."""
    opening = CrossSection(kind="rect_closed", depth_m=0.8, width_m=width_m)
    network = Network(
        junctions=tuple(Junction(id=name, invert_m=0.0, max_depth_m=5.0) for name in "ab"),
        outfalls=(Outfall(id="OUT", invert_m=0.0),),
        orifices=(
            Orifice(
                id="hole", from_node="a", to_node="b", orientation="side",
                discharge_coefficient=0.65, section=opening,
            ),
        ),
        outlets=(
            Outlet(
                id="out", from_node="b", to_node="OUT", offset_m=1.5, coefficient=1.0, exponent=1.0
            ),
        ),
    )  # fmt: skip
    engine = NativeEngine(network)
    run(engine, {"a": 0.1}, 3600.0)
    fall = (0.1 / (0.65 * 0.8 * width_m)) ** 2 / (2 * 9.81)
    assert depth_of(engine, "b") == pytest.approx(1.6, abs=2e-3)
    assert depth_of(engine, "a") == pytest.approx(1.6 + fall, rel=2e-2)
