"""The result in a sentence or two, from the same figures as the table."""

from __future__ import annotations

from collections.abc import Sequence

from scenarios.charts.recession import (
    MEASURES,
    Recession,
    RecessionRow,
    slowest,
    zones_within_limit,
)
from scenarios.locale import Texts


def headline(
    rows: Sequence[RecessionRow], names: Sequence[str], texts: Texts, cm: str = "15"
) -> list[str]:
    """Sentences that say what the recession table shows.

    Parameters
    ----------
    rows
        The table, from `recession_rows`.
    names
        Titles of the runs; one or more. With two or more, the first is compared with the second.
    texts
        The language.
    cm
        The waterlogging depth in cm, from `waterlogged_cm`.
    """
    if not rows:
        return [texts("headline.no_zones")]
    figures = [slowest(rows, MEASURES[0], run) for run in range(len(names))]
    if len(names) == 1:
        first = texts("headline.one", name=names[0], last=_when(figures[0], texts, cm))
    else:
        first = texts(
            "headline.two",
            a=names[0], last_a=_when(figures[0], texts, cm),
            b=names[1], last_b=_when(figures[1], texts, cm),
        )  # fmt: skip
    kept = [zones_within_limit(rows, run) for run in range(min(2, len(names)))]
    sentences = [first]
    if kept[0][1]:
        key = "headline.limits_one" if len(kept) == 1 else "headline.limits_two"
        sentences.append(texts(key, a=kept[0][0], b=kept[-1][0], of=kept[0][1]))
    if len(names) > 1:
        change = _change(figures[0], figures[1], texts)
        if change:
            sentences.append(change)
    return sentences


def _when(figure: Recession, texts: Texts, cm: str) -> str:
    if figure.status in ("not_drained", "dry", "none") or figure.hours is None:
        return texts(f"headline.{figure.status}", cm=cm)
    return texts("headline.after", hours=f"{figure.hours:.1f}")


def _change(a: Recession, b: Recession, texts: Texts) -> str:
    if a.hours is None or b.hours is None:
        return ""
    saved = a.hours - b.hours
    if abs(saved) < 0.05:
        return texts("headline.no_change")
    key = "headline.saved" if saved > 0 else "headline.lost"
    return texts(key, hours=f"{abs(saved):.1f}")
