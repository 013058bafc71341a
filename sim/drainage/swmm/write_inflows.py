"""[INFLOWS], [DWF] and [PATTERNS] of an export.

SWMM takes one direct inflow (series plus baseline, one pattern) and one dry-weather flow
(baseline, up to four patterns) per node; whatever a node has more is summed into these two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sim.drainage.elements import Inflow, Series
from sim.drainage.swmm.export import Export, Points, by_id, refuse
from sim.drainage.swmm.sheet import Sheet

_KINDS = ("monthly", "daily", "hourly", "weekend")
_JUST_OUTSIDE_S = 1e-3
_Patterns = tuple[tuple[float, ...], ...]


@dataclass
class _AtNode:
    """What enters at one node, sorted into SWMM's two slots."""

    series: list[tuple[Inflow | None, Points]] = field(default_factory=list)
    direct: Inflow | None = None
    constant_m3s: float = 0.0
    dry: dict[_Patterns, float] = field(default_factory=dict)


def write_inflows(
    sheet: Sheet, export: Export, lateral_inflows: Mapping[str, Series] | None
) -> None:
    """Write the network's inflows and `lateral_inflows` (m3/s by node id)."""
    points_of = by_id(export.network.series)
    nodes: dict[str, _AtNode] = {}
    for inflow in export.network.inflows:
        _sort(nodes.setdefault(inflow.node, _AtNode()), inflow, points_of)
    for node, series in (lateral_inflows or {}).items():
        if node.upper() not in export.names["node"]:
            raise refuse(node, "a lateral inflow enters at a node the network does not have")
        nodes.setdefault(node, _AtNode()).series.append((None, series.points))
    patterns: dict[tuple[str, tuple[float, ...]], str] = {}

    def pattern(kind: str, factors: tuple[float, ...]) -> str:
        if not factors:
            return ""
        key = (kind, factors)
        return patterns.setdefault(key, f"P{len(patterns) + 1}")

    direct_rows, dry_rows = [], []
    for node, at in nodes.items():
        if at.series or at.direct:
            direct_rows.append(_direct_row(export, node, at, pattern))
        elif at.constant_m3s and () not in at.dry and at.dry:
            direct_rows.append((node, "FLOW", "", "FLOW", 1, 1, at.constant_m3s))
        elif at.constant_m3s:
            dry_rows.append((node, "FLOW", at.constant_m3s))
        if len(at.dry) > 1:
            raise refuse(node, "SWMM takes one dry-weather pattern per node, this one has more")
        for key, mean_m3s in at.dry.items():
            names = [pattern(kind, factors) for kind, factors in zip(_KINDS, key, strict=True)]
            dry_rows.append((node, "FLOW", mean_m3s, *names))
    sheet.section("INFLOWS", direct_rows)
    sheet.section("DWF", dry_rows)
    sheet.section("PATTERNS", (
        (name, kind.upper(), *factors) for (kind, factors), name in patterns.items()
    ))  # fmt: skip


def _patterns(inflow: Inflow) -> _Patterns:
    return (inflow.pattern_monthly, inflow.pattern_daily, inflow.pattern_hourly,
            inflow.pattern_weekend)  # fmt: skip


def _sort(at: _AtNode, inflow: Inflow, points_of) -> None:  # type: ignore[no-untyped-def]
    patterns = _patterns(inflow)
    if inflow.series is None:
        if not any(patterns):
            at.constant_m3s += inflow.baseline_m3s
        else:
            at.dry[patterns] = at.dry.get(patterns, 0.0) + inflow.baseline_m3s
        return
    if inflow.patterns_scale == "all" and any(patterns):
        raise refuse(inflow.node, "SWMM cannot multiply an inflow series by a pattern")
    if inflow.baseline_m3s and any(patterns):
        if at.direct or sum(bool(p) for p in patterns) > 1:
            at.dry[patterns] = at.dry.get(patterns, 0.0) + inflow.baseline_m3s
        else:
            at.direct = inflow
    else:
        at.constant_m3s += inflow.baseline_m3s
    at.series.append((inflow, points_of(inflow.series)))


def _direct_row(export: Export, node: str, at: _AtNode, pattern) -> tuple[object, ...]:  # type: ignore[no-untyped-def]
    name, scale = "", 1.0
    if len(at.series) == 1 and at.series[0][0] is not None:
        inflow = at.series[0][0]
        name, scale = str(inflow.series), inflow.scale
    elif at.series:
        scaled = [
            tuple((t, v * (inflow.scale if inflow else 1.0)) for t, v in points)
            for inflow, points in at.series
        ]
        name = export.own_series(f"{node}:inflow", summed(scaled))
    baseline, extra = at.constant_m3s, ()
    if at.direct:
        if at.constant_m3s:
            at.dry[((), (), (), ())] = at.constant_m3s
        baseline = at.direct.baseline_m3s
        kind, factors = next((k, p) for k, p in zip(_KINDS, _patterns(at.direct), strict=True) if p)
        extra = (pattern(kind, factors),)
    return (node, "FLOW", name, "FLOW", 1, scale, baseline, *extra)


def summed(parts: Iterable[Points]) -> Points:
    """Return the sum of series that are linear between points and 0 outside them."""
    series = [part for part in parts if part]
    if len(series) == 1:
        return series[0]
    times = {t for part in series for t, _ in part}
    for part in series:  # a series that starts or ends above 0 jumps there
        if part[0][1]:
            times.add(part[0][0] - _JUST_OUTSIDE_S)
        if part[-1][1]:
            times.add(part[-1][0] + _JUST_OUTSIDE_S)
    return tuple((t, sum(_value(part, t) for part in series)) for t in sorted(times))


def _value(points: Points, time_s: float) -> float:
    if not points[0][0] <= time_s <= points[-1][0]:
        return 0.0
    for (t0, v0), (t1, v1) in zip(points, points[1:], strict=False):
        if t0 <= time_s <= t1:
            return v0 + (v1 - v0) * (time_s - t0) / (t1 - t0)
    return points[0][1]
