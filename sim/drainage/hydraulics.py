"""The compiled stepping loop: from one moment to the next event, conserving every drop.

One step: flows from the levels (explicit, local inertia), outflows limited to what a node holds,
volumes from the flows, depths from the volumes. Within a step flows are constant, so volumes are
linear in time and a level is crossed at a moment that is found exactly, not approximated. The
step obeys the gravity-wave and the transport limit of the network as it stands.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.drainage.conduit import boundary_level, conduit_flows
from sim.drainage.implicit import Elimination, Workspace, settle
from sim.drainage.link_rows import PUMP
from sim.drainage.plant import INNER, Floats, Ints, Plant, State
from sim.drainage.structures import link_flow
from sim.kernel.compiled import compiled

REACHED, LEVEL, FULL_LOG = range(3)  # why `advance` came back

_WAVE_SAFETY = 0.6  # of the explicit limit; surcharged conduits swing from about 0.7 on
_TRANSPORT_SAFETY = 0.6
_LEVEL_CHANGE_M = 0.05  # that an orifice, weir or outlet may make in a step
_GROWTH = 1.3
_SMALLEST_STEP_S = 1e-3
_IMPLICIT_COSTS = 1.5  # explicit steps as cheap as one implicit step, which is less exact
_LONGEST_IMPLICIT_S = 10.0  # at 20 s a network under a river kept 2 % more on its streets
_WAVE_MARGIN = 1.05  # steps that are rounded to even ones stay explicit


class Watches(NamedTuple):
    """Node volumes whose crossing stops the loop: rising (+1) or falling (-1)."""

    node: Ints
    volume_m3: Floats
    direction: Ints


class CrossingLog(NamedTuple):
    """Crossings of the waterlogging depth, as they happen."""

    time_s: Floats
    node: Ints
    rising: Ints
    filled: Ints  # (1,)


@compiled
def _other_flows(
    plant: Plant,
    state: State,
    conduits: int,
    level_m: Floats,
    dt_s: float,
    net: Floats,
    out: Floats,
) -> float:
    """Set the flows of pumps, orifices, weirs and outlets, which are filed after the conduits.

    Return the largest share of `_LEVEL_CHANGE_M` by which a flow that depends on levels moves one
    of them, 1/s.
    """
    fastest = 0.0
    for link in range(conduits, plant.kind.size):
        n1, n2 = plant.node_1[link], plant.node_2[link]
        flow = link_flow(plant, state, link, level_m[n1], level_m[n2], dt_s)
        state.flow_m3s[link] = flow
        net[n1] -= flow
        net[n2] += flow
        if flow >= 0.0:
            out[n1] += flow
        else:
            out[n2] -= flow
        if plant.kind[link] != PUMP:
            for node in (n1, n2):
                if plant.bound[node] == INNER:
                    surface = plant.table_area_m2[state.cell[node]]
                    fastest = max(fastest, abs(flow) / (surface * _LEVEL_CHANGE_M))
    return fastest


@compiled
def _limit(plant: Plant, state: State, dt_s: float, net: Floats, out: Floats) -> None:
    """Scale the flows out of nodes that would give more than they hold.

    Overwrites `out` with the share that each node can give.
    """
    bound, lateral_m3s, volume_m3 = plant.bound, state.lateral_m3s, state.volume_m3
    short = False
    for node in range(bound.size):
        lateral = lateral_m3s[node]
        held = volume_m3[node] / dt_s + lateral
        share = 1.0
        if bound[node] == INNER and out[node] > held and out[node] > 0.0:
            share = max(held, 0.0) / out[node]
            short = True
        out[node] = share
    if not short:
        return
    node_1, node_2, flow_m3s = plant.node_1, plant.node_2, state.flow_m3s
    net[:] = 0.0
    for link in range(flow_m3s.size):
        n1, n2 = node_1[link], node_2[link]
        flow = flow_m3s[link]
        flow *= out[n1] if flow >= 0.0 else out[n2]
        flow_m3s[link] = flow
        net[n1] -= flow
        net[n2] += flow


@compiled
def _first_crossing(state: State, watches: Watches, net: Floats, dt_s: float) -> tuple[int, float]:
    """Return the watch that is crossed first in this step, and the fraction of the step; or -1."""
    found, fraction = -1, 1.0
    for w in range(watches.node.size):
        node = watches.node[w]
        before = state.volume_m3[node]
        change = (net[node] + state.lateral_m3s[node]) * dt_s
        target = watches.volume_m3[w]
        rises = watches.direction[w] > 0 and before < target <= before + change
        falls = watches.direction[w] < 0 and before > target >= before + change
        if rises or falls:
            part = (target - before) / change
            if part < fraction or found < 0:
                found, fraction = w, part
    return found, fraction


@compiled
def _update_nodes(
    plant: Plant,
    state: State,
    log: CrossingLog,
    net: Floats,
    wave: Floats,
    dt_s: float,
    then_s: float,
) -> float:
    """Fill and empty the nodes; return the largest wave coefficient over surface area, 1/s2."""
    bound, over, threshold_m3 = plant.bound, state.over, plant.watch_volume_m3
    lateral_m3s, lateral_m3, net_m3s = state.lateral_m3s, state.lateral_m3, state.net_m3s
    volume_m3, depth_m, cell_of = state.volume_m3, state.depth_m, state.cell
    brim_m3, start = plant.overflow_volume_m3, plant.table_start
    table_v, table_y, table_a = plant.table_volume_m3, plant.table_depth_m, plant.table_area_m2
    peak_m, peak_s = state.max_depth_m, state.max_depth_s
    stiffest = 0.0
    for node in range(bound.size):
        lateral = lateral_m3s[node]
        total = net[node] + lateral
        net_m3s[node] = total
        lateral_m3[node] += lateral * dt_s
        if bound[node] != INNER:
            state.stage_m[node] += state.stage_rate_m_s[node] * dt_s
            if total >= 0.0:
                state.out_m3[node] += total * dt_s
            else:
                state.back_m3[node] -= total * dt_s
            continue
        before = volume_m3[node]
        volume = before + total * dt_s
        if volume > brim_m3[node]:
            state.overflow_m3[node] += volume - brim_m3[node]
            volume = brim_m3[node]
        if volume < 0.0:
            if lateral < 0.0:
                lateral_m3[node] -= volume  # less was there than was to be withdrawn
            volume = 0.0  # else the rounding of a node that gave all it held
        if (volume >= threshold_m3[node]) != (over[node] == 1):
            part = (threshold_m3[node] - before) / (volume - before) if volume != before else 0.0
            k = log.filled[0]
            log.time_s[k] = then_s - (1.0 - min(max(part, 0.0), 1.0)) * dt_s
            log.node[k] = node
            over[node] = 1 - over[node]
            log.rising[k] = over[node]
            log.filled[0] = k + 1
        volume_m3[node] = volume
        cell = cell_of[node]
        last = start[node + 1] - 2
        while cell < last and volume >= table_v[cell + 1]:
            cell += 1
        while cell > start[node] and volume < table_v[cell]:
            cell -= 1
        depth = table_y[cell] + (volume - table_v[cell]) / table_a[cell]
        cell_of[node], depth_m[node] = cell, depth
        if depth > peak_m[node]:
            peak_m[node] = depth
            peak_s[node] = then_s
        # the smallest surface the next step may meet: a pipe that fills has only its slot left
        smallest = table_a[cell]
        ahead = volume + _GROWTH * max(total, 0.0) * dt_s
        while cell < last and ahead >= table_v[cell + 1]:
            cell += 1
            smallest = min(smallest, table_a[cell])
        stiffest = max(stiffest, wave[node] / smallest)
    return stiffest


@compiled
def _next_step(
    last_s: float, longest_s: float, stiffest: float, fastest: float, moving: float
) -> tuple[float, float]:
    """Return the length of the next step, and how long an explicit one may be."""
    step_s = longest_s
    if fastest > 0.0:
        step_s = min(step_s, _TRANSPORT_SAFETY / fastest)
    if moving > 0.0:
        step_s = min(step_s, 1.0 / moving)
    wave_s = longest_s
    if stiffest > 0.0:  # Gershgorin's bound on the wave matrix
        wave_s = _WAVE_SAFETY * np.sqrt(2.0 / stiffest)
    implicit_s = min(step_s, _LONGEST_IMPLICIT_S)
    step_s = min(step_s, wave_s) if wave_s * _IMPLICIT_COSTS >= implicit_s else implicit_s
    return max(min(step_s, _GROWTH * last_s), _SMALLEST_STEP_S), wave_s


@compiled
def advance(
    plant: Plant,
    state: State,
    watches: Watches,
    log: CrossingLog,
    conduits: int,
    end_s: float,
    longest_s: float,
    plan: Elimination,
    work: Workspace,
) -> tuple[int, int]:
    """Step the network to `end_s`, or to the first watched crossing.

    Parameters
    ----------
    conduits : int
        How many of the links, from the first, are conduits.
    end_s : float
        Where to stop at the latest; reached exactly.
    longest_s : float
        No step is longer.
    plan, work
        The order for implicit steps and scratch arrays, which carry nothing from step to step.

    Returns
    -------
    reason : int
        `REACHED`, `LEVEL` (a watch was crossed and ``state.clock[0]`` is that moment) or
        `FULL_LOG` (drain the log and call again).
    watch : int
        The watch that was crossed, or -1.
    """
    count = plant.bound.size
    net, out, wave, level = work.net_m3s, work.out_m3s, work.wave, work.level_m
    clock = state.clock
    while clock[0] < end_s:
        if log.filled[0] + count > log.time_s.size:
            return FULL_LOG, -1
        now = clock[0]
        # even steps to the end: uneven ones set the surcharged parts swinging
        count_left = max(np.ceil((end_s - now) / min(clock[1], longest_s) - 1e-9), 1.0)
        dt = (end_s - now) / count_left
        lands = count_left <= 1.0
        for node in range(count):
            level[node] = plant.invert_m[node] + state.depth_m[node]
            if plant.bound[node] != INNER:
                level[node] = boundary_level(
                    plant.bound[node], plant.invert_m[node], state.stage_m[node]
                )
        for link in range(plant.kind.size):
            gap = state.target[link] - state.setting[link]
            if gap != 0.0:
                most = plant.close_rate_s[link] * dt
                state.setting[link] += min(max(gap, -most), most)
        net[:] = 0.0
        out[:] = 0.0
        wave[:] = 0.0
        fastest = conduit_flows(plant, state, conduits, level, dt, net, out, wave, work.gain)
        moving = 0.0
        if conduits < plant.kind.size:
            moving = _other_flows(plant, state, conduits, level, dt, net, out)
        if dt > _WAVE_MARGIN * clock[3]:
            settle(plant, state, plan, conduits, dt, work)
        _limit(plant, state, dt, net, out)

        crossed, fraction = _first_crossing(state, watches, net, dt)
        then = end_s if lands else now + dt
        if crossed >= 0 and fraction < 1.0:
            dt *= fraction
            then = now + dt
        stiffest = _update_nodes(plant, state, log, net, wave, dt, then)
        clock[0] = then
        clock[2] += 1.0
        clock[1], clock[3] = _next_step(clock[1], longest_s, stiffest, fastest, moving)
        if crossed >= 0:
            state.volume_m3[watches.node[crossed]] = watches.volume_m3[crossed]
            return LEVEL, crossed
    return REACHED, -1
