"""The tables of the fleet case, in the columns that the simulation reads."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..assumptions import Assumptions
from ..files import write_csv
from .case import FleetCase
from .crews import BODIES, CREWS, PLACE_OF, TruckPlan, body_number
from .patterns import KINDS, PROFILES, STREAMS
from .plan import Route
from .roads import DISTRICTS

TECHNOLOGY = "dc80"
SITES = (
    ("INC", "incinerator", "residual", "", ""), ("FOOD", "food_plant", "food", "", ""),
    ("SORT", "sorting", "recyclable hazardous", "", ""),
    ("TS", "transfer", "residual", "INC", "1"),
)  # fmt: skip
SHIFTS = ("early", "day", "night", "weekdays", "round")


def write_fleet(case: FleetCase, folder: Path) -> None:
    """Write today's case into `folder`; into folders within it, what its variants have instead."""
    _streets(case, folder / "streets")
    _places(case, folder / "streets")
    _points(case, folder)
    _streams(case, folder)
    _truck_types(case.town.assumptions, folder)
    _trucks(case, folder / "trucks.csv", all_electric=False)
    _trucks(case, folder / "all_electric" / "trucks.csv", all_electric=True)
    _shifts(case.town.assumptions, folder)
    _sites(case, folder)
    _chargers(case, folder)
    _plan(case.routes, folder / "plan.csv")
    _plan(case.electric_routes, folder / "all_electric" / "plan.csv")
    _outages(case, folder / "three_streets" / "outages.csv")


def _streets(case: FleetCase, folder: Path) -> None:
    plane, status = case.town.plane, case.town.assumptions.text("case.status")
    write_csv(
        folder / "street_nodes.csv",
        ("id", "lon", "lat", "x_m", "y_m", "district", "zone", "land_use", "people", "status"),
        (
            (n.id, f"{plane.lon(n.x_m):.6f}", f"{plane.lat(n.y_m):.6f}", f"{n.x_m:.2f}",
             f"{n.y_m:.2f}", n.district, n.zone, n.land_use, case.region.people.get(n.id, 0),
             status)
            for n in case.region.nodes.values()
        ),
    )  # fmt: skip
    write_csv(
        folder / "streets.csv",
        ("id", "from", "to", "length_m", "class", "width_m", "lanes", "speed_km_h", "structure",
         "status"),
        (
            (s.id, s.from_node, s.to_node, f"{s.length_m:.1f}", s.street_class, f"{s.width_m:g}",
             s.lanes, f"{s.speed_km_h:g}", s.structure, status)
            for s in case.region.streets
        ),
    )  # fmt: skip


def _places(case: FleetCase, folder: Path) -> None:
    """Write the street corners that the other tables name, and where water is told of."""
    plane, nodes = case.town.plane, case.region.nodes
    name = {node: f"depot {district}" for district, node in case.region.depot.items()}
    name |= {node: f"site {place}" for place, node in case.region.site.items()}
    used = {stop.node.id for stop in case.stops} | set(name)
    write_csv(
        folder / "places.csv",
        ("id", "x_m", "y_m", "lon", "lat", "name"),
        (
            (n.id, f"{n.x_m:.2f}", f"{n.y_m:.2f}", f"{plane.lon(n.x_m):.6f}",
             f"{plane.lat(n.y_m):.6f}", name.get(n.id, ""))
            for n in nodes.values() if n.id in used
        ),
    )  # fmt: skip
    write_csv(
        folder / "flooded.csv",
        ("point", "node"),
        ((node, node) for node in case.town.graph.nodes),
    )


def _points(case: FleetCase, folder: Path) -> None:
    shift_of = {t.id: t.shift for t in case.trucks}
    texts = case.town.assumptions.texts
    served = {
        stop: (route.truck, float(texts(f"shift.{shift_of[route.truck.id]}")[0]) + at_s / 3600.0)
        for route in case.routes
        for stop, at_s in route.at_s.items()
    }

    def opening(stop_id: str, truck: TruckPlan, hour: float) -> str:
        stop = by_id[stop_id]
        weekdays = texts(f"shift.{truck.shift}")[4]
        # after midnight nothing of the new day has been left
        days = case.streams.opening_days(
            stop.stream, stop.people, stop.shops, min(hour, 24.0), weekdays
        )
        holds_kg = stop.bins * stop.bin_m3 * case.streams.density[stop.stream]
        return f"{days * stop.kg_per_day / holds_kg:.3f}"

    by_id = {stop.id: stop for stop in case.stops}
    write_csv(
        folder / "points.csv",
        ("id", "place", "stream", "kind", "people", "shops", "bins", "bin_m3", "opening_share",
         "service_s", "truck"),
        (
            (s.id, s.node.id, s.stream, s.kind, s.people, s.shops, s.bins, f"{s.bin_m3:g}",
             opening(s.id, *served[s.id]), f"{s.service_s:g}", served[s.id][0].id)
            for s in case.stops
        ),
    )  # fmt: skip


def _streams(case: FleetCase, folder: Path) -> None:
    a = case.town.assumptions
    scatter = dict(zip(STREAMS, a.numbers("stream.day_cv"), strict=True))
    row = {s: a.rows[f"stream.{s}.kg_per_person_day"] for s in STREAMS}
    write_csv(
        folder / "streams.csv",
        ("id", "kg_per_person_day", "kg_per_shop_day", "density_kg_m3", "day_cv",
         "household_profile", "shop_profile", "tag", "source"),
        (
            (s, row[s].value, a.text(f"stream.{s}.kg_per_shop_day"),
             f"{case.streams.density[s]:g}", f"{scatter[s]:g}", *PROFILES, row[s].tag,
             row[s].source)
            for s in STREAMS
        ),
    )  # fmt: skip
    write_csv(
        folder / "profiles.csv",
        ("profile", "kind", "number", "factor", "tag", "source"),
        (
            (profile, kind, number, f"{factor:g}", entry.tag, entry.source)
            for profile in PROFILES
            for kind, first in KINDS
            for entry in (a.rows[f"profile.{profile}.{kind}"],)
            for number, factor in enumerate(a.numbers(f"profile.{profile}.{kind}"), start=first)
        ),
    )  # fmt: skip


def _truck_types(a: Assumptions, folder: Path) -> None:
    streams = dict(zip(a.texts("truck.bodies"), a.texts("truck.streams"), strict=True))
    if tuple(streams) != BODIES:
        raise ValueError(f"truck.bodies: {tuple(streams)}; the generator knows {BODIES}")

    def rows(body: str) -> Iterable[tuple[object, ...]]:
        def of(name: str) -> float:
            return body_number(a, name, body)

        battery = of("battery")
        shared = (f"{of('volume'):g}", f"{of('compaction'):g}")
        failure = tuple(f"{a.number(f'truck.{name}'):g}" for name in (
            "mean_hours_to_failure", "median_repair", "repair_spread"))  # fmt: skip
        yield (
            f"{body}E", streams[body], f"{of('payload'):g}", *shared, f"{battery:g}",
            f"{battery * a.number('truck.reserve_share'):g}", f"{of('kwh_per_km'):g}",
            f"{a.number('truck.kwh_per_t_km'):g}", f"{of('lift_kwh'):g}", f"{of('lift_s'):g}",
            f"{of('compaction_kwh_per_t'):g}", f"{of('auxiliary_kw'):g}", 0,
            f"{of('electric_cny_per_day'):g}", f"{of('electric_cny_per_km'):g}", *failure,
        )  # fmt: skip
        yield (
            f"{body}D", streams[body], f"{of('payload') * a.number('truck.diesel_payload'):g}",
            *shared, "", 0, 0, 0, 0, f"{of('lift_s'):g}", 0, 0, f"{of('litre_per_km'):g}",
            f"{of('diesel_cny_per_day'):g}", f"{of('diesel_cny_per_km'):g}", *failure,
        )  # fmt: skip

    write_csv(
        folder / "truck_types.csv",
        ("id", "streams", "payload_kg", "body_m3", "compaction_ratio", "battery_kwh",
         "reserve_kwh", "kwh_per_km", "kwh_per_t_km", "lift_kwh", "lift_s",
         "compaction_kwh_per_t", "auxiliary_kw", "litre_per_km", "cny_per_day", "cny_per_km",
         "mean_hours_to_failure", "median_repair_h", "repair_spread"),
        (row for body in BODIES for row in rows(body)),
    )  # fmt: skip
    knots, shares = a.numbers("charger.knots"), a.numbers("charger.power_share")
    curves: list[tuple[object, ...]] = []
    for body in BODIES:
        battery = body_number(a, "battery", body)
        power_kw = min(a.number("charger.gun_kw"), a.number("charger.c_rate") * battery)
        at_s = 0.0
        for k, knot in enumerate(knots):
            if k:
                kwh = (knot - knots[k - 1]) * battery
                at_s += kwh / (power_kw * shares[k - 1]) * 3600.0
            curves.append((f"{body}E", TECHNOLOGY, f"{knot * battery:g}", f"{at_s:.1f}"))
    write_csv(folder / "charging.csv", ("truck_type", "technology", "energy_kwh", "time_s"), curves)


def _trucks(case: FleetCase, file: Path, *, all_electric: bool) -> None:
    write_csv(
        file,
        ("id", "type", "depot", "shift"),
        (
            (t.id, f"{t.body}{'E' if all_electric or t.electric else 'D'}",
             case.region.depot[t.district], t.shift)
            for t in case.trucks
        ),
    )  # fmt: skip


def _shifts(a: Assumptions, folder: Path) -> None:
    common = tuple(
        f"{a.number(f'shift.{name}'):g}"
        for name in ("break", "driving", "rest", "overtime", "people", "cny_per_h",
                     "overtime_factor")
    )  # fmt: skip
    write_csv(
        folder / "shifts.csv",
        ("id", "from_h", "to_h", "break_from_h", "break_to_h", "weekdays", "break_min",
         "driving_h", "rest_min", "overtime_h", "people", "cny_per_h", "overtime_factor"),
        ((name, *a.texts(f"shift.{name}"), *common) for name in SHIFTS),
    )  # fmt: skip


def _sites(case: FleetCase, folder: Path) -> None:
    a = case.town.assumptions
    bays, unload = a.numbers("site.bays"), a.numbers("site.unload")
    failure = [f"{value:g}" for value in a.numbers("site.line_failure")]
    lot_t, haulers = a.texts("site.haul")
    rows = []
    for k, (site, kind, streams, onward, share) in enumerate(SITES):
        lines, each, buffer, opening = a.texts(f"site.{site}.lines")
        other = a.text("site.INC.other") if site == "INC" else "0"
        rows.append(
            (site, case.region.site[PLACE_OF[site]], kind, streams, f"{bays[k]:g}",
             f"{unload[k]:g}", buffer, lines, each, opening, other, *failure, onward,
             share or "0", *((lot_t, haulers) if onward else (lot_t, 0)))
        )  # fmt: skip
    write_csv(
        folder / "sites.csv",
        ("id", "place", "kind", "streams", "bays", "unload_s", "buffer_t", "lines",
         "t_per_day_per_line", "opening_t", "other_t_per_day", "line_hours_to_failure",
         "line_median_repair_h", "line_repair_spread", "onward", "onward_share", "haul_t",
         "haul_trucks"),
        rows,
    )  # fmt: skip


def _chargers(case: FleetCase, folder: Path) -> None:
    a = case.town.assumptions
    write_csv(
        folder / "chargers.csv",
        ("id", "place", "technology", "guns", "limit_kw", "efficiency", "gun_hours_to_failure"),
        (
            (f"DC-{district}", case.region.depot[district], TECHNOLOGY, f"{guns:g}", f"{limit:g}",
             a.text("charger.efficiency"), a.text("charger.mean_hours_to_failure"))
            for district, guns, limit in zip(
                DISTRICTS, a.numbers("charger.guns"), a.numbers("charger.limit"), strict=True)
        ),
    )  # fmt: skip
    for name, first, second, column in (
        ("tariff", "tariff.from", "tariff.price", "cny_per_kwh"),
        ("traffic", "traffic.from", "traffic.factor", "speed_factor"),
    ):
        write_csv(
            folder / f"{name}.csv",
            ("from_h", column),
            zip(a.texts(first), a.texts(second), strict=True),
        )


def _plan(routes: list[Route], file: Path) -> None:
    write_csv(
        file,
        ("truck", "sequence", "kind", "target"),
        (
            (route.truck.id, number, kind, target)
            for route in routes
            for number, (kind, target) in enumerate(route.visits, start=1)
        ),
    )


def _outages(case: FleetCase, file: Path) -> None:
    a = case.town.assumptions
    write_csv(
        file,
        ("kind", "id", "from_h", "lasts_h"),
        (
            ("street", street, a.text("flood.from"), a.text("flood.lasts"))
            for street in a.texts("flood.streets")
        ),
    )


assert {body for _, body in CREWS} == set(BODIES)
