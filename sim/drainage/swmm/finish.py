"""Adjustments SWMM makes after reading a file, made visible in the imported network."""

from __future__ import annotations

from collections.abc import Iterator

from sim.drainage.elements import Conduit, Junction, Orifice, Outlet, Storage, Weir
from sim.drainage.swmm.links import Links
from sim.drainage.swmm.nodes import Nodes
from sim.drainage.swmm.options import SwmmOptions
from sim.drainage.swmm.reading import Reading

_DAY_S = 86400.0
_JUST_BEFORE_S = 1e-3
_SLACK_M = 1e-9
Points = tuple[tuple[float, float], ...]


def raise_rims(reading: Reading, nodes: Nodes, links: Links) -> None:
    """No junction is lower than the crown of a link at it; SWMM raises it (its warning 02)."""
    for node, crown_m in _crowns(links):
        target: Junction | Storage | None = nodes.junctions.get(node)
        if target is None:
            storage = nodes.storages.get(node)
            target = storage if storage and storage.surcharge_depth_m > 0 else None
        if target is None or crown_m <= target.max_depth_m + _SLACK_M:
            continue
        if target.max_depth_m > 0:
            reading.note(
                nodes.rows[node],
                f"the maximum depth is raised from {target.max_depth_m:.4g} to {crown_m:.4g} m, "
                "the crown of the highest link",
            )
        raised = target.model_copy(update={"max_depth_m": crown_m})
        if isinstance(raised, Junction):
            nodes.junctions[node] = raised
        else:
            nodes.storages[node] = raised


def _crowns(links: Links) -> Iterator[tuple[str, float]]:
    """Yield (node, height of a link's crown above the node's invert), in m."""
    families: tuple[dict[str, Conduit] | dict[str, Orifice] | dict[str, Weir], ...] = (
        links.conduits, links.orifices, links.weirs,
    )  # fmt: skip
    for family in families:
        for link in family.values():
            if isinstance(link, Conduit):
                yield link.from_node, link.inlet_offset_m + link.section.depth_m
                yield link.to_node, link.outlet_offset_m + link.section.depth_m
            elif not (isinstance(link, Orifice) and link.orientation == "bottom"):
                yield link.from_node, link.offset_m + link.section.depth_m
    outlet: Outlet
    for outlet in links.outlets.values():
        yield outlet.from_node, outlet.offset_m


def stretched_curve(points: Points, depth_m: float) -> Points:
    """Return a storage curve from depth 0 to at least `depth_m`, as SWMM extrapolates it.

    Below the first point the area falls linearly to 0; above the last it follows the last slope,
    or stays constant where that slope is negative. (SWMM's areas follow the same rule, but its
    volumes leave out the wedge below a first point above 0.)
    """
    stretched = list(points)
    if stretched[0][0] > 0:
        stretched.insert(0, (0.0, 0.0))
    if depth_m > stretched[-1][0] + _SLACK_M:
        (x0, a0), (x1, a1) = stretched[-2:] if len(stretched) > 1 else (stretched[-1],) * 2
        slope = max((a1 - a0) / (x1 - x0), 0.0) if x1 > x0 else 0.0
        if slope > 0:
            stretched.append((depth_m, a1 + slope * (depth_m - x1)))
    return tuple(stretched)


def unrolled_tide(points: Points, options: SwmmOptions) -> Points:
    """Return stages over the run from a tidal curve: stage (m) against time (s) in one day.

    The manual calls the abscissa the hour of the day, but SWMM's engine counts the hours from the
    start of the run, beginning with the curve's first one; that is what happens here too.
    """
    first_s = points[0][0]
    day = [(t - first_s, stage_m) for t, stage_m in points if t - first_s < _DAY_S - _JUST_BEFORE_S]
    day.append((_DAY_S - _JUST_BEFORE_S, _at(points, first_s + _DAY_S)))
    days = int(options.duration_s // _DAY_S) + 1
    return tuple((k * _DAY_S + time_s, stage_m) for k in range(days) for time_s, stage_m in day)


def _at(points: Points, time_s: float) -> float:
    for (t0, y0), (t1, y1) in zip(points, points[1:], strict=False):
        if t0 <= time_s <= t1:
            return y0 + (y1 - y0) * (time_s - t0) / (t1 - t0)
    return points[0][1] if time_s < points[0][0] else points[-1][1]
