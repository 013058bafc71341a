"""Infiltration into the pervious part of a subcatchment: five methods, one row of state each.

Parameters and states are rows of (S, 6) arrays. Each method answers two questions. ``capacity``: how much could infiltrate over the step, at most
(m), given the water there is; ``commit``: the state after so much really did. The step's capacity
is integrated exactly, so results do not depend on the step beyond the assumption that rain and
ponded depth are constant over it.

Formulas: EPA SWMM reference manual volume I, chapter 4 (Horton; modified Horton after Akan 1992;
Green-Ampt after Mein and Larson 1973; curve number after the NRCS), including its recovery in dry
time. Two deviations: modified Horton stops at the maximum volume when it is reached (SWMM 5.2
stops after the first wet step), and infiltration that runs out of water within a step takes its
share alongside runoff, not before it.

Depths are in m, times in s. Columns of a row, by method:

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
from numba import njit
from numpy.typing import NDArray

from sim.drainage.elements import CurveNumber, GreenAmpt, Horton

Array = NDArray[np.float64]
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


@njit(cache=True)
def _constant(p: Array, j: int) -> bool:
    """Whether the capacity does not decay, in which case it stays at f0 for ever, as in SWMM."""
    return bool(p[j, 0] <= p[j, 1] or p[j, 2] == 0.0)


@njit(cache=True)
def _horton_capacity(p: Array, x: Array, j: int, dt: float, fresh: float) -> float:
    if _constant(p, j):
        return float(p[j, 0] * dt)
    volume = p[j, 1] * dt + (p[j, 0] - p[j, 1]) / p[j, 2] * x[j, 0] * (1.0 - fresh)
    if p[j, 4] > 0.0:
        volume = min(volume, max(p[j, 4] - x[j, 1], 0.0))
    return float(volume)


@njit(cache=True)
def _horton_commit(
    p: Array, x: Array, j: int, dt: float, volume: float, ponded: bool, fresh: float
) -> None:
    if _constant(p, j):
        return
    x[j, 1] += volume
    if ponded:
        x[j, 0] *= fresh
        return
    # The curve is walked by volume: find the time that takes as much as has infiltrated. The
    # volume is a concave function of time, so Newton's steps from the left never overshoot.
    k = p[j, 2]
    fast = (p[j, 0] - p[j, 1]) * x[j, 0]
    t = 0.0
    decayed = 1.0
    for _ in range(30):
        rate = p[j, 1] + fast * decayed
        if rate <= 0.0:
            break
        move = (volume - p[j, 1] * t - fast / k * (1.0 - decayed)) / rate
        t += move
        decayed = math.exp(-k * t)
        if abs(move) <= 1e-8 * dt:
            break
    x[j, 0] *= max(decayed, fresh)


@njit(cache=True)
def _horton_dry(p: Array, x: Array, j: int, dry: float) -> None:
    x[j, 0] = 1.0 - dry * (1.0 - x[j, 0])
    if p[j, 4] > 0.0 and not _constant(p, j):
        k = p[j, 2]
        on_curve = -math.log(max(x[j, 0], 1e-300)) / k
        x[j, 1] = p[j, 1] * on_curve + (p[j, 0] - p[j, 1]) / k * (1.0 - x[j, 0])


# --- modified Horton: capacity falls with the volume infiltrated in excess of f_min ------------


@njit(cache=True)
def _modified_horton_capacity(p: Array, x: Array, j: int, dt: float, fresh: float) -> float:
    if _constant(p, j):
        return float(p[j, 0] * dt)
    if p[j, 4] > 0.0 and x[j, 0] >= p[j, 4]:
        return 0.0
    room = max((p[j, 0] - p[j, 1]) / p[j, 2] - x[j, 0], 0.0)
    return float(p[j, 1] * dt + room * (1.0 - fresh))


@njit(cache=True)
def _modified_horton_commit(p: Array, x: Array, j: int, dt: float, volume: float) -> None:
    x[j, 0] += max(volume - p[j, 1] * dt, 0.0)
    if p[j, 4] > 0.0:
        x[j, 0] = min(x[j, 0], p[j, 4])


# --- Green-Ampt ----------------------------------------------------------------------------


@njit(cache=True)
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
    return float(max(f, start + grown))


@njit(cache=True)
def _green_ampt_capacity(
    p: Array, x: Array, j: int, dt: float, inflow: float, depth: float, modified: bool
) -> float:
    """Volume that can infiltrate; sets the saturation flag and the event clock on the way."""
    available = inflow + depth / dt
    head = (p[j, 0] + depth) * x[j, 0]
    if x[j, 3] > 0.0:
        x[j, 4] = p[j, 5]
        return green_ampt_volume(x[j, 1], head, p[j, 1], dt) - x[j, 1]
    if available <= p[j, 1]:
        if not modified and x[j, 4] <= 0.0:
            # A low rain after the gap starts a new event (original method only).
            x[j, 0] = max(p[j, 2] * p[j, 3] - min(x[j, 2] + available * dt, p[j, 2] * p[j, 3]), 0.0) / p[j, 3]
            x[j, 1] = -available * dt
        return available * dt
    x[j, 4] = p[j, 5]
    ponding = p[j, 1] * head / (available - p[j, 1])
    if x[j, 1] > ponding:
        x[j, 3] = 1.0
        return green_ampt_volume(x[j, 1], head, p[j, 1], dt) - x[j, 1]
    if x[j, 1] + available * dt < ponding:
        return available * dt
    # The surface saturates within the step.
    x[j, 3] = 1.0
    left = max(dt - (ponding - x[j, 1]) / available, 0.0)
    return min(green_ampt_volume(ponding, head, p[j, 1], left), ponding + available * left) - x[j, 1]


@njit(cache=True)
def _green_ampt_commit(p: Array, x: Array, j: int, volume: float, ponded: bool) -> None:
    x[j, 1] = max(x[j, 1] + volume, 0.0)
    x[j, 2] = min(x[j, 2] + volume, p[j, 2] * p[j, 3])
    if not ponded:
        x[j, 3] = 0.0


@njit(cache=True)
def _green_ampt_dry(p: Array, x: Array, j: int, dt: float) -> None:
    x[j, 3] = 0.0
    if x[j, 2] <= 0.0:
        return
    lost = p[j, 4] * p[j, 2] * p[j, 3] * dt
    x[j, 1] = max(x[j, 1] - lost, 0.0)
    x[j, 2] -= lost
    if x[j, 2] <= 0.0:
        x[j, 0] = p[j, 2]
        x[j, 1] = 0.0
        x[j, 2] = 0.0
    elif x[j, 4] <= 0.0:
        x[j, 0] = (p[j, 2] * p[j, 3] - x[j, 2]) / p[j, 3]
        x[j, 1] = 0.0


# --- curve number --------------------------------------------------------------------------


@njit(cache=True)
def _curve_number_capacity(p: Array, x: Array, j: int, dt: float, rain: float, ponded: float) -> float:
    if rain > NO_WATER:
        if x[j, 3] >= p[j, 2]:
            x[j, 1] = 0.0
            x[j, 2] = 0.0
            x[j, 4] = x[j, 0]
        x[j, 3] = 0.0
        x[j, 1] += rain * dt
        if x[j, 0] <= 0.0 or x[j, 1] + x[j, 4] <= 0.0:
            return 0.0
        return float(max(x[j, 1] * x[j, 4] / (x[j, 1] + x[j, 4]) - x[j, 2], 0.0))
    if ponded > _NO_PONDING and x[j, 0] > 0.0:
        return float(min(x[j, 5] * dt, x[j, 0]))
    x[j, 3] += dt
    return 0.0


@njit(cache=True)
def _curve_number_commit(p: Array, x: Array, j: int, dt: float, volume: float) -> None:
    if volume > 0.0:
        x[j, 2] += volume
        x[j, 0] = max(x[j, 0] - volume, 0.0)
    else:
        x[j, 0] = min(x[j, 0] + p[j, 1] * p[j, 0] * dt, p[j, 0])
    x[j, 5] = volume / dt


# --- one entrance for all ------------------------------------------------------------------


@njit(cache=True)
def step_factors(method: Indices, p: Array, dt: float, factors: Array) -> None:
    """Fill (S, 2): what a step of `dt` leaves of the decaying part when wet, and when dry."""
    for j in range(len(method)):
        if method[j] == HORTON or method[j] == MODIFIED_HORTON:
            factors[j, 0] = math.exp(-p[j, 2] * dt)
            factors[j, 1] = math.exp(-p[j, 3] * dt)


@njit(cache=True)
def capacity(
    method: int, p: Array, x: Array, j: int, factors: Array, dt: float, rain: float,
    runon: float, depth: float,
) -> float:  # fmt: skip
    """Volume (m) that can infiltrate over `dt` in subcatchment `j`; never negative.

    ``rain`` and ``runon`` are rates in m/s, ``depth`` the ponded depth in m at the step's start.
    Must be followed by `commit`.
    """
    if method == CURVE_NUMBER:
        return _curve_number_capacity(p, x, j, dt, rain, depth + runon * dt)
    if method == GREEN_AMPT or method == MODIFIED_GREEN_AMPT:
        x[j, 4] -= dt
    inflow = rain + runon
    if inflow + depth / dt <= NO_WATER:
        return 0.0
    if method == HORTON:
        return _horton_capacity(p, x, j, dt, factors[j, 0])
    if method == MODIFIED_HORTON:
        return _modified_horton_capacity(p, x, j, dt, factors[j, 0])
    return _green_ampt_capacity(p, x, j, dt, inflow, depth, method == MODIFIED_GREEN_AMPT)


@njit(cache=True)
def commit(
    method: int, p: Array, x: Array, j: int, factors: Array, dt: float, volume: float,
    wet: bool, ponded: bool,
) -> None:  # fmt: skip
    """Move the state on by a step in which `volume` (m) infiltrated.

    ``wet``: there was water to infiltrate; ``ponded``: there was at least as much as could.
    """
    if method == CURVE_NUMBER:
        _curve_number_commit(p, x, j, dt, volume)
    elif method == HORTON:
        if wet:
            _horton_commit(p, x, j, dt, volume, ponded, factors[j, 0])
        else:
            _horton_dry(p, x, j, factors[j, 1])
    elif method == MODIFIED_HORTON:
        if wet:
            _modified_horton_commit(p, x, j, dt, volume)
        else:
            x[j, 0] *= factors[j, 1]
    elif wet:
        _green_ampt_commit(p, x, j, volume, ponded)
    else:
        _green_ampt_dry(p, x, j, dt)
