"""Cases with an exact answer, and how far our engine is from it at three levels of refinement.

The tests under `tests/analytic` use the same cases with limits on the errors.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

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
)
from sim.drainage.native import Crossing, LevelWatch, NativeEngine
from sim.drainage.network import Network

GRAVITY = 9.81
WIDTH_M, ROUGHNESS_N = 5.0, 0.02


def run(
    engine: NativeEngine, inflow: dict[str, float], until_s: float
) -> tuple[LevelWatch | None, list[Crossing]]:
    """Run an engine with constant inflows to some of its nodes."""
    lateral = np.zeros(len(engine.node_ids))
    for node, flow in inflow.items():
        lateral[engine.node_index[node]] = flow
    engine.set_lateral(lateral)
    return engine.advance(until_s)


def depth_of(engine: NativeEngine, node: str) -> float:
    return float(engine.state.depth_m[engine.node_index[node]])


def basin(area_m2: float, depth_m: float) -> Storage:
    return Storage(
        id="basin", invert_m=0.0, max_depth_m=10.0, initial_depth_m=depth_m,
        area_constant_m2=area_m2,
    )  # fmt: skip


def channel(reaches: int, length_m: float, slope: float, stage_m: float | None = None) -> Network:
    """A rectangular channel 5 m wide that falls evenly to an outfall at level 0."""
    section = CrossSection(kind="rect_open", depth_m=4.0, width_m=WIDTH_M)
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
                roughness_n=ROUGHNESS_N, section=section,
            )
            for i in range(reaches)
        ),
    )  # fmt: skip


def manning(depth_m: float, slope: float) -> float:
    """Return the uniform flow of the channel at a depth, m3/s."""
    area, perimeter = WIDTH_M * depth_m, WIDTH_M + 2.0 * depth_m
    return area * (area / perimeter) ** (2.0 / 3.0) * math.sqrt(slope) / ROUGHNESS_N


def normal_depth_error_m(reaches: int) -> float:
    """Return the error of the middle depth under uniform flow, against Manning's equation."""
    slope, flow = 0.001, 8.0
    engine = NativeEngine(channel(reaches, 1000.0, slope))
    run(engine, {"J0": flow}, 6 * 3600.0)
    exact = brentq(lambda depth_m: manning(depth_m, slope) - flow, 0.1, 4.0)
    return abs(depth_of(engine, f"J{reaches // 2}") - exact)


def backwater_error_m(reaches: int) -> float:
    """Return the largest error of the profile upstream of a drowned outlet.

    Against the equation of gradually varied flow, ``dh/dx = (S0 - Sf) / (1 - Fr^2)``.
    """
    length, slope, flow, stage = 4000.0, 0.0005, 6.0, 3.0

    def falls(_x: float, h: NDArray[np.float64]) -> NDArray[np.float64]:
        area, perimeter = WIDTH_M * h, WIDTH_M + 2.0 * h
        conveyance = area * (area / perimeter) ** (2.0 / 3.0) / ROUGHNESS_N
        froude2 = flow**2 * WIDTH_M / (GRAVITY * area**3)
        return np.asarray(-(slope - (flow / conveyance) ** 2) / (1.0 - froude2))

    # against the flow, from the outlet up
    exact = solve_ivp(falls, (0.0, length), [stage], rtol=1e-9, atol=1e-9, dense_output=True)
    engine = NativeEngine(channel(reaches, length, slope, stage))
    run(engine, {"J0": flow}, 24 * 3600.0)
    assert np.allclose(engine.state.flow_m3s, flow, rtol=1e-6)
    errors = [
        depth_of(engine, f"J{i}") - exact.sol(length - i * length / reaches)[0]
        for i in range(1, reaches)
    ]
    return float(np.max(np.abs(errors)))


def linear_reservoir_error_m(longest_step_s: float, hours: int = 3) -> float:
    """Return the largest error of a basin that empties through a linear outlet.

    V' = -k h with h = V / A, so h falls exponentially.
    """
    network = Network(
        storages=(basin(100.0, 2.0),),
        outfalls=(Outfall(id="OUT", invert_m=-5.0),),
        outlets=(
            Outlet(id="valve", from_node="basin", to_node="OUT", coefficient=0.05, exponent=1.0),
        ),
    )
    engine = NativeEngine(network, longest_step_s=longest_step_s)
    worst = 0.0
    for hour in range(1, hours + 1):
        run(engine, {}, 3600.0 * hour)
        exact = 2.0 * math.exp(-0.05 / 100.0 * 3600.0 * hour)
        worst = max(worst, abs(depth_of(engine, "basin") - exact))
    return worst


def tank_drain_error_m(longest_step_s: float) -> float:
    """Return the error of a tank that drains through an orifice for half an hour (Torricelli).

    sqrt(h) falls linearly: h(t) = (sqrt(h0) - Cd a sqrt(2 g) t / (2 A))^2.
    """
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
    hole_m2 = math.pi / 4 * 0.3**2
    root = 2.0 - 0.65 * hole_m2 * math.sqrt(2 * GRAVITY) * 1800.0 / (2 * 200.0)
    return abs(depth_of(engine, "basin") - root**2)


def pumped(start_m: float, stop_m: float) -> Network:
    """A tank of 100 m2 with 0.5 m of water and a pump of 0.4 m3/s with two switch levels."""
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


def pump_down_error_m(longest_step_s: float) -> float:
    """Return the error of a tank that a constant pump lowers: h(t) = h0 - q t / A."""
    engine = NativeEngine(pumped(0.0, 0.0), longest_step_s=longest_step_s)
    engine.set_target("pump", 1.0)
    run(engine, {"basin": 0.15}, 150.0)
    return abs(depth_of(engine, "basin") - (0.5 - 0.25 * 150.0 / 100.0))


@dataclass(frozen=True)
class Refinement:
    """A closed form and the errors at three levels, coarse first."""

    name: str
    formula: str
    refined: str
    errors: tuple[float, ...]
    unit: str = "m"


def measure() -> list[Refinement]:
    """Return the errors of every case."""
    reaches = "5, 10, 20 reaches"
    steps = "steps of at most 20, 10, 5 s"

    def at(error: Callable[[float], float], *levels: float) -> tuple[float, ...]:
        return tuple(error(level) for level in levels)

    def by_reaches(error: Callable[[int], float]) -> tuple[float, ...]:
        return tuple(error(count) for count in (5, 10, 20))

    return [
        Refinement("normal depth", "Manning", reaches, by_reaches(normal_depth_error_m)),
        Refinement(
            "backwater", "gradually varied flow", reaches,
            by_reaches(backwater_error_m),
        ),  # fmt: skip
        Refinement(
            "linear reservoir", "h = h0 exp(-k t / A)", steps,
            at(linear_reservoir_error_m, 20.0, 10.0, 5.0),
        ),
        Refinement(
            "tank drain", "Torricelli", steps, at(tank_drain_error_m, 20.0, 10.0, 5.0)
        ),
        Refinement("pump-down", "h = h0 - q t / A", steps, at(pump_down_error_m, 20.0, 10.0, 5.0)),
    ]  # fmt: skip
