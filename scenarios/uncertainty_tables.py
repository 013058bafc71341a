"""The figures of uncertainty and sensitivity as a reader sees them, in words and numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from scenarios.locale import Texts
from scenarios.sensitivity import Effect, Sensitivity
from scenarios.uncertainty import CITY, Distribution, Spread

MOST_ZONES = 12
SHOWN = (0.5, 0.9)
"""The quantiles of the table."""


def zones_shown(distributions: Sequence[Distribution], most: int = MOST_ZONES) -> int:
    """Return how many rows are worth showing: all that ever stood under water, up to `most`."""
    wet = sum(one.entity == CITY or one.hours[-1] > 0.0 for one in distributions)
    return max(min(wet, most + 1), 1)


def spread_heads(t: Texts) -> list[str]:
    """Return the heads of `spread_rows`."""
    quantiles = [t("uncertainty.quantile", percent=f"{100 * p:g}") for p in SHOWN]
    return [t("recession.zone"), t("recession.limit"), t("uncertainty.chance"), *quantiles,
            t("uncertainty.not_drained")]  # fmt: skip


def spread_rows(
    distributions: Sequence[Distribution],
    found: Spread,
    t: Texts,
    names: Mapping[str, str] | None = None,
) -> list[list[str]]:
    """Return a row per zone: name, limit, chance, quantiles, how often it had not drained."""
    rows = []
    for one in distributions:
        name = t("uncertainty.slowest") if one.entity == CITY else one.entity
        quantiles = [hours_text(one, p, found.observed_h) for p in SHOWN]
        rows.append([
            (names or {}).get(one.entity, name),
            "–" if one.limit_h is None else f"{one.limit_h:g}",
            chance_text(one), *quantiles, f"{one.not_drained} / {len(one.hours)}",
        ])  # fmt: skip
    return rows


def chance_text(one: Distribution) -> str:
    """Return the chance of meeting the limit with its interval, in percent."""
    if one.chance is None:
        return "–"
    share = one.chance.share
    return f"{100 * share.value:.0f} % ({100 * share.low:.0f}–{100 * share.high:.0f})"


def hours_text(one: Distribution, probability: float, observed_h: float) -> str:
    """Return a quantile in hours with its interval.

    What was not seen to end is longer than was observed; a side that too few replications leave
    open is a question mark.
    """
    estimate = one.quantiles[probability]
    low = "?" if math.isinf(estimate.low) and estimate.low < 0 else None
    high = "?" if math.isinf(estimate.high) and not one.not_drained else None
    ends = (low or _hours(estimate.low, observed_h), high or _hours(estimate.high, observed_h))
    return f"{_hours(estimate.value, observed_h)} ({ends[0]}–{ends[1]})"


def headline(found: Spread, measure: str, t: Texts) -> str:
    """Return the answer in one sentence: the chance that every zone meets its limit."""
    city = found.distributions[measure][0]
    median = hours_text(city, 0.5, found.observed_h)
    if city.chance is None:
        return t("uncertainty.headline_no_limit", median=median, runs=found.runs)
    return t("uncertainty.headline", chance=chance_text(city), median=median, runs=found.runs)


def effect_heads(found: Sensitivity, t: Texts) -> list[str]:
    """Return the heads of `effect_rows`."""
    own = [t(f"sensitivity.{found.method}_{which}") for which in ("main", "other")]
    return [t("sensitivity.parameter"), t("sensitivity.range"), *own]


def effect_rows(found: Sensitivity) -> list[list[str]]:
    """Return a row per parameter: path, range, main figure and the other, with intervals."""
    return [
        [
            effect.factor.path,
            f"{effect.factor.low:g}–{effect.factor.high:g}",
            f"{effect.main:.3g} ± {effect.main_half:.2g}{_arrow(effect)}",
            f"{effect.other:.3g}"
            + (f" ± {effect.other_half:.2g}" if effect.other_half is not None else ""),
        ]
        for effect in found.effects
    ]


def _arrow(effect: Effect) -> str:
    """Whether the figure rises or falls with the parameter, where it does one of them alone."""
    if effect.direction is None or abs(effect.direction) < 0.9 * effect.main or not effect.main:
        return ""
    return " ↑" if effect.direction > 0 else " ↓"


def _hours(value: float, observed_h: float) -> str:
    return f">{observed_h:.1f}" if math.isinf(value) else f"{value:.1f}"
