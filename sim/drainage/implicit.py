"""Levels and conduit flows of one step solved together, so that pressure waves limit no step.

An explicit step uses the levels from before it, and must be short enough that no wave crosses a
conduit within it: seconds where pipes run full. Here the flow of every conduit follows the levels
at the end of the step, ``Q = Q0 + g1 dh1 - g2 dh2``, where ``Q0`` and the gains ``g`` come from the
same explicit momentum equation. With the nodes' tables of volume against depth this is one
equation per node (Casulli and Stelling, "A semi-implicit numerical model for urban drainage
systems", Int. J. Numer. Meth. Fluids 73, 2013). It is linear but for the tables, and Newton's
method, which stays on a straight piece of each, mostly needs one or two rounds. Sewers are nearly
trees, so eliminating the node with the fewest neighbours first leaves the matrix nearly as sparse
as the network; that order is planned once.

Only flows are taken from the solution. Volumes are booked from them as after an explicit step, so
water is conserved to rounding however far the iteration went.
"""

from __future__ import annotations

import heapq
from typing import NamedTuple

import numpy as np

from sim.drainage.plant import INNER, Floats, Ints, Plant, State
from sim.kernel.compiled import compiled

_ROUNDS = 8  # of Newton's method; what is left then is corrected by the next step
_SLACK_M = 1e-2  # error of a level in a node whose table is not straight there
_BRIM_AREA_M2 = 1e9  # a node that spills holds its level
_FELT_M = 1e-5  # a conduit end this deep in water can empty its node


class Elimination(NamedTuple):
    """The order in which the nodes' equations are eliminated, and where each number is kept.

    A matrix is one array: the diagonal by node (N), then by pair of neighbours (E) the entries
    above and below it: ``[diagonal, upper, lower]``.
    """

    order: Ints
    start: Ints  # per place in the order, CSR into `later`
    later: Ints  # neighbours eliminated after the node, fill-in included
    target: Ints  # per pair of a node's later neighbours: the entry that its elimination changes
    place_12: Ints  # per conduit: row of node 1, column of node 2; -1 at an outfall
    place_21: Ints
    brim_m: Floats  # depth at which a node spills; inf where it ponds


class Workspace(NamedTuple):
    """Arrays for one step, kept to be filled again; they carry nothing from step to step."""

    level_m: Floats
    net_m3s: Floats
    out_m3s: Floats
    wave: Floats
    gain: Floats  # (conduits, 2): m3/s of flow per m of level at either end
    exchange: Floats  # matrix of the conduits
    matrix: Floats  # the same with the nodes' surfaces; eliminated in place
    rise_m: Floats
    supply_m3: Floats
    cell: Ints  # of the node's table, -1 above the brim


def workspace(plant: Plant, elimination: Elimination) -> Workspace:
    """Return the arrays that stepping `plant` needs."""
    nodes, entries = plant.bound.size, plant.bound.size + 2 * elimination.later.size
    level, net, out, wave, rise, supply = (np.zeros(nodes) for _ in range(6))
    return Workspace(
        level, net, out, wave, np.zeros((plant.kind.size, 2)), np.zeros(entries),
        np.zeros(entries), rise, supply, np.zeros(nodes, dtype=np.int64),
    )  # fmt: skip


# --- planning -----------------------------------------------------------------------------------


def plan_elimination(plant: Plant, conduits: int) -> Elimination:
    """Order the nodes that the first `conduits` links join: fewest remaining neighbours first."""
    count = plant.bound.size
    inner = plant.bound == INNER
    ends = list(
        zip(plant.node_1[:conduits].tolist(), plant.node_2[:conduits].tolist(), strict=True)
    )
    neighbours: list[set[int]] = [set() for _ in range(count)]
    for a, b in ends:
        if inner[a] and inner[b] and a != b:
            neighbours[a].add(b)
            neighbours[b].add(a)
    order, later = _fewest_first(neighbours, np.flatnonzero(inner).tolist())
    start = np.concatenate(([0], np.cumsum([len(nodes) for nodes in later]))).astype(np.int64)
    entries = int(start[-1])
    place = {(k, k): k for k in order}
    for k, first, nodes in zip(order, start.tolist(), later, strict=False):
        for e, other in enumerate(nodes, first):
            place[k, other], place[other, k] = count + e, count + entries + e
    joined = [(a, b) if a != b else (-1, -1) for a, b in ends]
    return Elimination(
        order=_integers(order),
        start=start,
        later=_integers([node for nodes in later for node in nodes]),
        target=_integers([place[a, b] for nodes in later for a in nodes for b in nodes]),
        place_12=_integers([place.get((a, b), -1) for a, b in joined]),
        place_21=_integers([place.get((b, a), -1) for a, b in joined]),
        brim_m=_brim_m(plant),
    )  # fmt: skip


def _integers(values: list[int]) -> Ints:
    return np.array(values, dtype=np.int64)


def _fewest_first(
    neighbours: list[set[int]], nodes: list[int]
) -> tuple[list[int], list[list[int]]]:
    """Return the order and each node's neighbours at its turn; uses up `neighbours`."""
    heap = [(len(neighbours[k]), k) for k in nodes]
    heapq.heapify(heap)
    order: list[int] = []
    later: list[list[int]] = []
    waiting = set(nodes)
    while heap:
        degree, k = heapq.heappop(heap)
        if k not in waiting or degree != len(neighbours[k]):
            continue  # an entry from before its neighbours changed
        waiting.remove(k)
        order.append(k)
        later.append(sorted(neighbours[k]))
        for other in later[-1]:  # those that are left meet each other without the node
            neighbours[other] |= neighbours[k]
            neighbours[other] -= {k, other}
            heapq.heappush(heap, (len(neighbours[other]), other))
    return order, later


def _brim_m(plant: Plant) -> Floats:
    brim = np.full(plant.bound.size, np.inf)
    for i in np.flatnonzero(np.isfinite(plant.overflow_volume_m3)):
        first, last = plant.table_start[i], plant.table_start[i + 1] - 2
        volumes, volume = plant.table_volume_m3, plant.overflow_volume_m3[i]
        k = int(np.searchsorted(volumes[first : last + 2], volume, side="right")) - 1
        k = first + min(max(k, 0), last - first)
        brim[i] = plant.table_depth_m[k] + (volume - volumes[k]) / plant.table_area_m2[k]
    return brim


# --- one step -----------------------------------------------------------------------------------


@compiled
def _solve(order: Ints, start: Ints, later: Ints, target: Ints, m: Floats, x: Floats) -> None:
    """Solve for `x` in place, which holds the right-hand side; uses up the matrix `m`.

    No pivots are needed: what a conduit gives one node it takes from the other, so each column's
    diagonal outweighs the rest of it.
    """
    upper, lower = x.size, x.size + later.size
    pair = 0
    for s in range(order.size):
        k = order[s]
        first, last = start[s], start[s + 1]
        if first == last:
            continue
        per_pivot = 1.0 / m[k]
        known = x[k]
        for e in range(first, last):
            share = m[lower + e] * per_pivot
            if share == 0.0:  # nothing flows there at the moment
                pair += last - first
                continue
            x[later[e]] -= share * known
            for f in range(first, last):
                m[target[pair]] -= share * m[upper + f]
                pair += 1
    for s in range(order.size - 1, -1, -1):
        k = order[s]
        value = x[k]
        for e in range(start[s], start[s + 1]):
            value -= m[upper + e] * x[later[e]]
        x[k] = value / m[k]


@compiled
def _exchange(plant: Plant, plan: Elimination, conduits: int, dt_s: float, work: Workspace) -> None:
    """Set the matrix of what levels make conduits carry in a step, m3 per m."""
    bound, node_1, node_2, gain = plant.bound, plant.node_1, plant.node_2, work.gain
    place_12, place_21, m = plan.place_12, plan.place_21, work.exchange
    m[:] = 0.0
    for link in range(conduits):
        give_1, give_2 = dt_s * gain[link, 0], dt_s * gain[link, 1]
        if give_1 == 0.0 and give_2 == 0.0:
            continue
        n1, n2 = node_1[link], node_2[link]
        if bound[n1] == INNER:
            m[n1] += give_1
        if bound[n2] == INNER:
            m[n2] += give_2
        if place_12[link] >= 0:
            m[place_12[link]] -= give_2
            m[place_21[link]] -= give_1


@compiled
def _set_up(plant: Plant, state: State, brim_m: Floats, work: Workspace) -> None:
    """Fill the matrix and the right-hand side from the pieces of table that levels are on."""
    bound, depth, brim_m3 = plant.bound, state.depth_m, plant.overflow_volume_m3
    table_v, table_y, table_a = plant.table_volume_m3, plant.table_depth_m, plant.table_area_m2
    m, rise, supply, cell = work.matrix, work.rise_m, work.supply_m3, work.cell
    m[:] = work.exchange
    for node in range(bound.size):
        k = cell[node]
        if bound[node] != INNER:
            rise[node] = 0.0
        elif k < 0:
            m[node] += _BRIM_AREA_M2
            rise[node] = supply[node] - (
                brim_m3[node] + _BRIM_AREA_M2 * (depth[node] - brim_m[node])
            )
        else:
            m[node] += table_a[k]
            rise[node] = supply[node] - (table_v[k] + table_a[k] * (depth[node] - table_y[k]))


@compiled
def _find_cells(plant: Plant, state: State, brim_m: Floats, work: Workspace) -> bool:
    """Look up where in its table each new level lies; whether some are not where they were."""
    bound, start, depth = plant.bound, plant.table_start, state.depth_m
    table_v, table_y, table_a = plant.table_volume_m3, plant.table_depth_m, plant.table_area_m2
    exchange, cell_of = work.exchange, work.cell
    astray = False
    for node in range(bound.size):
        if bound[node] != INNER:
            continue
        level = depth[node] + work.rise_m[node]
        before = cell_of[node]
        last = start[node + 1] - 2
        cell = before if before >= 0 else last
        if level >= brim_m[node]:
            cell = -1
        else:
            while cell < last and level >= table_y[cell + 1]:
                cell += 1
            while cell > start[node] and level < table_y[cell]:
                cell -= 1
        if cell == before:
            continue
        cell_of[node] = cell
        if cell < 0 or before < 0:
            astray = True
            continue
        assumed = table_v[before] + table_a[before] * (level - table_y[before])
        held = table_v[cell] + table_a[cell] * (level - table_y[cell])
        if abs(assumed - held) > _SLACK_M * (table_a[cell] + exchange[node]):
            astray = True
    return astray


@compiled
def _book(plant: Plant, state: State, conduits: int, work: Workspace) -> None:
    """Set the flows that go with the new levels, and the sums of their nodes."""
    node_1, node_2, flap, most = plant.node_1, plant.node_2, plant.flap, plant.max_flow_m3s
    offset_1, offset_2, depth, flow = (
        plant.offset_1_m, plant.offset_2_m, state.depth_m, state.flow_m3s,
    )  # fmt: skip
    bound, setting, gain, rise = plant.bound, state.setting, work.gain, work.rise_m
    net, out = work.net_m3s, work.out_m3s
    for link in range(conduits):
        if gain[link, 0] == 0.0 and gain[link, 1] == 0.0:
            continue
        n1, n2 = node_1[link], node_2[link]
        old = flow[link]
        new = old + gain[link, 0] * rise[n1] - gain[link, 1] * rise[n2]
        largest = most[link] * setting[link]
        new = min(max(new, -largest), largest)
        # a flow that turned may neither pass a flap gate nor leave an end that was dry
        dry_1 = bound[n1] == INNER and depth[n1] - offset_1[link] <= _FELT_M
        dry_2 = bound[n2] == INNER and depth[n2] - offset_2[link] <= _FELT_M
        if (new > 0.0 and dry_1) or (new < 0.0 and dry_2) or new * flap[link] < 0.0:
            new = 0.0
        flow[link] = new
        net[n1] -= new - old
        net[n2] += new - old
        out[n1] += max(new, 0.0) - max(old, 0.0)
        out[n2] += max(-new, 0.0) - max(-old, 0.0)


@compiled
def settle(
    plant: Plant, state: State, plan: Elimination, conduits: int, dt_s: float, work: Workspace
) -> None:
    """Replace the explicit flows of the conduits by those that the new levels go with.

    Parameters
    ----------
    work : Workspace
        With the explicit step's `gain`, `net_m3s` and `out_m3s`; the latter two are kept up.
    """
    supply, cell = work.supply_m3, work.cell
    for node in range(cell.size):
        cell[node] = state.cell[node]
        supply[node] = state.volume_m3[node] + dt_s * (work.net_m3s[node] + state.lateral_m3s[node])
    _exchange(plant, plan, conduits, dt_s, work)
    for _ in range(_ROUNDS):
        _set_up(plant, state, plan.brim_m, work)
        _solve(plan.order, plan.start, plan.later, plan.target, work.matrix, work.rise_m)
        if not _find_cells(plant, state, plan.brim_m, work):
            break
    _book(plant, state, conduits, work)
