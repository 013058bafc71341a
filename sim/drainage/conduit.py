"""Flow in every conduit over one explicit step (compiled).

The momentum equation is the one of EPA SWMM's dynamic wave routing (Rossman, "SWMM Reference
Manual II: Hydraulics", 2017, chapter 3) without its advective terms: local inertia, surface
slope, Manning friction taken implicitly, and local losses. Upstream weighting by Froude number,
critical or normal depth at a free fall and the normal-flow limit follow the same chapter.
"""

from __future__ import annotations

import numpy as np

from sim.drainage.plant import INNER, NORMAL, STAGE, TABLE_CELLS, Floats, Plant, State
from sim.kernel.compiled import compiled

GRAVITY = 9.81
_DRY_M = 1e-5
_FELT_M = 1e-6  # a level so little below a conduit's end would reach it at once


@compiled
def _at_depth(table: Floats, full_m: float, g: int, depth_m: float) -> tuple[float, float, float]:
    """Return area, width and section factor of section `g` at a depth (its full depth at most)."""
    if depth_m >= full_m:
        return table[g, TABLE_CELLS, 0], table[g, TABLE_CELLS, 1], table[g, TABLE_CELLS, 2]
    place = np.sqrt(depth_m / full_m) * TABLE_CELLS
    k = int(place)
    f = place - k
    return (
        table[g, k, 0] + f * (table[g, k + 1, 0] - table[g, k, 0]),
        table[g, k, 1] + f * (table[g, k + 1, 1] - table[g, k, 1]),
        table[g, k, 2] + f * (table[g, k + 1, 2] - table[g, k, 2]),
    )


@compiled
def _depth_where(full_m: float, values: Floats, wanted: float) -> float:
    """Invert a rising column of a section table."""
    if wanted >= values[TABLE_CELLS]:
        return full_m
    low, high = 0, TABLE_CELLS
    while high - low > 1:
        middle = (low + high) // 2
        if values[middle] <= wanted:
            low = middle
        else:
            high = middle
    span = values[high] - values[low]
    f = (wanted - values[low]) / span if span > 0 else 0.0
    root = (low + f) / TABLE_CELLS
    return full_m * root * root


@compiled
def critical_depth(full_m: float, critical_flow_m3s: Floats, flow_m3s: float) -> float:
    """Return the critical depth of a flow, m, from its section's row of critical flows."""
    return _depth_where(full_m, critical_flow_m3s, flow_m3s)


@compiled
def normal_depth(
    full_m: float, section_factor: Floats, roughness_n: float, sqrt_slope: float, flow_m3s: float
) -> float:
    """Return the normal depth of a flow, m; the full depth on a flat or adverse bed."""
    if sqrt_slope <= 0.0:
        return full_m
    return _depth_where(full_m, section_factor, flow_m3s * roughness_n / sqrt_slope)


@compiled
def conduit_flows(
    plant: Plant,
    state: State,
    conduits: int,
    level_m: Floats,
    dt_s: float,
    net: Floats,
    out: Floats,
    wave: Floats,
    gain: Floats,
) -> float:
    """Set the flow of the first `conduits` links and add to the sums of their nodes.

    Parameters
    ----------
    level_m : (N,)
        Water levels; at an outfall the level it holds against its conduit.
    net, out, wave : (N,)
        Net inflow and outflow in m3/s, and the wave coefficients g A / L in m2/s2.
    gain : (L, 2)
        What a metre of level more at either end adds to or takes from the flow within the step,
        m2/s; 0 where the flow does not feel that level.

    Returns
    -------
    float
        The largest speed over length among conduits that are not full, 1/s.
    """
    # local names: a compiled call that hands over all of a plant costs more than the flow itself
    node_1, node_2, bound, invert = plant.node_1, plant.node_2, plant.bound, plant.invert_m
    offset_1, offset_2, section = plant.offset_1_m, plant.offset_2_m, plant.section
    full_depth, table, critical = plant.full_depth_m, plant.section_table, plant.critical_flow_m3s
    closed, length_m, sqrt_slope = plant.closed, plant.length_m, plant.sqrt_slope
    roughness_n, barrels_of, flap = plant.roughness_n, plant.barrels, plant.flap
    entry, leave, average = plant.entry_loss, plant.exit_loss, plant.average_loss
    most, flow, setting = plant.max_flow_m3s, state.flow_m3s, state.setting
    fastest = 0.0
    gain[:] = 0.0
    for link in range(conduits):
        n1, n2 = node_1[link], node_2[link]
        bed_1, bed_2 = invert[n1] + offset_1[link], invert[n2] + offset_2[link]
        depth_1, depth_2 = level_m[n1] - bed_1, level_m[n2] - bed_2
        if depth_1 <= _DRY_M and depth_2 <= _DRY_M:
            flow[link] = 0.0
            continue
        felt_1, felt_2 = depth_1 >= -_FELT_M, depth_2 >= -_FELT_M
        depth_1, depth_2 = max(depth_1, 0.0), max(depth_2, 0.0)
        wet_1, wet_2 = depth_1 > _DRY_M, depth_2 > _DRY_M
        barrels = barrels_of[link]
        old = flow[link] / barrels
        g = section[link]
        full = full_depth[g]
        slope, roughness = sqrt_slope[link], roughness_n[link]
        # flow that falls freely out of an end leaves it at critical or normal depth
        if old >= 0.0:
            if (offset_2[link] > 0.0 or bound[n2] != INNER) and (
                bed_1 + depth_1 > bed_2 and depth_2 < full
            ):
                brink = normal_depth(full, table[g, :, 2], roughness, slope, old)
                if bound[n2] != NORMAL:
                    brink = min(brink, critical_depth(full, critical[g], old))
                felt_2 = felt_2 and depth_2 >= brink
                depth_2 = max(depth_2, brink)
        elif (offset_1[link] > 0.0 or bound[n1] != INNER) and (
            bed_2 + depth_2 > bed_1 and depth_1 < full
        ):
            brink = critical_depth(full, critical[g], -old)
            felt_1 = felt_1 and depth_1 >= brink
            depth_1 = max(depth_1, brink)
        inside_1, inside_2 = min(depth_1, full), min(depth_2, full)
        area, width, factor = _at_depth(table, full, g, 0.5 * (inside_1 + inside_2))
        if area <= 1e-9:
            flow[link] = 0.0
            continue
        drop = (bed_1 + depth_1) - (bed_2 + depth_2)
        size = abs(old)
        per_area = 1.0 / area
        froude2 = 0.0
        if closed[g] == 0 or inside_1 < full or inside_2 < full:
            froude2 = size * size * width * per_area * per_area * per_area / GRAVITY
        if froude2 > 0.25 and old > 0.0 and drop >= 0.0:
            # towards upstream values as the flow becomes supercritical
            weight = 0.0 if froude2 >= 1.0 else 2.0 * (1.0 - np.sqrt(froude2))
            up_area, _, up_factor = _at_depth(table, full, g, inside_1)
            area = up_area + (area - up_area) * weight
            factor = up_factor + (factor - up_factor) * weight
            if area <= 1e-9 or factor <= 1e-12:
                flow[link] = 0.0
                continue
            per_area = 1.0 / area
        per_length = 1.0 / length_m[link]
        stiffness = GRAVITY * area * per_length
        damping = GRAVITY * area * roughness * roughness * size / (factor * factor)
        losses = entry[link] + leave[link] + average[link]
        if losses > 0.0:
            damping += 0.5 * losses * size * per_area * per_length
        per_damping = 1.0 / (1.0 + dt_s * damping)
        new = (old + dt_s * stiffness * drop) * per_damping
        follows = dt_s * stiffness * per_damping * barrels * setting[link]
        # where Manning's flow at the upstream depth is supercritical, nothing downstream is felt
        # upstream and it is the most that can run; a deep pool below must not widen the mean area
        if new > 0.0 and slope > 0.0 and inside_1 < full and (depth_1 < depth_2 or froude2 >= 1.0):
            up_area, up_width, up_factor = _at_depth(table, full, g, inside_1)
            normal = up_factor * slope / roughness
            supercritical = normal * normal * up_width >= GRAVITY * up_area * up_area * up_area
            if supercritical and normal < new:
                new, follows = normal, 0.0
        if (new > 0.0 and not wet_1) or (new < 0.0 and not wet_2) or new * flap[link] < 0.0:
            new, follows = 0.0, 0.0
        if abs(new * barrels) >= most[link]:
            follows = 0.0
        if felt_1:
            gain[link, 0] = follows
        if felt_2:
            gain[link, 1] = follows
        new = min(max(new * barrels, -most[link]), most[link]) * setting[link]
        flow[link] = new
        net[n1] -= new
        net[n2] += new
        if new >= 0.0:
            out[n1] += new
        else:
            out[n2] -= new
        wave[n1] += stiffness * barrels
        wave[n2] += stiffness * barrels
        if inside_1 < full or inside_2 < full:  # a full conduit passes on flow, not water levels
            fastest = max(fastest, abs(new) * per_area * per_length / barrels)
    return fastest


@compiled
def boundary_level(bound: int, invert_m: float, stage_m: float) -> float:
    """Return the water level that an outfall holds against its conduit, m."""
    if bound == STAGE:
        return max(stage_m, invert_m)
    return invert_m
