"""[INFLOWS], [DWF] and [PATTERNS] of an export.

SWMM takes one direct inflow (series plus baseline, one pattern) and one dry-weather flow
(baseline, up to four patterns) per node; whatever a node has more is summed into these two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from sim.drainage.elements import Inflow, Series
from sim.drainage.swmm.export import Export, Points, by_id, refuse
from sim.drainage.swmm.sheet import Sheet

_KINDS = ("monthly", "daily", "hourly", "weekend")
_JUST_OUTSIDE_S = 1e-3
_Patterns = tuple[tuple[float, ...], ...]
_NO_PATTERNS: _Patterns = ((), (), (), ())


@dataclass
class _AtNode:
    """What enters at one node, sorted into SWMM's two slots."""

    series: list[tuple[float, str, Points]] = field(default_factory=list)  # scale, id, points
    baseline_m3s: float = 0.0  # of the direct inflow, times `pattern` if there is one
    pattern: tuple[str, tuple[float, ...]] | None = None
    dry: dict[_Patterns, float] = field(default_factory=dict)

    def add_dry(self, patterns: _Patterns, mean_m3s: float) -> None:
        self.dry[patterns] = self.dry.get(patterns, 0.0) + mean_m3s


class _PatternNames:
    """Ids for the patterns of an export, which the network holds without names."""

    def __init__(self) -> None:
        self.names: dict[tuple[str, tuple[float, ...]], str] = {}

    def name(self, kind: str, factors: tuple[float, ...]) -> str:
        if not factors:
            return ""
        return self.names.setdefault((kind, factors), f"P{len(self.names) + 1}")


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
        nodes.setdefault(node, _AtNode()).series.append((1.0, "", series.points))
    patterns = _PatternNames()
    direct_rows: list[tuple[object, ...]] = []
    dry_rows: list[tuple[object, ...]] = []
    for node, at in nodes.items():
        _settle(node, at)
        if at.series or at.baseline_m3s:
            direct_rows.append(_direct_row(export, node, at, patterns))
        for key, mean_m3s in at.dry.items():
            names = [patterns.name(kind, p) for kind, p in zip(_KINDS, key, strict=True)]
            dry_rows.append((node, "FLOW", mean_m3s, *names))
    sheet.section("INFLOWS", direct_rows)
    sheet.section("DWF", dry_rows)
    sheet.section("PATTERNS", (
        (name, kind.upper(), *factors) for (kind, factors), name in patterns.names.items()
    ))  # fmt: skip


def _sort(at: _AtNode, inflow: Inflow, points_of: Callable[[str], Points]) -> None:
    patterns = (inflow.pattern_monthly, inflow.pattern_daily, inflow.pattern_hourly,
                inflow.pattern_weekend)  # fmt: skip
    if inflow.series is None:
        at.add_dry(patterns, inflow.baseline_m3s)
        return
    at.series.append((inflow.scale, inflow.series, points_of(inflow.series)))
    if not any(patterns):
        at.baseline_m3s += inflow.baseline_m3s
        return
    if inflow.patterns_scale == "all":
        raise refuse(inflow.node, "SWMM cannot multiply an inflow series by a pattern")
    given = [(kind, p) for kind, p in zip(_KINDS, patterns, strict=True) if p]
    if len(given) == 1 and at.pattern is None and at.baseline_m3s == 0:
        at.pattern, at.baseline_m3s = given[0], inflow.baseline_m3s
    elif inflow.baseline_m3s:
        at.add_dry(patterns, inflow.baseline_m3s)


def _settle(node: str, at: _AtNode) -> None:
    """Leave at most one dry-weather flow, moving a constant one to the direct inflow."""
    if len(at.dry) > 1 and at.pattern is None:
        at.baseline_m3s += at.dry.pop(_NO_PATTERNS, 0.0)
    if len(at.dry) > 1:
        raise refuse(node, "SWMM takes one dry-weather flow per node, this one has more")


def _direct_row(
    export: Export, node: str, at: _AtNode, patterns: _PatternNames
) -> tuple[object, ...]:
    name, scale = "", 1.0
    if len(at.series) == 1 and at.series[0][1]:
        scale, name, _ = at.series[0]
    elif at.series:
        scaled = [tuple((t, v * factor) for t, v in points) for factor, _, points in at.series]
        name = export.own_series(f"{node}:inflow", summed(scaled))
    row = (node, "FLOW", name, "FLOW", 1, scale, at.baseline_m3s)
    return (*row, patterns.name(*at.pattern)) if at.pattern else row


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
