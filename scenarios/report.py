"""The report: one HTML page that holds everything, opens offline and prints on A4.

The first sheet is the decision (headline, table, map); what follows is the evidence. Text that
comes from files is escaped; nothing is loaded from the network, and a content security policy in
the page keeps it so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from scenarios import report_tables as tables
from scenarios.charts import palette
from scenarios.charts.depth_curves import depth_curves
from scenarios.charts.ledger import ledger_html
from scenarios.charts.profile import profile, worst_path
from scenarios.charts.recession import (
    MEASURES,
    recession_html,
    recession_rows,
    rest_text,
    slowest_rows,
)
from scenarios.charts.recession_gantt import (
    gantt_note,
    gantt_rows,
    left_out_text,
    recession_gantt,
)
from scenarios.charts.run_view import RunView, notes_of, waterlogged_cm
from scenarios.charts.street_map import has_coordinates, street_map
from scenarios.charts.tables import STYLE
from scenarios.charts.worst_points import worst_points
from scenarios.document import Assumption
from scenarios.headline import headline, headline_html
from scenarios.locale import DEFAULT_LANGUAGE, Texts, texts
from scenarios.published import Published
from scenarios.verify import GapRow

WIDTH_PX = 960
POINTS = 4
#: The recession table has three columns for each run: more than twelve do not fit a sheet.
MOST_RUNS = 4
#: Rows and height that let headline, table and map share the first A4 sheet.
ROWS, MAP_PX = 9, 370
#: Rows of the Gantt and height of the profile that share one more sheet.
GANTT_ROWS, PROFILE_PX = 26, 400
#: SVG is sharp on paper and needs no graphics card, but gets slow with very many elements.
SVG_ELEMENTS = 12_000


def write_report(
    runs: Sequence[RunView],
    path: Path,
    lang: str = DEFAULT_LANGUAGE,
    *,
    differences: Sequence[tuple[str, Any, Any]] | None = None,
    published: Sequence[Published] | None = None,
    assumptions: Mapping[str, Assumption] | None = None,
    verification: Sequence[GapRow] = (),
    points: Sequence[str] = (),
) -> Path:
    """Write the report of one run, or of a comparison, and return its path.

    See `report_html` for the parameters.
    """
    page = report_html(
        runs, lang, differences=differences, published=published, assumptions=assumptions,
        verification=verification, points=points,
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8", newline="\n")
    return path


def report_html(
    runs: Sequence[RunView],
    lang: str = DEFAULT_LANGUAGE,
    *,
    differences: Sequence[tuple[str, Any, Any]] | None = None,
    published: Sequence[Published] | None = None,
    assumptions: Mapping[str, Assumption] | None = None,
    verification: Sequence[GapRow] = (),
    points: Sequence[str] = (),
) -> str:
    """Return the report as one HTML page; the same input gives the same bytes.

    Parameters
    ----------
    runs
        One run, or several to compare; the first two are A and B of the figures, all are in the
        tables.
    lang
        ``"en"`` or ``"zh"``.
    differences
        Settings that differ between A and B; those of the first two runs if none is given.
    published
        Published recession times of this city; the runs' own if none is given.
    assumptions
        What the case rests on, by name; the runs' own if none is given.
    verification
        The gap to the reference engine, from `scenarios.verify.verify`, if it was measured.
    points
        Nodes to draw; the worst ones if empty.

    Raises
    ------
    ValueError
        If there is no run, more than four, or the language is unknown.
    """
    if not 1 <= len(runs) <= MOST_RUNS:
        raise ValueError(f"a report is about one to four runs, not {len(runs)}")
    t = texts(lang)
    cm = waterlogged_cm(runs)
    names = [view.name(t) for view in runs]
    rows = recession_rows(runs, t)
    shown, left_out = slowest_rows(rows, ROWS)
    if published is None:
        published = list(dict.fromkeys(found for view in runs for found in view.published))
    if assumptions is None:
        assumptions = {name: a for view in runs for name, a in view.assumptions.items()}
    if differences is None and len(runs) > 1:
        differences = runs[0].differences(runs[1])
    pair = runs[:2]
    plots = _plots(pair, points, t)
    template = _environment().get_template("report.html.j2")
    return template.render(
        t=t,
        title=" / ".join(names[:2]),
        views=runs,
        headline=Markup(headline_html(headline(rows, names, t, cm), t)),
        recession=Markup(recession_html(shown, names, t, cm)),
        rest=rest_text(rows, shown, t),
        every_zone=Markup(recession_html(rows, names, t, cm)) if left_out else "",
        published=Markup(tables.published_html(rows, runs, published, t, cm)) if published else "",
        published_notes=tables.published_notes(published, t),
        map="map" in plots,
        has_network=all(view.network is not None for view in pair),
        curves="curves" in plots,
        gantt="gantt" in plots,
        gantt_note=_gantt_note(pair, t),
        profile="profile" in plots,
        definitions=[
            t(f"definition.{key}", cm=cm)
            for key in ("waterlogged", *MEASURES, "not_drained", "limit")
        ],
        differences=None
        if differences is None
        else Markup(tables.differences_html(differences, t)),
        figures=Markup(tables.figures_html(runs, t)),
        ledger=Markup(ledger_html(runs, t)),
        verification=Markup(tables.verification_html(verification, t)),
        notes=notes_of(runs, t),
        basis=tables.basis_text(assumptions, t),
        facts=Markup(tables.facts_html(runs, t)),
        assumptions=Markup(tables.assumptions_html(assumptions, t)),
        style=Markup(STYLE),
        font=Markup(palette.FONT_FAMILY),
        ink=palette.INK,
        muted=palette.MUTED,
        plotly_js=Markup(get_plotlyjs()),
        plots=[(_script(json.dumps(name)), _script(_json(fig))) for name, fig in plots.items()],
        config=_script(json.dumps(palette.CONFIG | {"responsive": False})),
    )


def _plots(views: Sequence[RunView], points: Sequence[str], t: Texts) -> dict[str, go.Figure]:
    plots = {}
    if all(has_coordinates(view.network) for view in views):
        elements = sum(len(v.network.links) + len(v.network.nodes) for v in views if v.network)
        plots["map"] = street_map(
            views, t, width_px=WIDTH_PX, most_px=MAP_PX, webgl=elements > SVG_ELEMENTS
        )
    nodes = list(points) or [point.node for point in worst_points(views, POINTS)]
    if nodes:
        plots["curves"] = depth_curves(views, nodes, t)
    if gantt_rows(views, t):
        plots["gantt"] = recession_gantt(views, t, most=GANTT_ROWS)
    path = worst_path(views)
    if path is not None:
        plots["profile"] = profile(views, path, t, animated=False, height_px=PROFILE_PX)
    for figure in plots.values():
        figure.update_layout(width=WIDTH_PX)
    return plots


def _gantt_note(views: Sequence[RunView], t: Texts) -> str:
    rest = left_out_text(gantt_rows(views, t), GANTT_ROWS, t)
    return t.together([gantt_note(views, t), rest] if rest else [gantt_note(views, t)])


def _json(figure: go.Figure) -> str:
    return str(figure.to_json(validate=False, remove_uids=True))


def _script(text: str) -> Markup:
    """JSON that cannot end the script element it stands in."""
    safe = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup(safe.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
