"""[RAINGAGES], [SUBCATCHMENTS], [SUBAREAS] and [INFILTRATION]."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.drainage.elements import CurveNumber, GreenAmpt, Horton, RainGauge, Subcatchment
from sim.drainage.swmm.lexer import Row
from sim.drainage.swmm.options import SwmmOptions
from sim.drainage.swmm.reading import Reading, bad, keyword, made, match, number, optional, text
from sim.drainage.swmm.tables import Book, Points, Scale, read_rain_file
from sim.drainage.swmm.times import parse_clock, parse_date, parse_number
from sim.kernel.errors import InputError

_FORMS = {"INTENSITY": "intensity", "VOLUME": "volume", "CUMULATIVE": "cumulative"}
_METHODS = ("HORTON", "MODIFIED_HORTON", "GREEN_AMPT", "MODIFIED_GREEN_AMPT", "CURVE_NUMBER")
_NO_INFILTRATION = Horton(max_rate_mm_h=0.0, min_rate_mm_h=0.0, decay_per_h=0.0, drying_time_d=7.0)
# SWMM's own stand-in for a drying time of 0 days
_TINY_D = 1e-6
# Manning's n that lets excess rain leave at once, for SWMM's "no roughness, no width or no slope"
IMMEDIATE_N = 1e-6


@dataclass
class Surface:
    gauges: dict[str, RainGauge] = field(default_factory=dict)
    subcatchments: dict[str, Subcatchment] = field(default_factory=dict)
    rain_files: dict[str, Points] = field(default_factory=dict)  # series id -> points in mm


def read_gauges(reading: Reading, options: SwmmOptions, series: Book, surface: Surface) -> None:
    def one(row: Row) -> None:
        name = reading.define("gauge", row, text(row, 0, "the gauge's id"))
        form = _FORMS[keyword(row, 1, "the rain format", _FORMS)]
        hours = parse_number(text(row, 2, "the interval"))
        interval_s = parse_clock(row[2]) if hours is None else round(hours * 3600.0)
        if not interval_s or interval_s <= 0:
            raise bad(row, "the rain interval is not a time", row[2], "h:mm or hours, more than 0")
        factor = number(row, 3, "the snow catch factor")
        source = keyword(row, 4, "the source of the rain", ("TIMESERIES", "FILE"))
        if source == "TIMESERIES":
            series_id = reading.refer("series", row, 5)
            scale = Scale("rain", 1.0, reading.units.rain_mm)
            points = series.tables[series_id].points
            used = series.use(reading, series_id, scale)
        else:
            used, points = _rain_file(reading, row, name, options, surface)
        gaps_s = [b[0] - a[0] for a, b in zip(points, points[1:], strict=False)]
        if gaps_s and interval_s > round(min(gaps_s)):
            raise bad(row, "the rain interval is longer than the spacing of its series", row[2],
                      f"at most {round(min(gaps_s))} s")  # fmt: skip
        surface.gauges[name] = made(
            RainGauge,
            id=name,
            form=form,
            interval_s=interval_s,
            series=used,
            snow_catch_factor=factor if factor > 0 else 1.0,
        )

    reading.each("RAINGAGES", one)


def _rain_file(
    reading: Reading, row: Row, gauge: str, options: SwmmOptions, surface: Surface
) -> tuple[str, Points]:
    unit = keyword(row, 7, "the unit of the rain file", ("IN", "MM"))
    day = optional(row, 8, ("", "*"))
    first_day = parse_date(day) if day else None
    if day and first_day is None:
        raise bad(row, "the first day of the rain file is not a date", day, "month/day/year")
    points = read_rain_file(reading, row, row[5], row[6], first_day, options)
    mm = 25.4 if unit == "IN" else 1.0
    used = reading.free_name("series", gauge)
    surface.rain_files[used] = [(t, v * mm) for t, v in points]
    return used, points


def read_subcatchments(reading: Reading, options: SwmmOptions, surface: Surface) -> None:
    """Read the subcatchments with their subareas and infiltration."""
    subareas: dict[str, Row] = {}
    infiltration: dict[str, Row] = {}

    def define(row: Row) -> None:
        reading.define("subcatchment", row, text(row, 0, "the subcatchment's id"))

    def subarea(row: Row) -> None:
        subareas[reading.refer("subcatchment", row, 0)] = row

    def soil(row: Row) -> None:
        infiltration[reading.refer("subcatchment", row, 0)] = row

    reading.each("SUBCATCHMENTS", define)
    reading.each("SUBAREAS", subarea)
    reading.each("INFILTRATION", soil)
    if options.ignore_rainfall and reading.rows("SUBCATCHMENTS"):
        first = reading.rows("SUBCATCHMENTS")[0]
        count = len(reading.rows("SUBCATCHMENTS"))
        reading.note(first, f"IGNORE_RAINFALL: the {count} subcatchments are left out")
        return

    def one(row: Row) -> None:
        name = row[0]
        if name not in subareas:
            raise bad(row, "the subcatchment has no subareas", name, "a line in [SUBAREAS]")
        soil_row = infiltration.get(name)
        loss = _infiltration(soil_row, reading, options) if soil_row else _NO_INFILTRATION
        surface.subcatchments[name] = _subcatchment(reading, row, subareas[name], loss)

    reading.each("SUBCATCHMENTS", one)


def _subcatchment(
    reading: Reading, row: Row, sub: Row, loss: Horton | GreenAmpt | CurveNumber
) -> Subcatchment:
    units = reading.units
    outlet = text(row, 2, "the outlet")
    if reading.known("node", outlet) and reading.known("subcatchment", outlet):
        raise bad(row, "the outlet is both a node and a subcatchment", outlet, "one of them")
    family = "subcatchment" if reading.known("subcatchment", outlet) else "node"
    width_m = number(row, 5, "the width", minimum=0.0) * units.length_m
    slope = number(row, 6, "the slope", minimum=0.0)
    area_ha = number(row, 3, "the area", above=0.0) * units.area_ha
    n_impervious = number(sub, 1, "n of the impervious area", minimum=0.0)
    n_pervious = number(sub, 2, "n of the pervious area", minimum=0.0)
    if width_m == 0 or slope == 0:
        reading.note(row, f"no width or no slope: excess rain leaves at once (n = {IMMEDIATE_N:g})")
        n_impervious = n_pervious = IMMEDIATE_N
        width_m = width_m or (area_ha * 1e4) ** 0.5
        slope = slope or 1.0
    if n_impervious == 0 or n_pervious == 0:
        reading.note(sub, f"n of 0: excess rain leaves at once (n = {IMMEDIATE_N:g})")
    routed = number(sub, 7, "the routed percentage", default=100.0, minimum=0.0, maximum=100.0)
    route = keyword(sub, 6, "the internal routing", ("OUTLET", "IMPERV", "PERV"))
    route_to = {"OUTLET": "outlet", "IMPERV": "impervious", "PERV": "pervious"}[route]
    share = min(number(row, 4, "the impervious share", minimum=0.0), 100.0)
    if share in (0.0, 100.0):
        route_to = "outlet"  # there is no other subarea to route to
    return made(
        Subcatchment,
        id=row[0],
        gauge=reading.refer("gauge", row, 1),
        outlet=reading.refer(family, row, 2),
        area_ha=area_ha,
        width_m=width_m,
        slope_percent=slope,
        impervious_percent=share,
        n_impervious=n_impervious or IMMEDIATE_N,
        n_pervious=n_pervious or IMMEDIATE_N,
        storage_impervious_mm=number(sub, 3, "a storage", minimum=0.0) * units.rain_mm,
        storage_pervious_mm=number(sub, 4, "a storage", minimum=0.0) * units.rain_mm,
        zero_storage_percent=number(sub, 5, "the share without storage", minimum=0.0, maximum=100),
        route_to=route_to,
        routed_percent=routed,
        infiltration=loss,
    )


def _infiltration(
    row: Row, reading: Reading, options: SwmmOptions
) -> Horton | GreenAmpt | CurveNumber:
    """Read and check infiltration as SWMM does (its error 235)."""
    last = match(row[-1], _METHODS)
    method = last or options.infiltration
    count = len(row) - 1 if last else len(row)
    rain_mm = reading.units.rain_mm
    least = 5 if "HORTON" in method else 4
    if count < least:
        raise bad(row, "too few infiltration parameters", row.text, f"{least - 1} numbers")
    p = [number(row, k, "an infiltration parameter") for k in range(1, min(count, 6))]

    def refused(expected: str) -> InputError:
        return bad(
            row, f"invalid {method} parameters (SWMM refuses them as error 235)",
            " ".join(row.tokens[1:]), expected, "check which method the numbers are meant for",
        )  # fmt: skip

    if "HORTON" in method:
        if min(p) < 0 or p[0] < p[1]:
            raise refused("no negative number, and a maximum rate not below the minimum rate")
        return Horton(
            method="horton" if method == "HORTON" else "modified_horton",
            max_rate_mm_h=p[0] * rain_mm, min_rate_mm_h=p[1] * rain_mm, decay_per_h=p[2],
            drying_time_d=p[3] or _TINY_D,
            max_volume_mm=(p[4] if len(p) > 4 else 0.0) * rain_mm,
        )  # fmt: skip
    if "GREEN_AMPT" in method:
        if p[0] < 0 or p[1] <= 0 or not 0 <= p[2] <= 1:
            raise refused("suction of at least 0, conductivity above 0, deficit from 0 to 1")
        return GreenAmpt(
            method="green_ampt" if method == "GREEN_AMPT" else "modified_green_ampt",
            suction_head_mm=p[0] * rain_mm, conductivity_mm_h=p[1] * rain_mm, initial_deficit=p[2],
        )  # fmt: skip
    if p[2] <= 0:
        raise refused("curve number, an unused number, and a drying time above 0 days")
    return CurveNumber(curve_number=min(max(p[0], 10.0), 99.0), drying_time_d=p[2])
