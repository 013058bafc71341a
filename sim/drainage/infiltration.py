"""Infiltration into the pervious part of a subcatchment: five methods, one row of state each.

Each method answers two questions. `capacity`: how much could infiltrate over the step, at most
(m), given the water there is; `commit`: the state after so much really did. The step's capacity
is integrated exactly, so results do not depend on the step beyond the assumption that rain and
ponded depth are constant over it. Parameters and state are tuples of six, which the compiler
keeps in registers (arrays would cost more than the arithmetic).

Formulas: EPA SWMM reference manual volume I, chapter 4 (Horton; modified Horton after Akan 1992;
Green-Ampt after Mein and Larson 1973; curve number after the NRCS), including its recovery in dry
time. Two deviations: modified Horton stops at the maximum volume when it is reached (SWMM 5.2
stops after the first wet step), and infiltration that runs out of water within a step takes its
share alongside runoff, not before it.

Depths are in m, times in s. Places in the tuples, by method:

========  =======================  ===================================================
method    parameters               state
========  =======================  ===================================================
Horton    f0, f_min, k, k_dry,     0 exp(-k t), t the time on the curve; 1 volume
          max volume               infiltrated since dry
modified  the same                 0 volume infiltrated beyond f_min
Green-    suction, K, deficit,     0 deficit, 1 event volume, 2 upper-zone volume,
Ampt      zone depth, dry rate,    3 saturated (0 or 1), 4 time left to a new event
          event gap
curve     S_max, k_dry, event gap  0 capacity left, 1 event rain, 2 event infiltration,
number                             3 time since rain, 4 capacity at the event's start,
                                   5 last rate
========  =======================  ===================================================
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sim.drainage.elements import CurveNumber, GreenAmpt, Horton
from sim.kernel.compiled import compiled

Array = NDArray[np.float64]
Six = tuple[float, float, float, float, float, float]
Indices = NDArray[np.int64]

HORTON, MODIFIED_HORTON, GREEN_AMPT, MODIFIED_GREEN_AMPT, CURVE_NUMBER = range(5)
PARAMETERS = 6
STATES = 6

_MM_H = 1e-3 / 3600.0
_INCH = 0.0254
_DAY = 86400.0
# Below this rate (m/s) there is no water to infiltrate; below this depth (m) no ponding that a
# curve number would keep draining without rain (0.05 inch).
NO_WATER = 3e-11
_NO_PONDING = 0.05 * _INCH


def method_code(soil: Horton | GreenAmpt | CurveNumber) -> int:
    """The kernel's number for a method."""
    return {
        "horton": HORTON,
        "modified_horton": MODIFIED_HORTON,
        "green_ampt": GREEN_AMPT,
        "modified_green_ampt": MODIFIED_GREEN_AMPT,
        "curve_number": CURVE_NUMBER,
    }[soil.method]


def initial_rows(soil: Horton | GreenAmpt | CurveNumber) -> tuple[Array, Array]:
    """Parameter row (PARAMETERS,) and initial state row (STATES,) of `soil`, in m and s."""
    p = np.zeros(PARAMETERS)
    x = np.zeros(STATES)
    if isinstance(soil, Horton):
        # Drying time: 98 % of the capacity is back.
        dry = -math.log(0.02) / (soil.drying_time_d * _DAY)
        p[:5] = (soil.max_rate_mm_h * _MM_H, soil.min_rate_mm_h * _MM_H,
                 soil.decay_per_h / 3600.0, dry, soil.max_volume_mm * 1e-3)  # fmt: skip
        x[0] = 1.0 if soil.method == "horton" else 0.0
    elif isinstance(soil, GreenAmpt):
        # Upper zone 4 sqrt(K) inches deep, drains at sqrt(K)/75 of its volume per hour, and a new
        # event begins after 4.5/sqrt(K) hours, K in inches per hour.
        root = math.sqrt(soil.conductivity_mm_h / 25.4)
        p[:6] = (soil.suction_head_mm * 1e-3, soil.conductivity_mm_h * _MM_H,
                 soil.initial_deficit, 4.0 * _INCH * root, root / 75.0 / 3600.0,
                 4.5 * 3600.0 / root)  # fmt: skip
        x[0] = soil.initial_deficit
    else:
        capacity = (1000.0 / soil.curve_number - 10.0) * _INCH
        dry = 1.0 / (soil.drying_time_d * _DAY)
        p[:3] = (capacity, dry, 0.06 / dry)
        x[0] = x[4] = capacity
    return p, x


# --- Horton --------------------------------------------------------------------------------


@compiled
def _constant(p: Six) -> bool:
    """Whether the capacity does not decay, in which case it stays at f0 for ever, as in SWMM."""
    return p[0] <= p[1] or p[2] == 0.0


@compiled
def _horton_capacity(p: Six, x: Six, dt: float, fresh: float) -> float:
    if _constant(p):
        return p[0] * dt
    volume = p[1] * dt + (p[0] - p[1]) / p[2] * x[0] * (1.0 - fresh)
    if p[4] > 0.0:
        volume = min(volume, max(p[4] - x[1], 0.0))
    return volume


@compiled
def _horton_wet(p: Six, x: Six, dt: float, volume: float, ponded: bool, fresh: float) -> Six:
    if _constant(p):
        return x
    if ponded:
        return x[0] * fresh, x[1] + volume, x[2], x[3], x[4], x[5]
    # The curve is walked by volume: find the time that takes as much as has infiltrated. The
    # volume is a concave function of time, so Newton's steps from the left never overshoot.
    k = p[2]
    fast = (p[0] - p[1]) * x[0]
    t = 0.0
    decayed = 1.0
    for _ in range(30):
        rate = p[1] + fast * decayed
        if rate <= 0.0:
            break
        move = (volume - p[1] * t - fast / k * (1.0 - decayed)) / rate
        t += move
        decayed = math.exp(-k * t)
        if abs(move) <= 1e-8 * dt:
            break
    return x[0] * max(decayed, fresh), x[1] + volume, x[2], x[3], x[4], x[5]


@compiled
def _horton_dry(p: Six, x: Six, dry: float) -> Six:
    decayed = 1.0 - dry * (1.0 - x[0])
    volume = x[1]
    if p[4] > 0.0 and not _constant(p):
        time = -math.log(max(decayed, 1e-300)) / p[2]
        volume = p[1] * time + (p[0] - p[1]) / p[2] * (1.0 - decayed)
    return decayed, volume, x[2], x[3], x[4], x[5]


# --- modified Horton: capacity falls with the volume infiltrated in excess of f_min ------------


@compiled
def _modified_horton_capacity(p: Six, x: Six, dt: float, fresh: float) -> float:
    if _constant(p):
        return p[0] * dt
    room = max((p[0] - p[1]) / p[2] - x[0], 0.0)
    beyond = room * (1.0 - fresh)
    if p[4] > 0.0 and x[0] + beyond > p[4]:
        # The maximum is reached within the step, and infiltration stops there.
        last = p[4] - x[0]
        if last <= 0.0:
            return 0.0
        return last - p[1] * math.log1p(-last / room) / p[2]
    return p[1] * dt + beyond


@compiled
def _modified_horton_wet(
    p: Six, x: Six, dt: float, volume: float, ponded: bool, fresh: float
) -> Six:
    if ponded and not _constant(p):
        more = max((p[0] - p[1]) / p[2] - x[0], 0.0) * (1.0 - fresh)
    else:
        more = max(volume - p[1] * dt, 0.0)
    beyond = x[0] + more
    if p[4] > 0.0:
        beyond = min(beyond, p[4])
    return beyond, x[1], x[2], x[3], x[4], x[5]


# --- Green-Ampt ----------------------------------------------------------------------------


@compiled
def green_ampt_volume(start: float, head: float, conductivity: float, dt: float) -> float:
    """Cumulative infiltration after `dt` of ponding: ``F - F0 - h ln((F + h)/(F0 + h)) = K dt``.

    ``head`` h is (suction + ponded depth) times the moisture deficit. Newton's method from an
    upper bound, from where it falls monotonically onto the root.
    """
    grown = conductivity * dt
    if head <= 0.0:
        return start + grown
    f = grown + math.sqrt(start * start + 2.0 * head * grown)
    if start > 0.0:
        f = min(f, start + grown * (1.0 + head / start))
    if f <= 0.0:
        return start
    for _ in range(30):
        residual = f - start - head * math.log1p((f - start) / (start + head)) - grown
        move = residual * (f + head) / f
        f -= move
        # The error left is about the square of the last relative move.
        if abs(move) <= 1e-6 * f:
            break
    return max(f, start + grown)


@compiled
def _green_ampt_capacity(
    p: Six, x: Six, dt: float, inflow: float, depth: float, modified: bool
) -> tuple[float, Six]:
    """Volume that can infiltrate, and the state with its saturation flag and event clock set."""
    deficit, event, zone, saturated, clock, _ = x
    available = inflow + depth / dt
    head = (p[0] + depth) * deficit
    if saturated == 0.0 and available <= p[1]:
        volume = available * dt
        if not modified and clock <= 0.0:
            # A low rain after the gap begins a new event (original method only); the event
            # volume is 0 again after this step.
            deficit = max(p[2] * p[3] - (zone + volume), 0.0) / p[3]
            event = -volume
        return volume, (deficit, event, zone, 0.0, clock, 0.0)
    clock = p[5]
    if saturated == 0.0:
        ponding = p[1] * head / (available - p[1])
        if event + available * dt < ponding:
            return available * dt, (deficit, event, zone, 0.0, clock, 0.0)
        saturated = 1.0
        if event <= ponding:
            # The surface saturates within the step.
            left = max(dt - (ponding - event) / available, 0.0)
            volume = min(green_ampt_volume(ponding, head, p[1], left), ponding + available * left)
            return volume - event, (deficit, event, zone, saturated, clock, 0.0)
    volume = green_ampt_volume(event, head, p[1], dt) - event
    return volume, (deficit, event, zone, saturated, clock, 0.0)


@compiled
def _green_ampt_wet(p: Six, x: Six, volume: float, ponded: bool) -> Six:
    return (x[0], max(x[1] + volume, 0.0), min(x[2] + volume, p[2] * p[3]),
            x[3] if ponded else 0.0, x[4], 0.0)  # fmt: skip


@compiled
def _green_ampt_dry(p: Six, x: Six, dt: float) -> Six:
    deficit, event, zone, _, clock, _ = x
    if zone > 0.0:
        lost = p[4] * p[2] * p[3] * dt
        zone -= lost
        event = max(event - lost, 0.0)
        if zone <= 0.0:
            deficit, event, zone = p[2], 0.0, 0.0
        elif clock <= 0.0:
            deficit, event = (p[2] * p[3] - zone) / p[3], 0.0
    return deficit, event, zone, 0.0, clock, 0.0


# --- curve number --------------------------------------------------------------------------


@compiled
def _curve_number_capacity(
    p: Six, x: Six, dt: float, rain: float, ponded: float
) -> tuple[float, Six]:
    left, event_rain, taken, dry_time, at_start, rate = x
    volume = 0.0
    if rain > NO_WATER:
        if dry_time >= p[2]:
            event_rain, taken, at_start = 0.0, 0.0, left
        dry_time = 0.0
        event_rain += rain * dt
        if left > 0.0:
            volume = max(event_rain * at_start / (event_rain + at_start) - taken, 0.0)
    elif ponded > _NO_PONDING and left > 0.0:
        volume = min(rate * dt, left)
    else:
        dry_time += dt
    return volume, (left, event_rain, taken, dry_time, at_start, rate)


@compiled
def _curve_number_commit(p: Six, x: Six, dt: float, volume: float) -> Six:
    if volume > 0.0:
        left = max(x[0] - volume, 0.0)
    else:
        left = min(x[0] + p[1] * p[0] * dt, p[0])
    return left, x[1], x[2] + volume, x[3], x[4], volume / dt


# --- one entrance for all ------------------------------------------------------------------


@compiled
def step_factors(method: Indices, p: Array, dt: float, factors: Array) -> None:
    """Fill (S, 2): what a step of `dt` leaves of the decaying part when wet, and when dry."""
    for j in range(len(method)):
        if method[j] == HORTON or method[j] == MODIFIED_HORTON:
            factors[j, 0] = math.exp(-p[j, 2] * dt)
            factors[j, 1] = math.exp(-p[j, 3] * dt)


@compiled
def capacity(
    method: int, p: Six, x: Six, fresh: float, dt: float, rain: float, runon: float, depth: float
) -> tuple[float, Six]:
    """Volume (m, not negative) that can infiltrate over `dt`, and the state for `commit`.

    ``rain`` and ``runon`` are rates in m/s, ``depth`` the ponded depth in m at the step's start,
    ``fresh`` the first of the `step_factors`.
    """
    if method == CURVE_NUMBER:
        return _curve_number_capacity(p, x, dt, rain, depth + runon * dt)
    if method in (GREEN_AMPT, MODIFIED_GREEN_AMPT):
        x = (x[0], x[1], x[2], x[3], x[4] - dt, x[5])
    inflow = rain + runon
    if inflow + depth / dt <= NO_WATER:
        return 0.0, x
    if method == HORTON:
        return _horton_capacity(p, x, dt, fresh), x
    if method == MODIFIED_HORTON:
        return _modified_horton_capacity(p, x, dt, fresh), x
    return _green_ampt_capacity(p, x, dt, inflow, depth, method == MODIFIED_GREEN_AMPT)


@compiled
def commit(
    method: int, p: Six, x: Six, fresh: float, dry: float, dt: float, volume: float,
    wet: bool, ponded: bool,
) -> Six:  # fmt: skip
    """State after a step in which `volume` (m) infiltrated.

    ``wet``: there was water to infiltrate; ``ponded``: at least as much as could. ``fresh`` and
    ``dry`` are the `step_factors`.
    """
    if method == CURVE_NUMBER:
        return _curve_number_commit(p, x, dt, volume)
    if method == HORTON:
        if wet:
            return _horton_wet(p, x, dt, volume, ponded, fresh)
        return _horton_dry(p, x, dry)
    if method == MODIFIED_HORTON:
        if wet:
            return _modified_horton_wet(p, x, dt, volume, ponded, fresh)
        return x[0] * dry, x[1], x[2], x[3], x[4], x[5]
    if wet:
        return _green_ampt_wet(p, x, volume, ponded)
    return _green_ampt_dry(p, x, dt)
