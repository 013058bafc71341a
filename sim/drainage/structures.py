"""Flow through pumps, orifices, weirs and rated outlets over one step (compiled).

Formulas: Rossman, "SWMM Reference Manual II: Hydraulics" (2017), chapter 6. Where a structure
drains a small node its flow is found implicitly for the pair of levels it joins, so that a step
never overshoots the level that would stop it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.drainage.conduit import GRAVITY
from sim.drainage.link_rows import ORIFICE, OUTLET, PUMP
from sim.drainage.plant import INNER, Floats, Plant, State
from sim.kernel.compiled import compiled

_NO_FEEDBACK_M = 1e-5  # a flow that moves its levels less than this in a step is taken as it is
_FOLLOWS_S = 10.0  # in which an ideal pump takes what it left behind
_TURNS_M = 1e-3  # level difference over which a drowned rated outlet turns its flow


class _Structure(NamedTuple):
    """One orifice, weir or outlet; numbers cost a compiled call less than all of a plant."""

    kind: int
    form: int
    flap: int
    surcharges: int
    crest_m: float  # level of the bottom of its opening
    opening_m: float
    crest_length_m: float
    coefficient: float
    coefficient_2: float
    contractions: float
    curve_x: Floats
    curve_y: Floats


@compiled
def _structure(plant: Plant, link: int) -> _Structure:
    first, last = plant.curve_start[link], plant.curve_start[link + 1]
    return _Structure(
        plant.kind[link], plant.form[link], plant.flap[link], plant.surcharges[link],
        plant.invert_m[plant.node_1[link]] + plant.offset_1_m[link],
        plant.opening_m[link], plant.crest_length_m[link], plant.coefficient[link],
        plant.coefficient_2[link], plant.contractions[link],
        plant.curve_x[first:last], plant.curve_y[first:last],
    )  # fmt: skip


@compiled
def _read(xs: Floats, ys: Floats, x: float, steps: bool) -> float:
    """Read a curve at `x`: linear between points or the step that `x` has not passed; flat ends."""
    if x <= xs[0]:
        return ys[0]
    for k in range(1, xs.size):
        if x < xs[k]:
            if steps:
                return ys[k]
            f = (x - xs[k - 1]) / (xs[k] - xs[k - 1])
            return ys[k - 1] + f * (ys[k] - ys[k - 1])
    return ys[-1]


@compiled
def _lookup(plant: Plant, link: int, x: float, steps: bool) -> float:
    first, last = plant.curve_start[link], plant.curve_start[link + 1]
    return _read(plant.curve_x[first:last], plant.curve_y[first:last], x, steps)


@compiled
def _rated(of: _Structure, head_m: float) -> float:
    if head_m <= 0.0:
        return 0.0
    if of.curve_x.size == 0:
        return of.coefficient * head_m**of.coefficient_2
    return _read(of.curve_x, of.curve_y, head_m, False)


@compiled
def _ideal_flow(plant: Plant, state: State, link: int, dt_s: float) -> float:
    """Return what arrives at the pump's node in this step, m3/s.

    The conduits' flows are this step's, since structures come after them. What a step leaves
    behind in a junction, above what it was to keep (`plant.coefficient`, m3), follows soon after.
    """
    n1 = plant.node_1[link]
    arrives = max(state.lateral_m3s[n1], 0.0)
    for other in range(plant.kind.size):
        if plant.node_2[other] == n1:
            arrives += max(state.flow_m3s[other], 0.0)
        elif plant.node_1[other] == n1 and other != link:
            arrives += max(-state.flow_m3s[other], 0.0)
    left = max(state.volume_m3[n1] - plant.coefficient[link], 0.0)
    return arrives + left / max(dt_s, _FOLLOWS_S)


@compiled
def pump_flow(
    plant: Plant, state: State, link: int, level_1_m: float, level_2_m: float, dt_s: float
) -> float:
    """Return what a pump passes at these levels, m3/s; availability is limited by the caller."""
    speed = state.setting[link]
    if speed <= 0.0:
        return 0.0
    n1 = plant.node_1[link]
    form = plant.form[link]
    if form == 0:
        return _ideal_flow(plant, state, link, dt_s) * speed
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
def _orifice(of: _Structure, high_m: float, low_m: float, opening: float) -> float:
    crest = of.crest_m
    height = of.opening_m * opening
    side, circular = of.form < 2, of.form % 2 == 0
    if height <= 0.0 or high_m <= crest:
        return 0.0
    whole = of.opening_m
    if circular:
        # segment of a circle filled to the height that the gate leaves open
        half_angle = np.arccos(min(max(1.0 - 2.0 * height / whole, -1.0), 1.0))
        area = whole * whole / 4.0 * (half_angle - np.sin(half_angle) * np.cos(half_angle))
        radius = height / 4.0  # of the opening, as of a circle of its height
    else:
        area = height * of.crest_length_m
        radius = area / (2.0 * (height + of.crest_length_m))
    full = of.coefficient * area * np.sqrt(2.0 * GRAVITY)
    if side:
        critical, middle = height, crest + height / 2.0
    else:
        critical, middle = of.coefficient / 0.414 * radius, crest
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
def _weir_free(of: _Structure, head_m: float, opening: float, forward: bool) -> tuple[float, float]:
    """Return the free flow over a weir's middle and over its sloping ends, m3/s.

    A gate raises the crest, so that a notch partly closed has a level crest as wide as the notch
    is there, and ends like a trapezoid's.
    """
    form = of.form
    width = of.crest_length_m
    c = of.coefficient
    if form >= 2:
        slope = of.contractions  # these forms have no end contractions
        if form == 2 and opening >= 1.0:
            return c * slope * head_m**2.5, 0.0
        width += 2.0 * slope * (1.0 - opening) * of.opening_m
        return c * width * head_m**1.5, of.coefficient_2 * slope * head_m**2.5
    width = max(width - 0.1 * of.contractions * head_m, 0.0)
    if form == 1 and forward:
        return c * width**0.83 * head_m**1.67, 0.0
    return c * width * head_m**1.5, 0.0


@compiled
def _weir(of: _Structure, high_m: float, low_m: float, opening: float, forward: bool) -> float:
    base = of.crest_m
    crest = base + (1.0 - opening) * of.opening_m
    top = base + of.opening_m
    if high_m <= crest or top <= crest:
        return 0.0
    if high_m > top and of.surcharges == 1:
        height = top - crest
        # the orifice that meets the weir at its top, in whichever direction it runs
        middle, ends = _weir_free(of, height, opening, True)
        full = (middle + ends) / np.sqrt(height / 2.0)
        return full * np.sqrt(max(high_m - max(low_m, (top + crest) / 2.0), 0.0))
    middle, ends = _weir_free(of, min(high_m, top) - crest, opening, forward)
    if low_m > crest:
        form = of.form
        power = 2.5 if form == 2 else (5.0 / 3.0 if form == 1 else 1.5)
        ratio = (low_m - crest) / (high_m - crest)
        middle *= (1.0 - ratio**power) ** 0.385
        ends *= (1.0 - ratio**2.5) ** 0.385
    return middle + ends


@compiled
def _outlet(of: _Structure, high_m: float, low_m: float) -> float:
    """Return what a rated outlet passes from the higher to the lower level, m3/s."""
    crest = of.crest_m
    if of.form != 0:
        return _rated(of, high_m - max(low_m, crest))
    flow = _rated(of, high_m - crest)
    if low_m > crest:
        # the rating knows no level difference: equal levels exchange nothing
        flow *= min((high_m - low_m) / _TURNS_M, 1.0)
    return flow


@compiled
def _formula(of: _Structure, level_1_m: float, level_2_m: float, opening: float) -> float:
    """Return the flow at two given levels, negative when it runs backwards."""
    forward = level_1_m >= level_2_m
    sign = 1.0 if forward else -1.0
    if sign * of.flap < 0.0:
        return 0.0
    high, low = max(level_1_m, level_2_m), min(level_1_m, level_2_m)
    if of.kind == OUTLET:
        return sign * _outlet(of, high, low) * opening
    if of.kind == ORIFICE:
        return sign * _orifice(of, high, low, opening)
    return sign * _weir(of, high, low, opening, forward)


@compiled
def structure_flow(
    plant: Plant, state: State, link: int, level_1_m: float, level_2_m: float, dt_s: float
) -> float:
    """Return the flow of an orifice, weir or outlet over a step, m3/s (negative: backwards).

    The flow q is the formula's at the levels that q itself leaves in the course of the step.
    """
    n1, n2 = plant.node_1[link], plant.node_2[link]
    opening = state.setting[link]
    if opening <= 0.0:
        return 0.0
    of = _structure(plant, link)
    # how far each m3/s moves the levels, and how far the other links' flows will
    per_1 = per_2 = rise_1 = rise_2 = 0.0
    old = state.flow_m3s[link]
    if plant.bound[n1] == INNER:
        per_1 = dt_s / plant.table_area_m2[state.cell[n1]]
        rise_1 = per_1 * (state.net_m3s[n1] + old)
    if plant.bound[n2] == INNER:
        per_2 = dt_s / plant.table_area_m2[state.cell[n2]]
        rise_2 = per_2 * (state.net_m3s[n2] - old)
    end_1, end_2 = level_1_m + rise_1, level_2_m + rise_2
    first = _formula(of, end_1, end_2, opening)
    moves_m = abs(first) * (per_1 + per_2)
    if moves_m < _NO_FEEDBACK_M:
        return first
    # the mean level of the step where levels move little, its last level where they move much
    high, low = max(end_1, end_2), max(min(end_1, end_2), of.crest_m)
    weight = 0.5 + 0.5 * min(moves_m / max(high - low, moves_m), 1.0)
    level_1_m += weight * rise_1
    level_2_m += weight * rise_2
    per_1, per_2 = weight * per_1, weight * per_2
    # the residual formula(q) - q falls from the first to the second of these: regula falsi
    q_low, q_high = 0.0, _formula(of, level_1_m, level_2_m, opening)
    at_low = q_high
    at_high = _formula(of, level_1_m - per_1 * q_high, level_2_m + per_2 * q_high, opening) - q_high
    q = q_high
    for _ in range(50):
        if at_high == at_low:
            break
        q = q_high - at_high * (q_high - q_low) / (at_high - at_low)
        rest = _formula(of, level_1_m - per_1 * q, level_2_m + per_2 * q, opening) - q
        if abs(rest) <= 1e-9 * abs(q) + 1e-12:
            break
        if rest * at_high < 0.0:
            q_low, at_low = q_high, at_high
        else:
            at_low *= 0.5  # Illinois: keeps both ends moving
        q_high, at_high = q, rest
    return q


@compiled
def link_flow(
    plant: Plant, state: State, link: int, level_1_m: float, level_2_m: float, dt_s: float
) -> float:
    """Return the flow of any link that is not a conduit, m3/s."""
    if plant.kind[link] == PUMP:
        return pump_flow(plant, state, link, level_1_m, level_2_m, dt_s)
    return structure_flow(plant, state, link, level_1_m, level_2_m, dt_s)
