"""Hydrographs of any links, outfalls and nodes: rain from the top, then flow or level by panel."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from scenarios.charts.depth_curves import RAIN_PX, draw_rain, draw_rain_ends, has_values
from scenarios.charts.palette import RUN_COLOURS, RUN_DASHES, RUN_LETTERS
from scenarios.charts.panels import BOTTOM_PX, TOP_PX, Panels
from scenarios.charts.run_view import RunView, same_start
from scenarios.charts.worst_points import worst_points
from scenarios.locale import Texts

Floats = NDArray[np.float64]
Kind = Literal["outfall", "node", "link"]
KINDS: tuple[Kind, ...] = ("outfall", "node", "link")
PANEL_PX = 128


@dataclass(frozen=True)
class Element:
    """An outfall, a node or a link; written ``outfall:O01`` in an address."""

    kind: Kind
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> Element | None:
        """The element a text names, or none if it names none."""
        kind, _, name = text.partition(":")
        for known in KINDS:
            if kind == known and name:
                return cls(known, name)
        return None


def elements(views: Sequence[RunView]) -> list[Element]:
    """Everything that has a hydrograph in any run: outfalls, then nodes, then links."""
    outfalls = _entities(views, "outfall_flow")
    nodes = [name for name in _entities(views, "node_depth") if name not in set(outfalls)]
    links = _entities(views, "link_flow")
    return [
        Element(kind, name)
        for kind, names in zip(KINDS, (outfalls, nodes, links), strict=True)
        for name in names
    ]


def usual_elements(views: Sequence[RunView]) -> list[Element]:
    """What is drawn unasked: the outfall that passed most, the worst point, the largest link."""
    known = set(elements(views))
    chosen = [_largest(views, "outfall", "outfall_flow")]
    chosen += [Element("node", point.node) for point in worst_points(views, 1)]
    # not the last pipe before an outfall: its flow is the outfall's
    last = {name for view in views for name in _last_links(view)}
    chosen.append(_largest(views, "link", "link_flow", last))
    return [element for element in chosen if element is not None and element in known]


def hydrographs(
    views: Sequence[RunView], chosen: Sequence[Element], texts: Texts, *, font_px: int = 13
) -> go.Figure:
    """Panels over one time axis: rain (upside down), then one or two for each element.

    An outfall has its flow and the level in front of it, a node its water level with invert and
    rim, a link its flow (positive from its first node to its second).

    Parameters
    ----------
    views
        Runs, drawn in the order of their letters; one without the element has no curve there.
    chosen
        From `elements`.
    texts
        The language.
    font_px
        Size of the letters.
    """
    rain = any(has_values(view.series("rain")) for view in views)
    count = sum(2 if element.kind == "outfall" else 1 for element in chosen)
    panels = Panels([RAIN_PX] * rain + [PANEL_PX] * count, same_start(views), font_px)
    if rain:
        draw_rain(panels, views, texts)
    for element in chosen:
        name = f"<b>{escape(element.id)}</b>"
        if element.kind == "node":
            _panel(panels, views, f"{name} {texts('hydro.level')}", "m", texts,
                   [node_level(view, element.id) for view in views])  # fmt: skip
            for height in _heights(views, element.id):
                panels.level(round(height, 2))
            continue
        quantity = "outfall_flow" if element.kind == "outfall" else "link_flow"
        title = f"{name} {texts('hydro.flow' + _ends_key(element))}{_ends(views, element)}"
        _panel(panels, views, title, "m³/s", texts,
               [_column(view, quantity, element.id) for view in views])  # fmt: skip
        if element.kind == "outfall":
            _panel(panels, views, f"{name} {texts('hydro.stage')}", "m", texts,
                   [_column(view, "stage", element.id) for view in views])  # fmt: skip
    draw_rain_ends(panels, views, texts)
    if panels.calendar:
        zone = str(views[0].start.tzname() or "") if views else ""
        figure = panels.figure(texts("curves.axis_calendar", zone=zone))
    else:
        figure = panels.figure(texts("curves.axis_hours"))
    return figure.update_layout(
        margin={"t": TOP_PX, "b": BOTTOM_PX, "l": 72, "r": 14},
        hovermode="x unified",
        legend={"y": 1.0, "yref": "container", "yanchor": "top"},
    )


def node_level(view: RunView, node: str) -> tuple[Floats, Floats] | None:
    """Water level of a node over time, invert plus depth: (seconds (T,), metres (T,)), or none."""
    found = _column(view, "node_depth", node)
    if found is None or view.network is None:
        return None
    invert = {n.id: n.invert_m for n in view.network.nodes}
    return (found[0], invert[node] + found[1]) if node in invert else None


def _panel(
    panels: Panels,
    views: Sequence[RunView],
    title: str,
    unit: str,
    texts: Texts,
    curves: Sequence[tuple[Floats, Floats] | None],
) -> None:
    panels.new(title, unit)
    for i, (view, curve) in enumerate(zip(views, curves, strict=True)):
        if curve is None:
            continue
        time_s, values = curve
        group = f"run{i}"
        panels.curve(
            view,
            time_s,
            y=np.round(values, 4),
            name=f"{RUN_LETTERS[i]} {escape(view.name(texts))}",
            legendgroup=group,
            showlegend=not any(trace.get("legendgroup") == group for trace in panels.traces),
            line={"color": RUN_COLOURS[i], "dash": RUN_DASHES[i], "width": 2},
            hovertemplate=f"%{{y:.2f}} {unit}",
        )


def _entities(views: Sequence[RunView], quantity: str) -> list[str]:
    tables = [table for view in views if (table := view.series(quantity)) is not None]
    return list(dict.fromkeys(name for table in tables for name in table.entities))


def _column(view: RunView, quantity: str, entity: str) -> tuple[Floats, Floats] | None:
    table = view.series(quantity)
    if table is None or entity not in table.entities:
        return None
    return table.time_s, table.of(entity)


def _largest(
    views: Sequence[RunView], kind: Kind, quantity: str, but: Collection[str] = ()
) -> Element | None:
    """The element with the largest flow, either way, at any time in any run; none of `but`."""
    best, found = 0.0, None
    for view in views:
        table = view.series(quantity)
        if table is None or not table.values.size:
            continue
        peaks = np.abs(table.values).max(axis=0)
        peaks[[j for j, name in enumerate(table.entities) if name in but]] = 0.0
        j = int(np.argmax(peaks))
        if peaks[j] > best:
            best, found = float(peaks[j]), Element(kind, table.entities[j])
    return found


def _last_links(view: RunView) -> list[str]:
    if view.network is None:
        return []
    outfalls = {outfall.id for outfall in view.network.outfalls}
    return [link.id for link in view.network.links if link.to_node in outfalls]


def _heights(views: Sequence[RunView], node: str) -> list[float]:
    """Invert and rim of a node, each once, in the runs that have it."""
    found: dict[float, None] = {}
    for view in views:
        for known in view.network.nodes if view.network is not None else ():
            if known.id == node:
                found[known.invert_m] = None
                found[known.invert_m + getattr(known, "max_depth_m", 0.0)] = None
    return list(found)


def _ends_key(element: Element) -> str:
    return "_of_link" if element.kind == "link" else ""


def _ends(views: Sequence[RunView], element: Element) -> str:
    """From which node to which a link runs: ``" J1 → J2"``, or nothing."""
    for view in views:
        for link in view.network.links if view.network is not None else ():
            if element.kind == "link" and link.id == element.id:
                return f" {escape(link.from_node)} → {escape(link.to_node)}"
    return ""
