"""[TITLE] and [OPTIONS]: when the run happens and how SWMM would step through it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields, replace

from sim.drainage.swmm.lexer import Row
from sim.drainage.swmm.reading import Reading, bad, keyword, number, text, yes
from sim.drainage.swmm.times import parse_clock, parse_date, parse_number, parse_seconds
from sim.drainage.swmm.units import FLOW_UNITS, Units, units_for
from sim.kernel.errors import InputError

DEFAULT_SURFACE_AREA_M2 = 1.167  # 12.566 ft2, a manhole of 4 ft diameter (SWMM's own default)
DEFAULT_HEAD_TOLERANCE_M = 0.005 * 0.3048


@dataclass(frozen=True)
class SwmmOptions:
    """Everything of [OPTIONS] needed to run the file again. SI units; times in s.

    ``start`` is naive local time, as SWMM knows no zones. ``flow_units`` is what the file used;
    the network read from it is in SI.
    """

    title: str = ""
    start: dt.datetime = dt.datetime(2004, 1, 1)
    duration_s: float = 0.0
    report_start_s: float = 0.0
    flow_units: str = "CFS"
    infiltration: str = "HORTON"
    routing: str = "DYNWAVE"
    link_offsets: str = "DEPTH"
    allow_ponding: bool = False
    report_step_s: float = 900.0
    wet_step_s: float = 300.0
    dry_step_s: float = 3600.0
    routing_step_s: float = 20.0
    minimum_step_s: float = 0.5
    rule_step_s: float = 0.0
    variable_step: float = 0.75
    lengthening_step_s: float = 0.0
    inertial_damping: str = "PARTIAL"
    normal_flow_limited: str = "BOTH"
    surcharge_method: str = "EXTRAN"
    force_main_equation: str = "H-W"
    min_surface_area_m2: float = DEFAULT_SURFACE_AREA_M2
    min_slope_percent: float = 0.0
    max_trials: int = 8
    head_tolerance_m: float = DEFAULT_HEAD_TOLERANCE_M
    skip_steady_state: bool = False
    system_flow_tolerance_percent: float = 5.0
    lateral_flow_tolerance_percent: float = 5.0
    ignore_rainfall: bool = False
    ignore_snowmelt: bool = False
    ignore_groundwater: bool = False
    ignore_rdii: bool = False

    @property
    def units(self) -> Units:
        return units_for(self.flow_units)


_WORDS = {
    "FLOW_UNITS": ("flow_units", FLOW_UNITS),
    "INFILTRATION": (
        "infiltration",
        ("HORTON", "MODIFIED_HORTON", "GREEN_AMPT", "MODIFIED_GREEN_AMPT", "CURVE_NUMBER"),
    ),
    "LINK_OFFSETS": ("link_offsets", ("DEPTH", "ELEVATION")),
    "INERTIAL_DAMPING": ("inertial_damping", ("NONE", "PARTIAL", "FULL")),
    "NORMAL_FLOW_LIMITED": ("normal_flow_limited", ("SLOPE", "FROUDE", "BOTH", "NONE")),
    "SURCHARGE_METHOD": ("surcharge_method", ("EXTRAN", "SLOT")),
    "FORCE_MAIN_EQUATION": ("force_main_equation", ("H-W", "D-W")),
}
_FLAGS = {
    "ALLOW_PONDING": "allow_ponding",
    "SKIP_STEADY_STATE": "skip_steady_state",
    "IGNORE_RAINFALL": "ignore_rainfall",
    "IGNORE_SNOWMELT": "ignore_snowmelt",
    "IGNORE_GROUNDWATER": "ignore_groundwater",
    "IGNORE_RDII": "ignore_rdii",
}
_STEPS = {
    "WET_STEP": "wet_step_s",
    "DRY_STEP": "dry_step_s",
    "REPORT_STEP": "report_step_s",
    "RULE_STEP": "rule_step_s",
}
_NUMBERS = {
    "VARIABLE_STEP": ("variable_step", 0.0, 2.0),
    "MINIMUM_STEP": ("minimum_step_s", 0.0, None),
    "MIN_SURFAREA": ("min_surface_area_m2", 0.0, None),
    "MIN_SLOPE": ("min_slope_percent", 0.0, 100.0),
    "MAX_TRIALS": ("max_trials", 0.0, None),
    "HEAD_TOLERANCE": ("head_tolerance_m", 0.0, None),
    "SYS_FLOW_TOL": ("system_flow_tolerance_percent", None, None),
    "LAT_FLOW_TOL": ("lateral_flow_tolerance_percent", None, None),
}  # fmt: skip
_DATES = ("START", "END", "REPORT_START")
_WITHOUT_EFFECT = {
    "SWEEP_START": "street sweeping only matters for water quality",
    "SWEEP_END": "street sweeping only matters for water quality",
    "DRY_DAYS": "antecedent dry days only matter for water quality",
    "THREADS": "runs are single-threaded",
    "TEMPDIR": "the temporary folder is ours to choose",
    "COMPATIBILITY": "obsolete, SWMM 5 ignores it",
    "SLOPE_WEIGHTING": "obsolete, SWMM 5 ignores it",
    "IGNORE_QUALITY": "water quality is not imported",
}
_ROUTING = ("NONE", "STEADY", "KINWAVE", "XKINWAVE", "DYNWAVE")
_OLD_ROUTING = {"NF": "STEADY", "KW": "KINWAVE", "EKW": "KINWAVE", "DW": "DYNWAVE"}
_NAMES = (
    *_WORDS, *_FLAGS, *_STEPS, *_NUMBERS, *_WITHOUT_EFFECT, "FLOW_ROUTING", "IGNORE_ROUTING",
    "ROUTING_STEP", "LENGTHENING_STEP", "REPORT_START_DATE", "REPORT_START_TIME", "START_DATE",
    "START_TIME", "END_DATE", "END_TIME",
)  # fmt: skip


def read_options(reading: Reading) -> SwmmOptions:
    """Read [TITLE] and [OPTIONS]; sets the units of `reading`."""
    values: dict[str, object] = {}
    dates: dict[str, dt.date] = {}
    clocks: dict[str, float] = {}
    title_rows = reading.rows("TITLE")

    def one(row: Row) -> None:
        name = keyword(row, 0, "the option", _NAMES)
        if len(row) < 2:
            reading.note(row, f"{name} has no value; the default holds")
            return
        if name in _WORDS:
            field_name, words = _WORDS[name]
            values[field_name] = keyword(row, 1, name, words)
        elif name in _FLAGS:
            values[_FLAGS[name]] = yes(row, 1, name)
        elif name in _STEPS:
            values[_STEPS[name]] = _step(row, name, allow_zero=name == "RULE_STEP")
        elif name in _NUMBERS:
            field_name, low, high = _NUMBERS[name]
            value = number(row, 1, name, minimum=low, maximum=high)
            values[field_name] = int(value) if name == "MAX_TRIALS" else value
        elif name == "FLOW_ROUTING":
            values["routing"] = _routing(reading, row)
        elif name == "IGNORE_ROUTING":
            if yes(row, 1, name):
                raise reading.unsupported(row, "a run without flow routing")
        elif name in ("ROUTING_STEP", "LENGTHENING_STEP"):
            seconds = _routing_step(row, name)
            values["routing_step_s" if name == "ROUTING_STEP" else "lengthening_step_s"] = seconds
        elif name in _WITHOUT_EFFECT:
            reading.note(row, f"{name}: {_WITHOUT_EFFECT[name]}")
        elif name.endswith("_DATE"):
            date = parse_date(row[1])
            if date is None:
                raise bad(row, f"{name} is not a date", row[1], "month/day/year")
            dates[name.removesuffix("_DATE")] = date
        else:
            clock = parse_seconds(row[1])
            if clock is None:
                raise bad(row, f"{name} is not a time of day", row[1], "h:mm:ss")
            clocks[name.removesuffix("_TIME")] = clock

    reading.each("OPTIONS", one)
    values["title"] = "\n".join(row.text for row in title_rows)
    return _assembled(reading, values, dates, clocks)


def _assembled(
    reading: Reading,
    values: dict[str, object],
    dates: dict[str, dt.date],
    clocks: dict[str, float],
) -> SwmmOptions:
    known = {field.name for field in fields(SwmmOptions)}
    assert set(values) <= known
    options = replace(SwmmOptions(), **values)  # type: ignore[arg-type]
    units = options.units
    reading.units = units
    start_date = dates.get("START", SwmmOptions.start.date())
    start = _moment(start_date, clocks.get("START", 0.0))
    end = _moment(dates.get("END", start_date), clocks.get("END", 0.0))
    report = _moment(dates.get("REPORT_START", start.date()), clocks.get("REPORT_START", 0.0))
    duration_s = (end - start).total_seconds()
    if duration_s <= 0:
        reading.problems.append(_end_before_start(reading, start, end))
    area = options.min_surface_area_m2
    tolerance = options.head_tolerance_m
    # zero means "SWMM's default"; the defaults are already metric
    return replace(
        options,
        start=start,
        duration_s=max(duration_s, 0.0),
        report_start_s=max((report - start).total_seconds(), 0.0),
        min_surface_area_m2=(
            area * units.area_m2 if area and "min_surface_area_m2" in values
            else DEFAULT_SURFACE_AREA_M2
        ),
        head_tolerance_m=(
            tolerance * units.length_m if tolerance and "head_tolerance_m" in values
            else DEFAULT_HEAD_TOLERANCE_M
        ),
        max_trials=options.max_trials or 8,
    )  # fmt: skip


def _end_before_start(reading: Reading, start: dt.datetime, end: dt.datetime) -> InputError:
    row = next(iter(reading.rows("OPTIONS")), None)
    return InputError(
        "the run ends before it starts", where=row.where if row else "[OPTIONS]",
        value=f"{start} to {end}", file=reading.file,
        expected="END_DATE and END_TIME after START_DATE and START_TIME",
    )  # fmt: skip


def _moment(date: dt.date, clock_s: float) -> dt.datetime:
    return dt.datetime.combine(date, dt.time()) + dt.timedelta(seconds=clock_s)


def _step(row: Row, name: str, *, allow_zero: bool) -> float:
    seconds = parse_seconds(text(row, 1, name))
    if seconds is None or seconds < 0 or (seconds == 0 and not allow_zero):
        raise bad(row, f"{name} is not a time step", row[1], "h:mm:ss, more than 0")
    return seconds


def _routing_step(row: Row, name: str) -> float:
    seconds = parse_number(row[1])
    if seconds is None:
        seconds = parse_clock(row[1])
    if seconds is None or (name == "ROUTING_STEP" and seconds <= 0):
        raise bad(row, f"{name} is not a time step", row[1], "seconds or h:mm:ss, more than 0")
    return max(seconds, 0.0)


def _routing(reading: Reading, row: Row) -> str:
    token = row[1].upper()
    word = _OLD_ROUTING.get(token) or keyword(row, 1, "FLOW_ROUTING", _ROUTING)
    if word == "NONE":
        raise reading.unsupported(row, "a run without flow routing")
    if word != "DYNWAVE":
        reading.note(row, f"{word} routing is run as a dynamic wave")
        return "KINWAVE" if word == "XKINWAVE" else word
    return word
