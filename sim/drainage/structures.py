"""Flow through pumps, orifices, weirs and rated outlets over one step (compiled).

Formulas: Rossman, "SWMM Reference Manual II: Hydraulics" (2017), chapter 6. Where a structure
drains a small node its flow is found implicitly for the pair of levels it joins, so that a step
never overshoots the level that would stop it.
"""

from __future__ import annotations

import numpy as np

from sim.drainage.conduit import GRAVITY
from sim.drainage.plant import INNER, ORIFICE, OUTLET, PUMP, Plant, State
from sim.kernel.compiled import compiled


@compiled
def _lookup(plant: Plant, link: int, x: float, steps: bool) -> float:
    """Read a curve at `x`: linear between points or the step that `x` has not passed; flat ends."""
    first, last = plant.curve_start[link], plant.curve_start[link + 1] - 1
    if x <= plant.curve_x[first]:
        return plant.curve_y[first]
    for k in range(first + 1, last + 1):
        if x < plant.curve_x[k]:
            if steps:
                return plant.curve_y[k]
            f = (x - plant.curve_x[k - 1]) / (plant.curve_x[k] - plant.curve_x[k - 1])
            return plant.curve_y[k - 1] + f * (plant.curve_y[k] - plant.curve_y[k - 1])
    return plant.curve_y[last]


@compiled
def _rated(plant: Plant, link: int, head_m: float) -> float:
    if head_m <= 0.0:
        return 0.0
    first, last = plant.curve_start[link], plant.curve_start[link + 1]
    if last == first:
        return plant.coefficient[link] * head_m ** plant.coefficient_2[link]
    if head_m < plant.curve_x[first]:
        return plant.curve_y[first] * head_m / plant.curve_x[first]
    return _lookup(plant, link, head_m, False)


@compiled
def pump_flow(plant: Plant, state: State, link: int, level_1_m: float, level_2_m: float) -> float:
    """Return what a pump passes at these levels, m3/s; availability is limited by the caller."""
    speed = state.setting[link]
    if speed <= 0.0:
        return 0.0
    n1 = plant.node_1[link]
    form = plant.form[link]
    if form == 0:
        return max(state.net_m3s[n1] + state.flow_m3s[link], 0.0)
    depth = state.depth_m[n1]
    if form == 1:
        return _lookup(plant, link, state.volume_m3[n1], True) * speed
    if form == 2:
        return _lookup(plant, link, depth, True) * speed
    if form == 4:
        return _lookup(plant, link, depth, False) * speed
    lift = level_2_m - level_1_m
    if form == 5:
        return _lookup(plant, link, lift / (speed * speed), False) * speed
    return _lookup(plant, link, lift, False) * speed


@compiled
def _orifice(plant: Plant, link: int, high_m: float, low_m: float, opening: float) -> float:
    crest = plant.invert_m[plant.node_1[link]] + plant.offset_1_m[link]
    height = plant.opening_m[link] * opening
    side, circular = plant.form[link] < 2, plant.form[link] % 2 == 0
    if height <= 0.0 or high_m <= crest:
        return 0.0
    whole = plant.opening_m[link]
    if circular:
        # segment of a circle filled to the height that the gate leaves open
        half_angle = np.arccos(min(max(1.0 - 2.0 * height / whole, -1.0), 1.0))
        area = whole * whole / 4.0 * (half_angle - np.sin(half_angle) * np.cos(half_angle))
        perimeter = np.pi * whole
        if not side:
            area = np.pi / 4.0 * whole * whole * opening
    else:
        area = height * plant.crest_length_m[link]
        perimeter = 2.0 * (height + plant.crest_length_m[link])
    full = plant.coefficient[link] * area * np.sqrt(2.0 * GRAVITY)
    if side:
        critical, middle = height, crest + height / 2.0
    else:
        critical, middle = plant.coefficient[link] / 0.414 * area / perimeter, crest
    filled = (high_m - crest) / critical
    if filled < 1.0:
        # an opening that is not submerged acts as a weir that meets the orifice at its crown
        scale = full * np.sqrt(critical / 2.0 if side else critical)
        flow = scale * filled**1.5
        if low_m > crest:
            flow *= (1.0 - ((low_m - crest) / (high_m - crest)) ** 1.5) ** 0.385
        return flow
    return full * np.sqrt(max(high_m - max(low_m, middle), 0.0))


@compiled
def _weir_free(plant: Plant, link: int, head_m: float, forward: bool) -> float:
    form = plant.form[link]
    width = plant.crest_length_m[link]
    width = max(width - 0.1 * plant.contractions[link] * head_m, 0.0)
    c = plant.coefficient[link]
    if form == 1 and forward:
        return c * width**0.83 * head_m**1.67
    if form == 2:
        return c * plant.coefficient_2[link] * head_m**2.5
    if form == 3:
        return c * width * head_m**1.5 + plant.coefficient_2[link] * head_m**2.5
    return c * width * head_m**1.5


@compiled
def _weir(
    plant: Plant, link: int, high_m: float, low_m: float, opening: float, forward: bool
) -> float:
    base = plant.invert_m[plant.node_1[link]] + plant.offset_1_m[link]
    crest = base + (1.0 - opening) * plant.opening_m[link]
    top = base + plant.opening_m[link]
    if high_m <= crest or top <= crest:
        return 0.0
    if high_m > top and plant.surcharges[link] == 1:
        height = top - crest
        full = _weir_free(plant, link, height, forward) / np.sqrt(height / 2.0)
        return full * np.sqrt(max(high_m - max(low_m, (top + crest) / 2.0), 0.0))
    head = min(high_m, top) - crest
    flow = _weir_free(plant, link, head, forward)
    if low_m > crest:
        form = plant.form[link]
        power = 2.5 if form == 2 else (1.67 if form == 1 and forward else 1.5)
        ratio = min((low_m - crest) / head, 1.0)
        flow *= (1.0 - ratio**power) ** 0.385
    return flow


@compiled
def structure_flow(
    plant: Plant, state: State, link: int, level_1_m: float, level_2_m: float, dt_s: float
) -> float:
    """Return the flow of an orifice, weir or outlet over a step, m3/s (negative: backwards)."""
    kind = plant.kind[link]
    n1, n2 = plant.node_1[link], plant.node_2[link]
    old = state.flow_m3s[link]
    opening = state.setting[link]
    if opening <= 0.0:
        return 0.0
    # levels at the step's end as they would be without this link
    area_1 = plant.table_area_m2[state.cell[n1]] if plant.bound[n1] == INNER else np.inf
    area_2 = plant.table_area_m2[state.cell[n2]] if plant.bound[n2] == INNER else np.inf
    rise_1 = dt_s * (state.net_m3s[n1] + old) / area_1
    rise_2 = dt_s * (state.net_m3s[n2] - old) / area_2
    level_1, level_2 = level_1_m + rise_1, level_2_m + rise_2
    if kind == OUTLET:
        crest = plant.invert_m[n1] + plant.offset_1_m[link]
        floor = crest if plant.form[link] == 0 else max(level_2, crest)
        head = level_1 - floor
        flow = _rated(plant, link, head) * opening
        sign, driving = 1.0, head
    else:
        sign = 1.0 if level_1 >= level_2 else -1.0
        high, low = max(level_1, level_2), min(level_1, level_2)
        if sign * plant.flap[link] < 0.0:
            return 0.0
        if kind == ORIFICE:
            flow = _orifice(plant, link, high, low, opening)
        else:
            flow = _weir(plant, link, high, low, opening, sign > 0.0)
        crest = plant.invert_m[n1] + plant.offset_1_m[link]
        driving = high - max(low, crest)
    if flow <= 0.0 or driving <= 0.0:
        return 0.0
    # q = c sqrt(driving - dt q (1/A1 + 1/A2)), solved for q
    c2 = flow * flow / driving
    slack = 0.5 * c2 * dt_s * (1.0 / area_1 + 1.0 / area_2)
    return sign * (np.sqrt(slack * slack + flow * flow) - slack)


@compiled
def link_flow(
    plant: Plant, state: State, link: int, level_1_m: float, level_2_m: float, dt_s: float
) -> float:
    """Return the flow of any link that is not a conduit, m3/s."""
    if plant.kind[link] == PUMP:
        return pump_flow(plant, state, link, level_1_m, level_2_m)
    return structure_flow(plant, state, link, level_1_m, level_2_m, dt_s)


