"""Tables of a fleet's run, and its routes and points as GeoJSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios.fleet_ground import Ground
from scenarios.fleet_legs import Leg
from scenarios.fleet_plan_view import PlanView
from scenarios.fleet_view import FleetView, clock
from scenarios.locale import Texts

if TYPE_CHECKING:
    import pandas as pd

#: Figures of a truck, in the order of the table; all can be sorted by.
TRUCK_FIGURES = (
    "hours", "km", "kg", "stops", "unloads", "charges_kwh", "wait_h", "drive_h", "lowest_charge",
)  # fmt: skip
_HOURS = {"wait_h": "wait", "drive_h": "drive"}
_AMOUNTS = {"km": "drive", "kg": "collect", "charges_kwh": "charge"}
_COUNTS = {"stops": "collect", "unloads": "unload"}


def trucks_frame(done: pd.DataFrame, curves: Mapping[str, Any], batteries: Mapping[str, Any],
                 window_s: tuple[float, float]) -> pd.DataFrame:  # fmt: skip
    """Return a row a truck: when it leaves and is back, and `TRUCK_FIGURES`.

    Parameters
    ----------
    done
        As `sim.fleet.trace.activities` says it, of the day in question.
    curves, batteries
        Energies and batteries by truck.
    window_s
        What of the curves is looked at.
    """
    import pandas as pd

    rows: dict[str, dict[str, Any]] = {}
    for truck, mine in done.groupby("truck", sort=True):
        lasted = (mine["to_s"] - mine["from_s"]) / 3600.0
        work = mine[mine["kind"] != "charge"]
        ends = work if len(work) else mine
        row: dict[str, Any] = {
            "leaves_s": float(ends["from_s"].min()), "back_s": float(ends["to_s"].max()),
        }  # fmt: skip
        row["hours"] = (row["back_s"] - row["leaves_s"]) / 3600.0
        row |= {name: float(lasted[mine["kind"] == kind].sum()) for name, kind in _HOURS.items()}
        row |= {
            name: float(mine.loc[mine["kind"] == kind, "amount"].sum())
            for name, kind in _AMOUNTS.items()
        }
        row |= {name: int((mine["kind"] == kind).sum()) for name, kind in _COUNTS.items()}
        row["lowest_charge"] = _lowest(str(truck), curves, batteries, window_s)
        rows[str(truck)] = row
    columns = ["leaves_s", "back_s", *TRUCK_FIGURES]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def _lowest(
    truck: str,
    curves: Mapping[str, Any],
    batteries: Mapping[str, Any],
    window_s: tuple[float, float],
) -> float:
    if truck not in curves or truck not in batteries:
        return float("nan")
    time_s, kwh = curves[truck]
    inside = kwh[(time_s >= window_s[0]) & (time_s <= window_s[1])]
    return (
        100.0 * float(inside.min()) / float(batteries[truck].kwh) if len(inside) else float("nan")
    )


def sites_frame(view: FleetView, t: Texts) -> pd.DataFrame:
    """Return a row a site or charger: visits, amount, waits, stock or power."""
    import pandas as pd

    rows = []
    done = view.done
    waits = done[done["kind"] == "wait"]
    lasted = (waits["to_s"] - waits["from_s"]) / 60.0
    for kind, unit, names in (
        ("unload", 1e-3, [row.id for row in view.tables["sites"]]),
        ("charge", 1.0, [row.id for row in view.tables["chargers"]]),
    ):
        series = view.record.series.get(
            ("fleet", "site_stock" if kind == "unload" else "charging_power")
        )
        for name in names:
            mine = done[(done["kind"] == kind) & (done["target"] == name)]
            waited = lasted[waits["target"] == name]
            there = series is not None and name in series.entities
            rows.append(
                {
                    t("fleet.site_name"): name,
                    t("fleet.site_visits"): len(mine),
                    t("fleet.site_tonnes"): _round(mine["amount"].sum() * unit, kind == "unload"),
                    t("fleet.site_kwh"): _round(mine["amount"].sum(), kind == "charge"),
                    t("fleet.site_waits"): len(waited),
                    t("fleet.site_mean_wait"): _round(waited.sum() / max(len(mine), 1), True),
                    t("fleet.site_longest_wait"): _round(max(waited, default=0.0), True),
                    t("fleet.site_peak"): _round(
                        float(series.of(name).max()) if there and series is not None else np.nan,
                        there,
                    ),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def points_frame(view: FleetView, t: Texts) -> pd.DataFrame:
    """Return a row a point that overflowed or was missed, the worst first."""
    import pandas as pd

    missed, over = view.counts("missed"), view.sums("overflow_kg")
    hours = view.sums("overflow_h")
    rows = [
        {
            t("fleet.point_name"): point.id,
            t("fleet.point_stream"): t(f"fleet.stream_{point.stream}"),
            t("fleet.point_place"): point.place,
            t("fleet.point_missed"): missed.get(point.id, 0),
            t("fleet.point_overflow_kg"): round(over.get(point.id, 0.0), 1),
            t("fleet.point_overflow_h"): round(hours.get(point.id, 0.0), 1),
        }
        for point in view.inputs.points
        if point.id in missed or point.id in over
    ]
    frame = pd.DataFrame(rows)
    if len(frame):
        frame = frame.sort_values(
            [t("fleet.point_overflow_kg"), t("fleet.point_missed")], ascending=False
        )
    return frame


def named_trucks(frame: pd.DataFrame, t: Texts, midnight_s: float = 0.0) -> pd.DataFrame:
    """Return the table of trucks with heads in a language, times as clock."""
    import pandas as pd

    shown: dict[str, Any] = {t("fleet.truck"): list(frame.index)}
    for name, key in (("leaves", "leaves_s"), ("back", "back_s")):
        shown[t(f"fleet.truck_{name}")] = [clock((s - midnight_s) / 3600.0) for s in frame[key]]
    for name in TRUCK_FIGURES:
        column = frame[name]
        shown[t(f"fleet.figure_{name}")] = (
            column.astype(int) if name in _COUNTS else column.round(1)
        )
    return pd.DataFrame(shown).reset_index(drop=True)


def tracks_geojson(view: FleetView, tracks: Mapping[str, Sequence[Leg]]) -> str:
    """Return drives and points as GeoJSON (RFC 7946); points with how they fared.

    Parameters
    ----------
    tracks
        Drives by truck.
    """

    assert view.ground is not None, "only where there is a ground"
    features: list[dict[str, Any]] = []
    for truck, legs in tracks.items():
        for leg in legs:
            about = {"truck": truck, "target": leg.target, "from_s": round(leg.from_s, 1),
                     "to_s": round(leg.to_s, 1)}  # fmt: skip
            line = leg.line if len(leg.line) > 1 else np.vstack([leg.line, leg.line])
            features.append(
                _feature("LineString", view.ground.lon_lat(line), {"kind": "drive"} | about)
            )
    fared = view.fared
    for point in view.inputs.points:
        if point.place in view.ground.xy_m:
            at = np.array([view.ground.xy_m[point.place]])
            about = {"kind": "point", "id": point.id, "stream": point.stream,
                     "state": fared[point.id]}  # fmt: skip
            features.append(_feature("Point", view.ground.lon_lat(at), about))
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)


def _feature(kind: str, lon_lat: Any, about: Mapping[str, Any]) -> dict[str, Any]:
    places = np.round(lon_lat, 7).tolist()
    return {
        "type": "Feature", "properties": dict(about),
        "geometry": {"type": kind, "coordinates": places if kind != "Point" else places[0]},
    }  # fmt: skip


def _round(value: float, there: bool) -> float | None:
    return round(float(value), 1) if there and value == value else None


def plan_tracks_geojson(plan: PlanView, ground: Ground) -> str:
    """Return the routes of a plan along the streets, and its stops, as GeoJSON (RFC 7946)."""
    features: list[dict[str, Any]] = []
    for truck in plan.trucks:
        line = plan.line(truck, ground)
        stops = plan.stops(truck)
        if len(line) > 1:
            about = {"kind": "route", "truck": truck, "stops": len(stops)}
            features.append(_feature("LineString", ground.lon_lat(line), about))
        for position, stop in enumerate(stops, start=1):
            if plan.place_of.get(stop) in ground.xy_m:
                at = np.array([ground.xy_m[plan.place_of[stop]]])
                about = {"kind": "stop", "truck": truck, "id": stop, "position": position}
                features.append(_feature("Point", ground.lon_lat(at), about))
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
