"""The tables of the report that are not charts: what differs, figures, published, provenance."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import PurePath
from typing import Any

from scenarios.charts.ledger import amount_text, unit_text
from scenarios.charts.recession import (
    MEASURES,
    RecessionRow,
    mark_html,
    run_badge,
    slowest,
)
from scenarios.charts.run_view import RunView
from scenarios.charts.tables import simple_table
from scenarios.document import Assumption
from scenarios.locale import Texts
from scenarios.published import Published
from scenarios.verify import GapRow

#: Word and class of `tables.STYLE` by the tag of a document.
TAG_WORDS: dict[str, str] = {
    "P": "published",
    "S": "sourced",
    "X": "measured",
    "K": "common",
    "A": "assumed",
}
#: The row that says whether the case is a real city.
CASE_STATUS = "case.status"
LONGEST_VALUE = 90


def differences_html(differences: Sequence[tuple[str, Any, Any]], texts: Texts) -> str:
    """A row per setting that differs: path, value in A, value in B (`scenarios.content.diff`)."""
    if not differences:
        return f'<p class="cc-empty">{escape(texts("diff.none"))}</p>'
    rows = [
        [f'<span class="mono">{escape(path)}</span>', setting_html(a), setting_html(b)]
        for path, a, b in differences
    ]
    return simple_table([escape(texts("diff.setting")), run_badge(0), run_badge(1)], rows)


def setting_html(value: Any) -> str:
    """A setting's value: paths by their last two parts, long values shortened."""
    if value is None:
        return "–"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and value.startswith("/"):
        text = "/".join(PurePath(value).parts[-2:])
    if len(text) > LONGEST_VALUE:
        text = text[: LONGEST_VALUE - 1] + "…"
    return escape(text)


def figures_html(views: Sequence[RunView], texts: Texts) -> str:
    """KPIs of the whole system, runs side by side, with the change from A to B; ``""`` if none."""
    names = {kpi.name: None for view in views for kpi in view.kpis if not kpi.entity}
    if not names:
        return ""
    rows = []
    for name in names:
        found = [view.kpi(name) for view in views]
        unit = next((kpi.unit for kpi in found if kpi is not None), "")
        label = views[0].label(name, texts) + (f" ({unit_text(unit)})" if unit else "")
        values = [None if kpi is None else kpi.value for kpi in found]
        row = [escape(label), *(amount_text(value) for value in values)]
        if len(views) > 1:
            row.append(change_text(values[0], values[1]))
        rows.append(row)
    head = [escape(texts("figures.figure")), *(run_badge(i) for i in range(len(views)))]
    if len(views) > 1:
        head.append(escape(texts("figures.change")))
    return simple_table(head, rows, [False, *(True for _ in head[1:])])


def change_text(a: float | None, b: float | None) -> str:
    """Change from `a` to `b` with its sign and in percent of `a`."""
    if a is None or b is None:
        return "–"
    if a == b:
        return "0"
    sign = "+" if b > a else "−"
    percent = f" ({sign}{abs(b - a) / abs(a):.0%})" if a else ""
    return f"{sign}{amount_text(abs(b - a))}{percent}"


def published_html(
    rows: Sequence[RecessionRow],
    views: Sequence[RunView],
    published: Sequence[Published],
    texts: Texts,
    cm: str,
) -> str:
    """A row per run: the slowest zone by each definition, what was published, the distance."""
    body = []
    for i, view in enumerate(views):
        figures = [slowest(rows, measure, i) for measure in MEASURES]
        found = [p for p in published if view.scenario in p.scenarios]
        last = figures[0].hours
        distance = "–" if last is None or not found else f"{last - found[0].hours:+.1f}"
        stated = [f"{tag_html('P', texts)} {p.hours:g}" for p in found]
        body.append(
            [
                f"{run_badge(i)} {escape(view.name(texts))}",
                *(escape(figure.words(texts)) for figure in figures),
                "<br>".join(stated) or "–",
                distance.replace("-", "−"),
            ]
        )
    head = [
        escape(texts("published.run")),
        *(escape(texts(f"measure.{name}", cm=cm)) for name in MEASURES),
        escape(texts("published.figure")),
        escape(texts("published.distance")),
    ]
    numbers = [False, True, True, True, True, True]
    return simple_table(head, body, numbers, widths=(30, 15, 17, 14, 13, 11))


def published_notes(published: Sequence[Published], texts: Texts) -> list[str]:
    """Where the figures were published, and what was not said with them; each note once."""
    sources = (f"{texts('published.figure')} {p.hours:g} h: {p.source}" for p in published)
    notes = (texts.pick({"en": found.note_en, "zh": found.note_zh}) for found in published)
    return list(dict.fromkeys(note for note in (*sources, *notes) if note))


def verification_html(rows: Sequence[GapRow], texts: Texts) -> str:
    """The gap to the reference engine: a row per figure, with what is allowed; ``""`` if none."""
    if not rows:
        return ""
    body = []
    for row in rows:
        key = f"gap.{row.name}"
        name = texts(key) if key in texts.entries else row.name
        gap = "–" if row.gap is None else f"{row.gap:.4g} {unit_text(row.gap_unit)}".strip()
        body.append(
            [
                escape(name + (f" ({unit_text(row.unit)})" if row.unit else "")),
                amount_text(row.run),
                amount_text(row.reference),
                escape(gap),
                escape(row.allowed),
                mark_html("ok" if row.ok else "over_limit"),
            ]
        )
    keys = ("quantity", "run", "reference", "gap", "allowed")
    head = [*(escape(texts(f"verification.{key}")) for key in keys), ""]
    return simple_table(head, body, [False, True, True, True, True, False])


def facts_html(views: Sequence[RunView], texts: Texts) -> str:
    """What identifies each run: seed, hashes, code version, engine; a column per run."""
    keys = {key: None for view in views for key in view.facts}
    rows = [
        [
            escape(texts(f"report.facts.{key}")),
            *(f'<span class="mono">{escape(view.facts.get(key, "–"))}</span>' for view in views),
        ]
        for key in keys
    ]
    return simple_table(["", *(run_badge(i) for i in range(len(views)))], rows)


def assumptions_html(assumptions: Mapping[str, Assumption], texts: Texts) -> str:
    """A row per figure the case rests on, its kind told by shape, colour and word."""
    if not assumptions:
        return f'<p class="cc-empty">{escape(texts("assumptions.empty"))}</p>'
    order = list(TAG_WORDS)
    ranked = sorted(assumptions.items(), key=lambda item: order.index(item[1].tag))
    rows = [
        [
            escape(name),
            escape(f"{_value(found.value)} {found.unit}".strip()),
            tag_html(found.tag, texts),
            escape(found.source),
        ]
        for name, found in ranked
    ]
    head = [escape(texts(f"assumptions.{key}")) for key in ("name", "value", "tag", "source")]
    return simple_table(head, rows, css="cc-long", widths=(32, 17, 11, 40))


def basis_text(assumptions: Mapping[str, Assumption], texts: Texts) -> str:
    """How many figures of each kind the case rests on; ``""`` without a table of assumptions."""
    counts = Counter(TAG_WORDS[found.tag] for found in assumptions.values())
    if not counts:
        return ""
    words = texts.listing(
        f"{counts[kind]} {texts(f'assumptions.{kind}')}"
        for kind in TAG_WORDS.values()
        if counts[kind]
    )
    status = assumptions.get(CASE_STATUS)
    synthetic = status is not None and status.value == "SYNTHETIC"
    basis = texts("assumptions.basis", count=counts.total(), words=words)
    return texts.together([texts("assumptions.synthetic"), basis]) if synthetic else basis


def tag_html(tag: str, texts: Texts) -> str:
    """The badge of a tag: published is a filled square, sourced an oval, assumed dashed."""
    kind = TAG_WORDS[tag]
    return f'<span class="cc-tag cc-tag-{kind}">{escape(texts(f"assumptions.{kind}"))}</span>'


def _value(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.10g}"
