"""Runoff of subcatchments: rain in, infiltration down, flow into nodes out.

Each subcatchment is SWMM's three surfaces (impervious without and with depression storage,
pervious), each a nonlinear reservoir over its own ground; see `sim.drainage.overland` and
`sim.drainage.infiltration`. Runoff of one surface may pass over another, and that of one
subcatchment over the next. It is passed on within the step, as a volume, so that nothing is lost
or delayed on the way; only where subcatchments feed each other in a circle does the water that
closes the circle wait for the next step.

Water is conserved by construction: a step's outflow is what the step's inflow, infiltration and
change of depth leave over.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.drainage import infiltration
from sim.drainage.elements import Subcatchment
from sim.drainage.infiltration import PARAMETERS, STATES, Six
from sim.drainage.network import Network
from sim.drainage.overland import drain
from sim.kernel.compiled import compiled
from sim.kernel.errors import InputError

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

_MM_H = 1e-3 / 3600.0

# Columns of the surface table: area, drainage coefficients, depression storages, the three
# shares of the area, and the shares of impervious and pervious runoff that cross to the other.
(_AREA, _A_IMPERVIOUS, _A_PERVIOUS, _S_IMPERVIOUS, _S_PERVIOUS,
 _BARE, _STORING, _PERVIOUS, _TO_PERVIOUS, _TO_IMPERVIOUS) = range(10)  # fmt: skip
# Columns of the totals, in m3.
_RAIN, _RUNON, _INFILTRATION, _OUTFLOW = range(4)


@dataclass(frozen=True)
class RunoffTotals:
    """Volumes in m3 since the start: ``rain = infiltration + runoff + elsewhere + storage``.

    ``storage`` is the water on the surfaces (with what waits in a circle of subcatchments);
    ``elsewhere`` the runoff of subcatchments that are their own outlet; ``evaporation`` is 0.
    """

    rain: float
    infiltration: float
    evaporation: float
    runoff: float
    elsewhere: float
    storage: float

    def error(self) -> float:
        """Rain not accounted for, m3."""
        return math.fsum(
            (self.rain, -self.infiltration, -self.evaporation, -self.runoff, -self.elsewhere,
             -self.storage)
        )  # fmt: skip


@compiled
def _surface(
    depth: float, inflow: float, capacity: float, a: float, storage: float, dt: float
) -> tuple[float, float, float]:
    """One surface over one step: new depth, infiltrated depth and outflow depth, all m.

    ``inflow`` m/s is constant; ``capacity`` m can infiltrate while there is water.
    """
    supply = depth + inflow * dt
    if supply <= 0.0:
        return 0.0, 0.0, 0.0
    if depth <= 0.0 and inflow * dt <= capacity:
        return 0.0, supply, 0.0
    loss = capacity / dt if capacity > 0.0 else 0.0
    q = inflow - loss
    left = dt
    wet = depth
    # Below the depression storage the depth changes evenly.
    if wet < storage:
        if q <= 0.0 or wet + q * left <= storage:
            if supply <= capacity:
                return 0.0, supply, 0.0
            return supply - capacity, capacity, 0.0
        left -= (storage - wet) / q
        wet = storage
    if a <= 0.0:
        if supply <= capacity:
            return 0.0, supply, 0.0
        return supply - capacity, capacity, 0.0
    excess, left = drain(wet - storage, q, a, left)
    if left <= 0.0:
        depth = storage + excess
        infiltrated = capacity
    else:
        # The excess has drained; infiltration goes on with what the depressions hold.
        fallen = -q * left
        if fallen < storage:
            depth = storage - fallen
            infiltrated = capacity
        else:
            dry = (fallen - storage) / -q
            depth = 0.0
            infiltrated = loss * (dt - dry) + inflow * dry
    outflow = supply - depth - infiltrated
    if outflow < 0.0:
        # Rounding: nothing flowed out.
        outflow = 0.0
        depth = max(supply - infiltrated, 0.0)
        infiltrated = supply - depth
    return depth, infiltrated, outflow


@compiled
def _pervious(
    method: int, p: Six, x: Six, fresh: float, dry: float, depth: float,
    rain: float, runon: float, a: float, storage: float, dt: float,
) -> tuple[float, float, float, Six]:  # fmt: skip
    """`_surface` for the pervious part; returns its infiltration state besides."""
    inflow = rain + runon
    capacity, x = infiltration.capacity(method, p, x, fresh, dt, rain, runon, depth)
    new, taken, out = _surface(depth, inflow, capacity, a, storage, dt)
    wet = inflow + depth / dt > infiltration.NO_WATER
    x = infiltration.commit(
        method, p, x, fresh, dry, dt, taken, wet, taken >= capacity * (1.0 - 1e-12)
    )
    return new, taken, out, x


@compiled
def _step(
    order: Indices, to_node: Indices, to_subcatchment: Indices, delayed: NDArray[np.bool_],
    method: Indices, surface: Array, soil: Array, factors: Array,
    depth: Array, state: Array, waiting: Array, totals: Array,
    rain_mm_h: Array, dt: float, runon: Array, runoff: Array, node_inflow: Array,
) -> None:  # fmt: skip
    """Advance every subcatchment by `dt`; fills ``runoff`` (S,) and ``node_inflow`` (N,), m3/s."""
    runon[:] = waiting
    waiting[:] = 0.0
    node_inflow[:] = 0.0
    for k in range(len(order)):
        j = order[k]
        area = surface[j, _AREA]
        bare = surface[j, _BARE]
        storing = surface[j, _STORING]
        pervious = surface[j, _PERVIOUS]
        a = surface[j, _A_IMPERVIOUS]
        ap = surface[j, _A_PERVIOUS]
        sp = surface[j, _S_PERVIOUS]
        fresh = factors[j, 0]
        dry = factors[j, 1]
        p = (soil[j, 0], soil[j, 1], soil[j, 2], soil[j, 3], soil[j, 4], soil[j, 5])
        x = (state[j, 0], state[j, 1], state[j, 2], state[j, 3], state[j, 4], state[j, 5])
        rain = rain_mm_h[j] * _MM_H
        feed = runon[j] / (area * dt) if runon[j] > 0.0 else 0.0
        outflow = 0.0
        infiltrated = 0.0
        crossing = 0.0
        # Pervious ground comes first if its runoff crosses the impervious surface, else last.
        first = surface[j, _TO_IMPERVIOUS] > 0.0
        if first:
            depth[j, 2], taken, out, x = _pervious(
                method[j], p, x, fresh, dry, depth[j, 2], rain, feed, ap, sp, dt
            )
            infiltrated += pervious * taken
            out *= pervious
            crossing = surface[j, _TO_IMPERVIOUS] * out
            outflow += out - crossing
        paved = 0.0
        if bare > 0.0:
            # Crossing water falls on the storing part, on the bare one only if that is all.
            extra = crossing / (bare * dt) if first and storing <= 0.0 else 0.0
            new, _, out = _surface(depth[j, 0], rain + feed + extra, 0.0, a, 0.0, dt)
            depth[j, 0] = new
            paved += bare * out
        if storing > 0.0:
            extra = crossing / (storing * dt) if first else 0.0
            new, _, out = _surface(
                depth[j, 1], rain + feed + extra, 0.0, a, surface[j, _S_IMPERVIOUS], dt
            )
            depth[j, 1] = new
            paved += storing * out
        crossing = surface[j, _TO_PERVIOUS] * paved
        outflow += paved - crossing
        if pervious > 0.0 and not first:
            over = crossing / (pervious * dt) if crossing > 0.0 else 0.0
            depth[j, 2], taken, out, x = _pervious(
                method[j], p, x, fresh, dry, depth[j, 2], rain, feed + over, ap, sp, dt
            )
            infiltrated += pervious * taken
            outflow += pervious * out
        state[j, 0], state[j, 1], state[j, 2], state[j, 3], state[j, 4], state[j, 5] = x
        volume = outflow * area
        totals[j, _RAIN] += rain * dt * area
        totals[j, _RUNON] += runon[j]
        totals[j, _INFILTRATION] += infiltrated * area
        totals[j, _OUTFLOW] += volume
        runoff[j] = volume / dt
        if to_node[j] >= 0:
            node_inflow[to_node[j]] += runoff[j]
        elif to_subcatchment[j] >= 0:
            if delayed[j]:
                waiting[to_subcatchment[j]] += volume
            else:
                runon[to_subcatchment[j]] += volume


class Runoff:
    """Every subcatchment of a network, advanced together.

    Parameters
    ----------
    network : Network
        As built. Subcatchment order is the network's.
    node_index : mapping
        Index of every node id, 0 to N - 1.

    Attributes
    ----------
    gauges : tuple of str
        The rain gauge of each subcatchment (S,).
    runoff_m3s : (S,) array
        What left each subcatchment, mean over the last step.

    Raises
    ------
    InputError
        If an outlet is neither a node nor a subcatchment.
    """

    def __init__(self, network: Network, node_index: Mapping[str, int]) -> None:
        subcatchments = network.subcatchments
        count = len(subcatchments)
        self.gauges = tuple(s.gauge for s in subcatchments)
        self.ids = tuple(s.id for s in subcatchments)
        index = {s.id: j for j, s in enumerate(subcatchments)}
        self._to_node = np.full(count, -1, dtype=np.int64)
        self._to_subcatchment = np.full(count, -1, dtype=np.int64)
        for j, s in enumerate(subcatchments):
            if s.outlet in node_index:
                self._to_node[j] = node_index[s.outlet]
            elif s.outlet in index:
                if index[s.outlet] != j:
                    self._to_subcatchment[j] = index[s.outlet]
            else:
                raise InputError("the outlet does not exist", where=f"subcatchments/{s.id}/outlet",
                                 value=s.outlet,
                                 expected="the id of a node or a subcatchment")  # fmt: skip
        self._order, self._delayed = _order(self._to_subcatchment)
        self._surface = np.array([_surface_row(s) for s in subcatchments]).reshape(count, 10)
        rows = [infiltration.initial_rows(s.infiltration) for s in subcatchments]
        self._soil = np.array([p for p, _ in rows]).reshape(count, PARAMETERS)
        codes = [infiltration.method_code(s.infiltration) for s in subcatchments]
        self._method = np.array(codes, dtype=np.int64)
        self._factors = np.ones((count, 2))
        self._factors_for_s = 0.0
        self._runon = np.zeros(count)
        self._depth = np.zeros((count, 3))
        self._soil_state = np.array([x for _, x in rows]).reshape(count, STATES)
        self._waiting = np.zeros(count)
        self._totals = np.zeros((count, 4))
        self.runoff_m3s = np.zeros(count)
        self._nodes = max(node_index.values(), default=-1) + 1

    def step(self, rain_mm_h: Array, dt_s: float) -> Array:
        """Advance by `dt_s` under constant rain.

        Parameters
        ----------
        rain_mm_h : (S,) array
            Rain on each subcatchment, mm/h, 0 or more.
        dt_s : float

        Returns
        -------
        (N,) array
            Flow into each node in m3/s, mean over the step.

        Raises
        ------
        ValueError
            If the rain has the wrong shape, or the step is not positive.
        """
        rain = np.ascontiguousarray(rain_mm_h, dtype=np.float64)
        if rain.shape != self._waiting.shape or dt_s <= 0.0:
            raise ValueError(
                f"rain of shape {rain.shape} over {dt_s} s; expected {self._waiting.shape} and a "
                "positive step"
            )
        dt = float(dt_s)
        if dt != self._factors_for_s:
            infiltration.step_factors(self._method, self._soil, dt, self._factors)
            self._factors_for_s = dt
        inflow = np.empty(self._nodes)
        _step(
            self._order, self._to_node, self._to_subcatchment, self._delayed,
            self._method, self._surface, self._soil, self._factors,
            self._depth, self._soil_state, self._waiting, self._totals,
            rain, dt, self._runon, self.runoff_m3s, inflow,
        )  # fmt: skip
        return inflow

    def snapshot(self) -> tuple[Array, ...]:
        """Copies of everything that changes."""
        return tuple(a.copy() for a in self._state())

    def restore(self, snapshot: tuple[Array, ...]) -> None:
        """Go back to a snapshot; what follows is the same to the last bit."""
        for mine, saved in zip(self._state(), snapshot, strict=True):
            mine[...] = saved

    def _state(self) -> tuple[Array, ...]:
        return self._depth, self._soil_state, self._waiting, self._totals, self.runoff_m3s

    def storage_m3(self) -> Array:
        """Water on each subcatchment (S,), m3."""
        shares = self._surface[:, [_BARE, _STORING, _PERVIOUS]]
        return np.asarray((self._depth * shares).sum(axis=1) * self._surface[:, _AREA])

    def totals_by_subcatchment(self) -> dict[str, Array]:
        """Volumes since the start, m3, each (S,): rain, runon, infiltration, runoff, storage."""
        return {
            "rain": self._totals[:, _RAIN].copy(),
            "runon": self._totals[:, _RUNON].copy(),
            "infiltration": self._totals[:, _INFILTRATION].copy(),
            "runoff": self._totals[:, _OUTFLOW].copy(),
            "storage": self.storage_m3(),
        }

    def totals(self) -> RunoffTotals:
        """Volumes since the start, over all subcatchments."""
        nowhere = (self._to_node < 0) & (self._to_subcatchment < 0)
        out = self._totals[:, _OUTFLOW]
        return RunoffTotals(
            rain=math.fsum(self._totals[:, _RAIN]),
            infiltration=math.fsum(self._totals[:, _INFILTRATION]),
            evaporation=0.0,
            runoff=math.fsum(out[self._to_node >= 0]),
            elsewhere=math.fsum(out[nowhere]),
            storage=math.fsum((*self.storage_m3(), *self._waiting)),
        )


def _surface_row(s: Subcatchment) -> Array:
    area = s.area_ha * 1e4
    impervious = s.impervious_percent / 100.0
    pervious = 1.0 - impervious
    bare = impervious * s.zero_storage_percent / 100.0
    storing = impervious - bare
    slope = math.sqrt(s.slope_percent / 100.0)
    routed = s.routed_percent / 100.0
    both = impervious > 0.0 and pervious > 0.0
    row = np.zeros(10)
    row[_AREA] = area
    # Both impervious parts drain over the width as if they were one, as in SWMM.
    if impervious > 0.0:
        row[_A_IMPERVIOUS] = s.width_m * slope / (s.n_impervious * impervious * area)
    if pervious > 0.0:
        row[_A_PERVIOUS] = s.width_m * slope / (s.n_pervious * pervious * area)
    row[_S_IMPERVIOUS] = s.storage_impervious_mm * 1e-3
    row[_S_PERVIOUS] = s.storage_pervious_mm * 1e-3
    row[_BARE], row[_STORING], row[_PERVIOUS] = bare, storing, pervious
    row[_TO_PERVIOUS] = routed if both and s.route_to == "pervious" else 0.0
    row[_TO_IMPERVIOUS] = routed if both and s.route_to == "impervious" else 0.0
    return row


def _order(to_subcatchment: Indices) -> tuple[Indices, NDArray[np.bool_]]:
    """Order in which every subcatchment follows those that feed it, and where a circle is cut."""
    count = len(to_subcatchment)
    delayed = np.zeros(count, dtype=np.bool_)
    # Each has at most one way on, so a walk from each finds every circle.
    seen = np.full(count, -1)
    for start in range(count):
        j = start
        while j >= 0 and seen[j] < 0:
            seen[j] = start
            following = int(to_subcatchment[j])
            if following >= 0 and seen[following] == start:
                delayed[j] = True
                break
            j = following
    feeders = np.zeros(count, dtype=np.int64)
    for j in range(count):
        if to_subcatchment[j] >= 0 and not delayed[j]:
            feeders[to_subcatchment[j]] += 1
    ready = [j for j in range(count) if feeders[j] == 0]
    order: list[int] = []
    while ready:
        j = ready.pop()
        order.append(j)
        following = int(to_subcatchment[j])
        if following >= 0 and not delayed[j]:
            feeders[following] -= 1
            if feeders[following] == 0:
                ready.append(following)
    return np.array(order, dtype=np.int64), delayed
