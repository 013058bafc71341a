"""Checks of single elements: curves, series, sections, basins, pumps, boundaries, slopes."""

from __future__ import annotations

import math
from collections.abc import Iterable

from sim.drainage.elements import (
    Conduit,
    CrossSection,
    Curve,
    Junction,
    Orifice,
    Storage,
    Weir,
)
from sim.drainage.findings import Finding
from sim.drainage.network import Network
from sim.kernel.schema import Pairs

#: An adverse slope steeper than this is taken for a mistake, not for a design.
STEEPEST_ADVERSE_SLOPE = 0.10
#: Rounding of levels that were given in other units.
LEVEL_TOLERANCE_M = 1e-6
_NEEDS_WIDTH = frozenset({"rect_closed", "rect_open"})
_NEEDS_CURVE = frozenset({"irregular", "street", "custom"})
#: Kinds of curve with ordinates that cannot be negative, and what the ordinate is.
_ORDINATES = {
    "storage": "area", "ponding": "area", "pump": "flow", "rating": "flow", "shape": "width",
}  # fmt: skip
_CURVE_USES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    # family, field, kinds of curve that serve there
    ("junctions", "ponding_curve", ("ponding", "storage")),
    ("storages", "curve", ("storage", "ponding")),
    ("pumps", "curve", ("pump",)),
    ("outlets", "curve", ("rating",)),
)


def element_findings(network: Network) -> list[Finding]:
    """Return the defects that single elements show by themselves or with the curve they name."""
    return [
        *_curves(network),
        *_curve_uses(network),
        *_series(network),
        *_transects(network),
        *_sections(network),
        *_storages(network),
        *_initial_depths(network),
        *_pumps(network),
        *_outlets(network),
        *_outfalls(network),
    ]


def profile_findings(network: Network) -> tuple[list[Finding], list[Finding]]:
    """Return (defects, warnings) on how conduits lie between their nodes.

    A conduit that climbs is legal in dynamic-wave routing, as long as it climbs by at most
    `STEEPEST_ADVERSE_SLOPE`. A sewer cannot start above the rim of its node; a street reach or an
    exceedance channel can where water ponds, because ponded water reaches it. That no end lies
    below an invert is certain: offsets are not negative.
    """
    nodes = {node.id: node for node in reversed(network.nodes)}
    defects: list[Finding] = []
    warnings: list[Finding] = []
    for conduit in network.conduits:
        place = f"conduits/{conduit.id}"
        for end, offset_m, field in (
            (conduit.from_node, conduit.inlet_offset_m, "inlet_offset_m"),
            (conduit.to_node, conduit.outlet_offset_m, "outlet_offset_m"),
        ):
            node = nodes.get(end)
            if isinstance(node, (Junction, Storage)) and _above_rim(conduit, node, offset_m):
                defects.append(
                    Finding(
                        f"{place}/{field}",
                        f"this end lies above the rim of node {end}",
                        offset_m,
                        f"at most the node's depth, {node.max_depth_m!r} m",
                        "an offset is a height above the node's invert, not an elevation",
                    )
                )
        if conduit.from_node not in nodes or conduit.to_node not in nodes:
            continue
        drop_m = (nodes[conduit.from_node].invert_m + conduit.inlet_offset_m) - (
            nodes[conduit.to_node].invert_m + conduit.outlet_offset_m
        )
        slope = drop_m / conduit.length_m
        if slope < -STEEPEST_ADVERSE_SLOPE:
            defects.append(
                Finding(
                    place,
                    f"the conduit climbs {-drop_m:.6g} m over {conduit.length_m:.6g} m",
                    slope,
                    f"a slope of {-STEEPEST_ADVERSE_SLOPE:g} or more",
                    "swap from_node and to_node, or check the inverts and the length",
                )
            )
        elif slope < 0:
            warnings.append(Finding(place, "the conduit climbs", slope))
        elif slope == 0:
            warnings.append(Finding(place, "the conduit is level"))
        elif slope >= 1:
            warnings.append(Finding(place, "the conduit falls by more than its length", slope))
    return defects, warnings


def _above_rim(conduit: Conduit, node: Junction | Storage, offset_m: float) -> bool:
    if node.max_depth_m == 0 or offset_m <= node.max_depth_m + LEVEL_TOLERANCE_M:
        return False
    ponds = isinstance(node, Junction) and (
        node.ponded_area_m2 > 0 or node.ponding_curve is not None
    )
    return conduit.level == "sewer" or not ponds


def _increasing(family: str, name: str, points: Pairs, abscissa: str) -> Iterable[Finding]:
    for i, ((before, _), (x, _)) in enumerate(zip(points, points[1:], strict=False), start=2):
        if x <= before:
            what = "repeats" if x == before else "goes back"
            yield Finding(
                f"{family}/{name}",
                f"the {abscissa} {what} at point {i}",
                x,
                f"more than {before!r}",
                "sort the points, one value for each",
            )


def _curves(network: Network) -> Iterable[Finding]:
    for curve in network.curves:
        yield from _increasing("curves", curve.id, curve.points, "abscissa")
        ordinate = _ORDINATES.get(curve.kind)
        for i, (_, y) in enumerate(curve.points, start=1):
            if ordinate is not None and y < 0:
                yield Finding(
                    f"curves/{curve.id}",
                    f"negative {ordinate} at point {i}",
                    y,
                    "0 or more",
                    "check the sign, and that no code for a missing value is left",
                )


def _curve_uses(network: Network) -> Iterable[Finding]:
    curves = {curve.id: curve for curve in reversed(network.curves)}
    uses: list[tuple[str, str | None, tuple[str, ...]]] = [
        (f"{family}/{element.id}/{field}", getattr(element, field), kinds)
        for family, field, kinds in _CURVE_USES
        for element in getattr(network, family)
    ]
    uses += [
        (f"{family}/{element.id}/section.curve", element.section.curve, ("shape",))
        for family, element in _sectioned(network)
        if element.section.kind == "custom"
    ]
    uses += [
        (f"rules/{rule.id}/{branch}[{i}].curve", action.curve, ("control",))
        for rule in network.rules
        for branch, actions in (("then", rule.then), ("otherwise", rule.otherwise))
        for i, action in enumerate(actions)
    ]
    for where, name, kinds in uses:
        if name is not None and name in curves and curves[name].kind not in kinds:
            yield Finding(
                where,
                f"curve {name} is of another kind",
                curves[name].kind,
                " or ".join(kinds),
                "name a curve of that kind, or correct the kind of this one",
            )


def _series(network: Network) -> Iterable[Finding]:
    for series in network.series:
        yield from _increasing("series", series.id, series.points, "time")


def _transects(network: Network) -> Iterable[Finding]:
    for transect in network.transects:
        place = f"transects/{transect.id}"
        stations = [station for station, _ in transect.stations]
        for i, (before, station) in enumerate(zip(stations, stations[1:], strict=False), start=2):
            if station < before:
                yield Finding(
                    place,
                    f"the station goes back at point {i}",
                    station,
                    f"{before!r} or more",
                    "list the points from the left bank to the right",
                )
        if transect.left_bank_m > transect.right_bank_m:
            yield Finding(
                f"{place}/left_bank_m",
                "the left bank lies right of the right bank",
                transect.left_bank_m,
                f"at most {transect.right_bank_m!r}",
                "stations count from the left, looking downstream",
            )


def _sectioned(network: Network) -> list[tuple[str, Conduit | Orifice | Weir]]:
    return [
        (family, element)
        for family in ("conduits", "orifices", "weirs")
        for element in getattr(network, family)
    ]


def _sections(network: Network) -> Iterable[Finding]:
    for family, element in _sectioned(network):
        section: CrossSection = element.section
        place = f"{family}/{element.id}/section"
        if section.kind in _NEEDS_CURVE and section.curve is None:
            needed = "a shape curve" if section.kind == "custom" else "a transect"
            yield Finding(
                f"{place}.curve",
                f"a section of kind {section.kind} needs {needed}",
                None,
                f"the id of {needed}",
                "name one, or choose a kind of section that is given by its lengths",
            )
        if section.kind not in ("irregular", "street") and section.depth_m == 0:
            yield Finding(
                f"{place}.depth_m",
                "the section has no height",
                0.0,
                "more than 0 m",
                "depth_m is the full height, the diameter of a circular pipe",
            )
        if section.kind in _NEEDS_WIDTH and section.width_m == 0:
            yield Finding(
                f"{place}.width_m",
                "the section has no width",
                0.0,
                "more than 0 m",
                "only round shapes follow from their height",
            )


def _storages(network: Network) -> Iterable[Finding]:
    curves: dict[str, Curve] = {curve.id: curve for curve in reversed(network.curves)}
    for storage in network.storages:
        if storage.curve is None:
            largest_m2 = storage.area_coefficient + storage.area_constant_m2
        elif storage.curve in curves:
            largest_m2 = max(y for _, y in curves[storage.curve].points)
        else:
            continue
        if largest_m2 <= 0:
            yield Finding(
                f"storages/{storage.id}",
                "the basin has no area at any depth",
                largest_m2,
                "an area above 0",
                "give a curve of depth and area, area_coefficient or area_constant_m2",
            )


def _initial_depths(network: Network) -> Iterable[Finding]:
    """Find nodes that would start fuller than they can be: SWMM refuses them too (ERROR 138)."""
    crown: dict[str, float] = {}
    for conduit in network.conduits:
        height = conduit.section.depth_m
        if conduit.section.kind in ("irregular", "street"):
            height = math.inf  # known from its transect only
        for node_id, offset_m in (
            (conduit.from_node, conduit.inlet_offset_m),
            (conduit.to_node, conduit.outlet_offset_m),
        ):
            crown[node_id] = max(crown.get(node_id, 0.0), offset_m + height)
    families = (("junctions", network.junctions), ("storages", network.storages))
    for family, nodes in families:
        for node in nodes:
            rim_m = node.max_depth_m
            if family == "junctions":
                rim_m = max(rim_m, crown.get(node.id, 0.0))
            most_m = rim_m + node.surcharge_depth_m
            if node.initial_depth_m > most_m + LEVEL_TOLERANCE_M:
                yield Finding(
                    f"{family}/{node.id}/initial_depth_m",
                    "the node starts with water above its rim",
                    node.initial_depth_m,
                    f"at most {most_m!r} m",
                    "let an inflow fill it: a run does not start on a flooded street",
                )


def _pumps(network: Network) -> Iterable[Finding]:
    for pump in network.pumps:
        if pump.pump_type != "ideal" and pump.curve is None:
            yield Finding(
                f"pumps/{pump.id}/curve",
                f"a pump of {pump.pump_type} needs a pump curve",
                None,
                "the id of a pump curve",
                "pump_type ideal needs none",
            )
        if pump.startup_depth_m > 0 and pump.shutoff_depth_m > pump.startup_depth_m:
            yield Finding(
                f"pumps/{pump.id}/shutoff_depth_m",
                "the pump switches off above the depth that switches it on",
                pump.shutoff_depth_m,
                f"at most startup_depth_m, {pump.startup_depth_m!r} m",
                "the two may be swapped",
            )


def _outlets(network: Network) -> Iterable[Finding]:
    for outlet in network.outlets:
        if outlet.curve is None and outlet.coefficient == 0:
            yield Finding(
                f"outlets/{outlet.id}",
                "the outlet never passes any water",
                None,
                "a rating curve, or a coefficient above 0",
                "flow is coefficient * head ** exponent where there is no curve",
            )


def _outfalls(network: Network) -> Iterable[Finding]:
    needs = {"fixed": "stage_m", "series": "stage_series"}
    for outfall in network.outfalls:
        field = needs.get(outfall.boundary)
        if field is not None and getattr(outfall, field) is None:
            yield Finding(
                f"outfalls/{outfall.id}/{field}",
                f"boundary {outfall.boundary} needs {field}",
                None,
                "a level in m" if field == "stage_m" else "the id of a series of levels in m",
                "boundary free or normal needs none",
            )
