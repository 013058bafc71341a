"""The result in sentences, from the same figures as the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from scenarios.charts.recession import (
    MEASURES,
    Recession,
    RecessionRow,
    run_badge,
    slowest,
    zones_within_limit,
)
from scenarios.locale import Texts

#: Less than this would be written as 0.0 h.
SOON_H = 0.05


@dataclass(frozen=True)
class Headline:
    """What happened in each run, one sentence per run, and how the first two compare."""

    runs: tuple[str, ...]
    comparison: tuple[str, ...]


def headline(
    rows: Sequence[RecessionRow], names: Sequence[str], texts: Texts, cm: str = "15"
) -> Headline:
    """Say in words what the recession table shows.

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
    figures = [slowest(rows, MEASURES[0], run) for run in range(len(names))]
    sentences = tuple(
        texts("headline.one", name=name, last=_when(figure, texts, cm))
        for name, figure in zip(names, figures, strict=True)
    )
    comparison = []
    kept = [zones_within_limit(rows, run) for run in range(min(2, len(names)))]
    if kept[0][1] and kept[0][1] == kept[-1][1]:  # the same zones, or there is nothing to compare
        key = "headline.limits_one" if len(kept) == 1 else "headline.limits_two"
        comparison.append(texts(key, a=kept[0][0], b=kept[-1][0], of=kept[0][1]))
    if len(names) > 1:
        comparison.append(_change(figures[0], figures[1], texts))
    return Headline(sentences, tuple(text for text in comparison if text))


def _when(figure: Recession, texts: Texts, cm: str) -> str:
    if figure.status in ("not_drained", "raining", "dry", "none") or figure.hours is None:
        return texts(f"headline.{figure.status}", cm=cm)
    if figure.hours < SOON_H:
        return texts("headline.at_once")
    return texts("headline.after", hours=f"{figure.hours:.1f}")


def _change(a: Recession, b: Recession, texts: Texts) -> str:
    if a.hours is None or b.hours is None:
        return ""
    saved = a.hours - b.hours
    if abs(saved) < SOON_H:
        return texts("headline.no_change")
    key = "headline.saved" if saved > 0 else "headline.lost"
    return texts(key, hours=f"{abs(saved):.1f}")


def headline_html(found: Headline, texts: Texts) -> str:
    """The headline as HTML: a line per run with its letter, then the comparison."""
    lines = [f"{run_badge(i)} {escape(text)}" for i, text in enumerate(found.runs)]
    together = texts.together(escape(text) for text in found.comparison)
    lines += [together] if together else []
    return '<div class="cc-headline">' + "".join(f"<p>{line}</p>" for line in lines) + "</div>"
