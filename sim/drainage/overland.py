"""Depth of water on one surface over a step: rain in, infiltration and Manning sheet flow out.

SWMM's nonlinear reservoir (EPA SWMM reference manual volume I, chapter 3): above the depression
storage ``s`` a surface drains at ``a (d - s)**(5/3)``, with ``a = W sqrt(S) / (n A)``. With
constant rain and infiltration over the step this is a scalar equation,
``x' = q - a x**(5/3)`` for ``x = d - s``.
"""

from __future__ import annotations

import math

import numpy as np

from sim.kernel.compiled import compiled

# Largest third-order correction accepted in one step: absolute (m) and relative to the depth.
# The error left after it is about half of that (measured over random cases against LSODA), and
# does not grow from step to step, because neighbouring depths converge. SWMM allows 3e-5 m.
_ABSOLUTE_M = 1e-6
_RELATIVE = 2e-4

# Gauss-Legendre nodes and weights on [0, 1].
_X, _W = np.polynomial.legendre.leggauss(6)
_NODES = 0.5 * (_X + 1.0)
_WEIGHTS = 0.5 * _W


@compiled
def _power(x: float) -> float:
    """x**(2/3)."""
    root = np.cbrt(x)
    return float(root * root)


@compiled
def _time_to_empty(x: float, loss: float, a: float) -> float:
    """Time in which ``x' = -loss - a x**(5/3)`` falls from `x` to 0, when a x**(5/3) <= loss.

    The integral of dx / (loss + a x**(5/3)), in the variable cbrt(x), where it is smooth.
    """
    flow = a * x * _power(x)
    total = 0.0
    for k in range(len(_NODES)):
        r = _NODES[k]
        r2 = r * r
        total += _WEIGHTS[k] * 3.0 * r2 / (loss + flow * r2 * r2 * r)
    return x * total


@compiled
def drain(x: float, q: float, a: float, dt: float) -> tuple[float, float]:
    """Solve ``x' = q - a x**(5/3)`` from ``x >= 0`` until `dt` passes or, if q < 0, x is 0.

    Returns
    -------
    x, time left

    Two stages of an exponential Rosenbrock method of order 3 (Hochbruck, Ostermann & Schweitzer
    2009, exprb32), which keeps x positive and is stable for every step; the difference of its
    orders 2 and 3 sets the step.
    """
    if x <= 0.0 and q <= 0.0:
        return 0.0, dt
    left = dt
    h = dt
    while left > 0.0:
        p = _power(x)
        flow = a * x * p
        if q == 0.0:
            spread = 1.0 + 2.0 / 3.0 * a * p * left
            return x / (spread * math.sqrt(spread)), 0.0
        if q < 0.0 and flow <= -q:
            empty = _time_to_empty(x, -q, a)
            if empty <= left:
                return 0.0, left - empty
        h = min(h, left)
        z = 5.0 / 3.0 * a * p * h
        if z > 0.1:
            inverse = 1.0 / z
            phi1 = (1.0 - math.exp(-z)) * inverse
            phi3 = (0.5 - (1.0 - phi1) * inverse) * inverse
        else:
            # Series of (1 - exp(-z)) / z and of phi3, good to 1e-11 here.
            phi1 = 1.0 - z * (1 / 2 - z * (1 / 6 - z * (1 / 24 - z * (1 / 120 - z * (
                1 / 720 - z * (1 / 5040))))))  # fmt: skip
            phi3 = 1 / 6 - z * (1 / 24 - z * (1 / 120 - z * (1 / 720 - z * (1 / 5040 - z * (
                1 / 40320)))))  # fmt: skip
        change = h * phi1 * (q - flow)
        second = x + change
        if second <= 0.0:
            h *= 0.25
            continue
        allowed = _ABSOLUTE_M + _RELATIVE * x
        if abs(change) < 0.1 * x:
            # Binomial series of (1 + e)**(5/3) - 1 - 5/3 e, good to 1e-6 of itself.
            e = change / x
            bend = flow * e * e * (5.0 / 9.0 - e * (5.0 / 81.0 - e * (5.0 / 243.0 - e * (
                7.0 / 729.0 - e * 0.00533455))))  # fmt: skip
        else:
            bend = a * second * _power(second) - flow - 5.0 / 3.0 * a * p * change
        correction = 2.0 * h * phi3 * bend
        third = second - correction
        if third > 0.0 and correction <= allowed:
            x = min(third, x + q * h) if q > 0.0 else min(third, x)
            left -= h
            h = left
        else:
            ratio = 0.25 * allowed / max(abs(correction), 1e-300)
            h *= min(max(0.9 * np.cbrt(ratio), 0.1), 0.5)
    return x, 0.0
