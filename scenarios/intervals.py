"""Intervals for shares and quantiles of a small sample, some of which may be censored.

A censored value, one that is only known to be larger than what was observed, is infinity here. It
counts: order statistics need no more of it than that it comes last.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A figure and its interval; infinity means beyond what was observed."""

    value: float
    low: float
    high: float


def wilson(met: int, of: int, confidence: float = CONFIDENCE) -> Estimate:
    """Return the share ``met / of`` with Wilson's score interval.

    The interval solves ``(p - met/of)^2 = z^2 p (1 - p) / of`` (Wilson 1927, J. Am. Stat. Assoc.
    22, 209-212), so it stays within 0 and 1 and has a width even when all or none met.

    Raises
    ------
    ValueError
        If there is nothing to count, or more met than there are.
    """
    if not 0 <= met <= of or of < 1:
        raise ValueError(f"{met} of {of} is no share")
    z2 = _z(confidence) ** 2
    share = met / of
    centre = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = math.sqrt(z2 * share * (1 - share) / of + (z2 / (2 * of)) ** 2) / (1 + z2 / of)
    low = 0.0 if met == 0 else max(centre - half, 0.0)
    high = 1.0 if met == of else min(centre + half, 1.0)
    return Estimate(share, low, high)


def quantile(
    values: Sequence[float], probability: float, confidence: float = CONFIDENCE
) -> Estimate:
    """Return a quantile with a distribution-free interval between two order statistics.

    The value is the smallest with at least that share at or under it (the inverse of the
    empirical distribution). Of n independent values the r-th smallest is at or under the true
    quantile with the binomial probability ``P(B >= r)``, B of n with the quantile's probability;
    each side of the interval misses with at most half of what `confidence` leaves (David and
    Nagaraja 2003, "Order Statistics", 7.1). With too few values for that, a side is open: minus
    infinity or infinity.

    Parameters
    ----------
    values
        (n,), n at least 1, in any order; infinity for a censored value.

    Raises
    ------
    ValueError
        If there is no value, one is NaN, or the probability is not inside 0 and 1.
    """
    from scipy.stats import binom

    ordered = sorted(values)
    count = len(ordered)
    if not count or any(math.isnan(v) for v in ordered) or not 0.0 < probability < 1.0:
        raise ValueError("a quantile needs numbers and a probability inside 0 and 1")
    # Rounding must not push a rank past an exact multiple such as 0.95 * 20.
    rank = max(math.ceil(probability * count - 1e-9), 1)
    tail = (1.0 - confidence) / 2.0
    at_most = [float(p) for p in binom.cdf(range(count + 1), count, probability)]
    # low: the largest r with P(B <= r - 1) <= tail; high: the smallest s with P(B >= s) <= tail
    low = max((r for r in range(1, count + 1) if at_most[r - 1] <= tail), default=0)
    high = min((s for s in range(1, count + 1) if 1.0 - at_most[s - 1] <= tail), default=count + 1)
    return Estimate(
        ordered[rank - 1],
        ordered[low - 1] if low else -math.inf,
        ordered[high - 1] if high <= count else math.inf,
    )


def band(count: int, confidence: float = CONFIDENCE) -> float:
    """Return the half width of a band that holds a whole distribution function.

    ``sqrt(ln(2 / alpha) / 2 n)``: Dvoretzky, Kiefer and Wolfowitz with Massart's constant (1990).
    """
    if count < 1:
        raise ValueError("no values")
    return math.sqrt(math.log(2.0 / (1.0 - confidence)) / (2.0 * count))


def _z(confidence: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(0.5 + confidence / 2.0))
