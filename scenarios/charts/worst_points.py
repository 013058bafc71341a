"""Which ponding points are worth a curve: the ones that stay under water longest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenarios.charts.run_view import RunView


@dataclass(frozen=True)
class Point:
    """A ponding point: node, its zone (``""`` if none), and how bad it gets in any of the runs."""

    node: str
    zone: str
    waterlogged_h: float
    depth_max_m: float


def ponding_points(views: Sequence[RunView]) -> list[Point]:
    """Every point that ponds in any run, the longest waterlogged first, the deepest first of those.

    Points that never pond are left out. Ties end in the order of the identifiers.
    """
    hours: dict[str, float] = {}
    depths: dict[str, float] = {}
    zones: dict[str, str] = {}
    for view in views:
        if view.network is not None:
            zones.update({node.id: node.zone or "" for node in view.network.nodes})
        for node, hour in waterlogged_hours(view).items():
            hours[node] = max(hours.get(node, 0.0), hour)
        for node, depth in depth_max(view).items():
            depths[node] = max(depths.get(node, 0.0), depth)
    points = [
        Point(node, zones.get(node, ""), hours.get(node, 0.0), depth)
        for node, depth in depths.items()
        if depth > 0.0
    ]
    return sorted(points, key=lambda p: (-p.waterlogged_h, -p.depth_max_m, p.node))


def worst_points(views: Sequence[RunView], count: int) -> list[Point]:
    """At most `count` points: the worst of every zone first, then the worst of the rest.

    Neighbouring junctions pond together; taking the zones in turn shows more than one place.
    """
    ranked = ponding_points(views)
    chosen: list[Point] = []
    seen: set[str] = set()
    for point in ranked:
        if point.zone not in seen:
            chosen.append(point)
            seen.add(point.zone)
    rest = [point for point in ranked if point not in chosen]
    return sorted((chosen + rest)[:count], key=ranked.index)


def depth_max(view: RunView) -> dict[str, float]:
    """Largest ponded depth in m by node: the KPI if the run has it, else from the series."""
    kpis = {e: k.value for e, k in view.kpis_of("max_depth_m").items() if k.value is not None}
    if kpis:
        return kpis
    table = view.series("ponded_depth")
    if table is None or not len(table.time_s):
        return {}
    return dict(zip(table.entities, table.values.max(axis=0).tolist(), strict=True))


def waterlogged_hours(view: RunView) -> dict[str, float]:
    """Hours waterlogged by node: the KPI (exact crossings) if there, else from the series."""
    kpis = {e: k.value for e, k in view.kpis_of("waterlogged_h").items() if k.value is not None}
    if kpis:
        return kpis
    table = view.series("ponded_depth")
    if table is None or len(table.time_s) < 2:
        return {}
    over: NDArray[np.bool_] = table.values > view.waterlogged_m
    steps_h = np.diff(table.time_s) / 3600.0
    mean = 0.5 * (over[1:].astype(float) + over[:-1].astype(float))
    return dict(zip(table.entities, (steps_h @ mean).tolist(), strict=True))


def still_waterlogged(view: RunView) -> set[str]:
    """Nodes that are waterlogged when the run ends, so that their hours are a lower bound."""
    kpis = view.kpis_of("waterlogged_h")
    if kpis:
        return {node for node, kpi in kpis.items() if kpi.status == "not_drained"}
    table = view.series("ponded_depth")
    if table is None or not len(table.time_s):
        return set()
    last = table.values[-1]
    return {n for n, depth in zip(table.entities, last, strict=True) if depth > view.waterlogged_m}


def hours_texts(view: RunView) -> dict[str, str]:
    """Hours waterlogged by node as read: ``"12.3"``, or ``"≥ 12.3"`` if the run ended too early."""
    still = still_waterlogged(view)
    return {
        node: f"≥ {hours:.1f}" if node in still else f"{hours:.1f}"
        for node, hours in waterlogged_hours(view).items()
    }
