"""Plans as tables and maps: CSV with a row a visit, GeoJSON with a line a route."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from optimize.routing.clock import clock
from optimize.routing.plan import Plan, Route
from optimize.routing.plan_json import visit_id
from optimize.routing.problem import Floats, Problem
from sim.kernel.csv_rows import sheet_text
from sim.streets.journeys import Journeys

_COLUMNS = (
    "truck", "number", "position", "kind", "id", "place", "arrive", "begin", "end", "arrive_s",
    "begin_s", "end_s", "drive_s", "drive_m", "energy_arrive_kwh", "energy_end_kwh",
)  # fmt: skip


def plan_csv(problem: Problem, plan: Plan) -> str:
    """Return a plan as CSV: its visits in order, then the stops left out with their reasons.

    Times appear as clock and as seconds; ``drive_s`` and ``drive_m`` are those of the leg to the
    visit; loads, on departure, have a column for each dimension.
    """
    header = [*_COLUMNS, *(f"load.{name}" for name in problem.dimensions), "reason"]
    rows = []
    for route in plan.routes:
        truck = problem.trucks[route.truck_type].id
        for position, visit in enumerate(route.visits):
            before = route.visits[max(position - 1, 0)]
            metres = 0.0
            if before.place != visit.place:
                metres = float(problem.travel.distance_m[before.place, visit.place])
            loads = visit.load or (math.nan,) * len(problem.dimensions)
            rows.append(
                [
                    truck, str(route.number), str(position), visit.kind,
                    visit_id(problem, visit), problem.travel.places[visit.place],
                    clock(visit.arrive_s), clock(visit.begin_s), clock(visit.end_s),
                    *map(_number, (visit.arrive_s, visit.begin_s, visit.end_s)),
                    _number(visit.arrive_s - before.end_s), _number(metres),
                    *map(_number, (visit.energy_arrive_kwh, visit.energy_end_kwh)),
                    *map(_number, loads), "",
                ]
            )  # fmt: skip
    for out in plan.left_out:
        stop = problem.stops[out.stop]
        cells = dict.fromkeys(header, "")
        cells |= {
            "kind": "left_out", "id": stop.id, "place": problem.travel.places[stop.place],
            "reason": out.reason,
        }  # fmt: skip
        rows.append(list(cells.values()))
    return sheet_text(header, rows)


def _number(value: float) -> str:
    return repr(float(value)) if math.isfinite(value) else ""


def plan_geojson(
    problem: Problem,
    plan: Plan,
    to_lon_lat: Callable[[Floats], Floats],
    journeys: Journeys | None = None,
) -> str:
    """Return a plan as GeoJSON (RFC 7946): a line for each route, a point for each visit.

    Parameters
    ----------
    to_lon_lat
        Turns places in the plane of the problem (k, 2) into longitudes and latitudes.
    journeys
        The ways between its places, for lines along the streets; straight lines without.
    """
    features: list[dict[str, Any]] = []
    for route in plan.routes:
        truck = problem.trucks[route.truck_type].id
        xy = _line(problem, route, journeys)
        stops = sum(visit.kind == "stop" for visit in route.visits)
        about = {"truck": truck, "number": route.number}
        if len(xy) > 1:
            features.append(
                _feature("LineString", to_lon_lat(xy), {
                    **about, "kind": "route", "stops": stops,
                    "start": clock(route.visits[0].end_s), "end": clock(route.visits[-1].arrive_s),
                })
            )  # fmt: skip
        for position, visit in enumerate(route.visits):
            at = problem.travel.xy_m[visit.place]
            if np.all(np.isfinite(at)):
                features.append(
                    _feature("Point", to_lon_lat(at[None, :]), {
                        **about, "kind": visit.kind, "id": visit_id(problem, visit),
                        "position": position, "arrive": clock(visit.arrive_s),
                        "begin": clock(visit.begin_s), "end": clock(visit.end_s),
                    })
                )  # fmt: skip
    for out in plan.left_out:
        stop = problem.stops[out.stop]
        at = problem.travel.xy_m[stop.place]
        if np.all(np.isfinite(at)):
            about = {"kind": "left_out", "id": stop.id, "reason": out.reason}
            features.append(_feature("Point", to_lon_lat(at[None, :]), about))
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)


def _line(problem: Problem, route: Route, journeys: Journeys | None) -> Floats:
    """Return the line of a route in the plane, without places that are unknown."""
    places = [visit.place for visit in route.visits]
    legs = [(a, b) for a, b in zip(places, places[1:], strict=False) if a != b]
    parts = []
    for a, b in legs:
        way = journeys.way(a, b) if journeys is not None else None
        parts.append(problem.travel.xy_m[[a, b]] if way is None else way.xy_m)
    if not parts:
        return np.zeros((0, 2))
    xy = np.concatenate(parts)
    xy = xy[np.all(np.isfinite(xy), axis=1)]
    moves = np.ones(len(xy), dtype=bool)
    moves[1:] = np.any(np.diff(xy, axis=0) != 0.0, axis=1)
    return xy[moves]


def _feature(kind: str, lon_lat: Floats, properties: dict[str, Any]) -> dict[str, Any]:
    places = [[round(float(lon), 7), round(float(lat), 7)] for lon, lat in lon_lat]
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": kind, "coordinates": places if kind != "Point" else places[0]},
    }
