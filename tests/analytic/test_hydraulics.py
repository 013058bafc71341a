"""The native engine against closed forms: each test says which."""

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from sim.drainage.elements import (
    Conduit,
    CrossSection,
    Curve,
    Junction,
    Orifice,
    Outfall,
    Outlet,
    Pump,
    Storage,
    Weir,
)
from sim.drainage.native import LevelWatch, NativeEngine
from sim.drainage.network import Network

GRAVITY = 9.81


def run(engine: NativeEngine, inflow: dict[str, float], until_s: float):
    lateral = np.zeros(len(engine.node_ids))
    for node, flow in inflow.items():
        lateral[engine.node_index[node]] = flow
    engine.set_lateral(lateral)
    return engine.advance(until_s)


def basin(area_m2: float, depth_m: float) -> Storage:
    return Storage(
        id="basin", invert_m=0.0, max_depth_m=10.0, initial_depth_m=depth_m,
        area_constant_m2=area_m2,
    )  # fmt: skip


def depth_of(engine: NativeEngine, node: str) -> float:
    return float(engine.state.depth_m[engine.node_index[node]])


# --- uniform and gradually varied flow ----------------------------------------------------------


def channel(reaches: int, length_m: float, slope: float, stage_m: float | None = None) -> Network:
    """A rectangular channel 5 m wide that falls evenly to an outfall at level 0."""
    section = CrossSection(kind="rect_open", depth_m=4.0, width_m=5.0)
    step = length_m / reaches
    names = [f"J{i}" for i in range(reaches)] + ["OUT"]
    return Network(
        junctions=tuple(
            Junction(id=names[i], invert_m=slope * (length_m - step * i), max_depth_m=4.0)
            for i in range(reaches)
        ),
        outfalls=(
            Outfall(
                id="OUT", invert_m=0.0, boundary="normal" if stage_m is None else "fixed",
                stage_m=stage_m,
            ),
        ),
        conduits=tuple(
            Conduit(
                id=f"C{i}", from_node=names[i], to_node=names[i + 1], length_m=step,
                roughness_n=0.02, section=section,
            )
            for i in range(reaches)
        ),
    )  # fmt: skip


def manning(depth_m: float, slope: float) -> float:
    area, perimeter = 5.0 * depth_m, 5.0 + 2.0 * depth_m
    return area * (area / perimeter) ** (2.0 / 3.0) * math.sqrt(slope) / 0.02


def test_uniform_flow_runs_at_normal_depth():
    """Manning's equation for a rectangle, solved for depth by its own forward formula."""
    engine = NativeEngine(channel(10, 1000.0, 0.001))
    run(engine, {"J0": 8.0}, 6 * 3600.0)
    middle = depth_of(engine, "J5")
    assert manning(middle, 0.001) == pytest.approx(8.0, rel=2e-3)
    assert engine.state.flow_m3s == pytest.approx(8.0, rel=1e-6)


def backwater_error_m(reaches: int) -> float:
    """Largest error of the profile upstream of a drowned outlet, against the gradually varied flow
    equation ``dh/dx = (S0 - Sf) / (1 - Fr^2)`` without the advective term the engine leaves out."""
    length, slope, flow, stage = 4000.0, 0.0005, 6.0, 3.0

    def falls(_x: float, h: np.ndarray) -> np.ndarray:
        area, perimeter = 5.0 * h, 5.0 + 2.0 * h
        friction = (flow * 0.02 / (area * (area / perimeter) ** (2.0 / 3.0))) ** 2
        return -(slope - friction)

    # against the flow, from the outlet up
    exact = solve_ivp(falls, (0.0, length), [stage], rtol=1e-9, atol=1e-9, dense_output=True)
    engine = NativeEngine(channel(reaches, length, slope, stage))
    run(engine, {"J0": flow}, 24 * 3600.0)
    assert engine.state.flow_m3s == pytest.approx(flow, rel=1e-6)
    errors = [
        depth_of(engine, f"J{i}") - exact.sol(length - i * length / reaches)[0]
        for i in range(1, reaches)
    ]
    return float(np.max(np.abs(errors)))


def test_backwater_curve_converges_under_refinement():
    """Second order in the reach: twice as many reaches, about a quarter of the error."""
    coarse, middle, fine = (backwater_error_m(reaches) for reaches in (5, 10, 20))
    assert coarse < 0.05
    assert middle < 0.5 * coarse
    assert fine < 0.5 * middle
    assert fine < 2e-3


# --- reservoirs ---------------------------------------------------------------------------------


def test_linear_reservoir_empties_exponentially():
    """V' = -k h with h = V / A: depth halves in A ln 2 / k."""
    network = Network(
        storages=(basin(100.0, 2.0),),
        outfalls=(Outfall(id="OUT", invert_m=-5.0),),
        outlets=(Outlet(id="valve", from_node="basin", to_node="OUT", coefficient=0.05,
                        exponent=1.0),),
    )  # fmt: skip
    engine = NativeEngine(network, longest_step_s=5.0)
    for hour in (1, 2, 3):
        run(engine, {}, 3600.0 * hour)
        exact = 2.0 * math.exp(-0.05 / 100.0 * 3600.0 * hour)
        assert depth_of(engine, "basin") == pytest.approx(exact, rel=2e-3)


@pytest.mark.parametrize("longest_step_s", [30.0, 5.0])
def test_tank_drains_through_an_orifice_by_torricelli(longest_step_s):
    """sqrt(h) falls linearly: h(t) = (sqrt(h0) - Cd a sqrt(2 g) t / (2 A))^2."""
    network = Network(
        storages=(basin(200.0, 4.0),),
        outfalls=(Outfall(id="OUT", invert_m=-5.0),),
        orifices=(
            Orifice(
                id="hole", from_node="basin", to_node="OUT", orientation="bottom",
                discharge_coefficient=0.65, section=CrossSection(kind="circular", depth_m=0.3),
            ),
        ),
    )  # fmt: skip
    engine = NativeEngine(network, longest_step_s=longest_step_s)
    run(engine, {}, 1800.0)
    area = math.pi / 4 * 0.3**2
    root = 2.0 - 0.65 * area * math.sqrt(2 * GRAVITY) * 1800.0 / (2 * 200.0)
    assert depth_of(engine, "basin") == pytest.approx(root**2, rel=2e-4 * longest_step_s)


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


def pumped(start_m: float, stop_m: float) -> Network:
    return Network(
        storages=(basin(100.0, 0.5),),
        outfalls=(Outfall(id="OUT", invert_m=5.0),),
        pumps=(
            Pump(
                id="pump", from_node="basin", to_node="OUT", pump_type="type2", curve="rate",
                initially_on=False, startup_depth_m=start_m, shutoff_depth_m=stop_m,
            ),
        ),
        curves=(Curve(id="rate", kind="pump", points=((0.0, 0.4), (10.0, 0.4))),),
    )  # fmt: skip


def test_constant_pump_lowers_a_tank_evenly():
    """h(t) = h0 - q t / A."""
    engine = NativeEngine(pumped(0.0, 0.0))
    engine.set_target("pump", 1.0)
    run(engine, {"basin": 0.15}, 150.0)
    assert depth_of(engine, "basin") == pytest.approx(0.5 - 0.25 * 150.0 / 100.0, abs=1e-12)


def test_levels_are_met_at_their_exact_moment():
    """Filling 100 m2 at 0.1 m3/s from 0.5 m: 2 m after 1500 s, down again at 0.3 m3/s."""
    engine = NativeEngine(pumped(2.0, 1.0))
    engine.watch([LevelWatch("basin", 2.0, True, "start")])
    met, _ = run(engine, {"basin": 0.1}, 1e6)
    assert met is not None
    assert met.purpose == "start"
    assert engine.time_s == pytest.approx(1500.0, abs=1e-9)
    engine.set_target("pump", 1.0)
    engine.watch([LevelWatch("basin", 1.0, False, "stop")])
    met, _ = engine.advance(1e6)
    assert met is not None
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
