"""Flow in every conduit over one explicit step (compiled).

The momentum equation is the one of EPA SWMM's dynamic wave routing (Rossman, "SWMM Reference
Manual II: Hydraulics", 2017, chapter 3): local and convective inertia, surface slope, Manning
friction taken implicitly, and local losses. Upstream weighting by Froude number, critical or
normal depth at a free fall and the normal-flow limit follow the same chapter. Convective inertia
fades out as the flow becomes supercritical, which SWMM calls partial inertial damping.
"""

from __future__ import annotations

import numpy as np

from sim.drainage.plant import INNER, NORMAL, STAGE, TABLE_CELLS, Floats, Plant, State
from sim.kernel.compiled import compiled

GRAVITY = 9.81
_DRY_M = 1e-5
_CROWN_FADE = 0.1  # share of the full depth below the crown in which area changes lose effect
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
def _kept(froude2: float) -> float:
    """Return the share of convective inertia that partial inertial damping leaves."""
    return 1.0 if froude2 <= 0.25 else max(2.0 * (1.0 - np.sqrt(froude2)), 0.0)


@compiled
def convection(
    flow_m3s: float, area_m2: float, gain_m2: float, froude2: float, froude2_upstream: float
) -> tuple[float, float]:
    """Return what convective inertia does to a flow: a damping in m/s and a push in m4/s2.

    The part v^2 dA/dx of the momentum equation, over the length of the conduit and with the
    velocity v of the middle (Rossman 2017, equation 3-8). Where the area shrinks along the flow
    it brakes, and is returned as a damping to be taken implicitly, so that it can stop a flow but
    never turn it. Where the area grows it pushes, and fades with the upstream Froude number: a jet
    out of an almost dry end would else hold back a pool by itself.

    Parameters
    ----------
    area_m2 : float
        Flow area in the middle.
    gain_m2 : float
        Area at the second end less that at the first.
    froude2, froude2_upstream : float
        Squares of the Froude numbers in the middle and at the end that the flow comes from.
    """
    speed = flow_m3s / area_m2
    if flow_m3s * gain_m2 < 0.0:
        return _kept(froude2) * abs(speed * gain_m2) / area_m2, 0.0
    return 0.0, _kept(froude2_upstream) * speed * speed * gain_m2


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
    upstream_before = state.upstream_area_m2
    fastest = 0.0
    gain[:] = 0.0
    for link in range(conduits):
        n1, n2 = node_1[link], node_2[link]
        bed_1, bed_2 = invert[n1] + offset_1[link], invert[n2] + offset_2[link]
        depth_1, depth_2 = level_m[n1] - bed_1, level_m[n2] - bed_2
        if depth_1 <= _DRY_M and depth_2 <= _DRY_M:
            flow[link] = 0.0
            upstream_before[link] = 0.0
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
            upstream_before[link] = 0.0
            continue
        drop = (bed_1 + depth_1) - (bed_2 + depth_2)
        size = abs(old)
        per_area = 1.0 / area
        froude2 = 0.0
        if closed[g] == 0 or inside_1 < full or inside_2 < full:
            froude2 = size * size * width * per_area * per_area * per_area / GRAVITY
        end_1, width_1, factor_1 = _at_depth(table, full, g, inside_1)
        braking = push = jump = 0.0
        if froude2 > 0.0:
            end_2, width_2, _ = _at_depth(table, full, g, inside_2)
            shallow, wide = (end_1, width_1) if old > 0.0 else (end_2, width_2)
            upstream2 = size * size * wide / max(GRAVITY * shallow * shallow * shallow, 1e-12)
            braking, push = convection(old, area, end_2 - end_1, froude2, upstream2)
            # what the end has stored since the last step came in faster than it leaves: that end,
            # not the middle, since only upwind differences are stable; near the crown, where a
            # small depth closes the surface, it says little about the flow
            fade = 1.0
            if closed[g] == 1:
                inside = inside_1 if old > 0.0 else inside_2
                fade = min((1.0 - inside / full) / _CROWN_FADE, 1.0)
            before = upstream_before[link]
            if old * before > 0.0:
                jump = 2.0 * _kept(froude2) * fade * old * per_area * (shallow - abs(before))
            upstream_before[link] = shallow if old > 0.0 else -shallow
        else:
            upstream_before[link] = 0.0
        if froude2 > 0.25 and old > 0.0 and drop >= 0.0:
            # towards upstream values as the flow becomes supercritical
            weight = 0.0 if froude2 >= 1.0 else 2.0 * (1.0 - np.sqrt(froude2))
            area = end_1 + (area - end_1) * weight
            factor = factor_1 + (factor - factor_1) * weight
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
        damping += braking * per_length
        per_damping = 1.0 / (1.0 + dt_s * damping)
        push = (stiffness * drop + push * per_length) * dt_s
        new = (old + push + jump) * per_damping
        follows = dt_s * stiffness * per_damping * barrels * setting[link]
        # where Manning's flow at the upstream depth is supercritical, nothing downstream is felt
        # upstream and it is the most that can run; a deep pool below must not widen the mean area
        if new > 0.0 and slope > 0.0 and inside_1 < full and (depth_1 < depth_2 or froude2 >= 1.0):
            normal = factor_1 * slope / roughness
            supercritical = normal * normal * width_1 >= GRAVITY * end_1 * end_1 * end_1
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
