"""Measured time series from CSV: river stages and rain gauges, checked before they are believed.

A file has a column ``time`` (ISO 8601 with an offset from UTC), the value's column, and if wanted
``unit`` (checked against what was asked for), ``note`` and ``source`` (for readers).
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

from sim.kernel.csv_rows import (
    Row,
    Sheet,
    check_columns,
    number_hint,
    parse_number,
    read_sheet,
)
from sim.kernel.errors import InputError, InputErrors
from sim.kernel.schema import Pairs

Unit = Literal["m", "mm", "mm/h", "in", "in/h"]

LOWEST_STAGE_M = -500.0
HIGHEST_STAGE_M = 9000.0
#: The world record for less than an hour, 305 mm in 42 minutes (Holt, 1947), is 436 mm/h.
HEAVIEST_RAIN_MM_H = 500.0
#: River stages are reported at irregular hours; a day without any is a gap.
STAGE_GAP_H = 24.0
#: A regular series has a gap where a step exceeds its median step this many times.
GAP_IN_MEDIAN_STEPS = 3.0
_MM_PER_UNIT = {"mm": 1.0, "mm/h": 1.0, "in": 25.4, "in/h": 25.4}
_STEP_TOLERANCE_S = 1e-3
_SECONDS_PER_HOUR = 3600.0
_OFFSET_HINT = "add the offset from UTC, as in 2021-07-21T08:00:00+08:00"


class _Point(NamedTuple):
    line: int
    moment: datetime
    text: str
    value: float


def read_series_csv(
    path: str | Path,
    *,
    value_column: str,
    unit: Unit,
    expected_step_s: float | None,
    start: datetime,
    max_gap_h: float | None = None,
) -> Pairs:
    """Read a measured time series.

    Parameters
    ----------
    value_column
        ``stage_m`` for a stage, ``value`` for rain.
    unit
        Unit of the values. They are returned as they stand in the file, in this unit.
    expected_step_s
        The step every row must follow the one before by; None for an irregular series. Together
        with `max_gap_h`, rows may be missing: steps are whole multiples of it.
    start
        Zone-aware moment that is time 0.
    max_gap_h
        Longest step that is no gap. By default `STAGE_GAP_H` for stages and `GAP_IN_MEDIAN_STEPS`
        times the median step for rain.

    Returns
    -------
    tuple of (time_s, value)
        Strictly increasing times since `start`; negative before it. Shape (rows, 2), rows >= 2.

    Raises
    ------
    InputErrors
        Every defect found: another unit in the header or a ``unit`` column, times without offset,
        repeated, unsorted or with a gap between them, cells that are no number, values outside the
        plausible range (stage `LOWEST_STAGE_M` to `HIGHEST_STAGE_M`; rain 0 to
        `HEAVIEST_RAIN_MM_H`, a depth being divided by the time to the next row), fewer than two
        rows, and what `sim.kernel.csv_rows.read_sheet` refuses.
    ValueError
        `start` has no time zone.
    """
    if start.utcoffset() is None:
        raise ValueError("start needs a time zone")
    sheet = read_sheet(Path(path))
    _check_header(sheet, value_column, unit)
    errors: list[InputError] = []
    points = [
        point
        for row in sheet.rows
        if (point := _point(sheet, row, value_column, unit, errors)) is not None
    ]
    if len(sheet.rows) < 2:
        errors.append(
            InputError(
                "the series has too few rows",
                where=f"line {sheet.rows[-1].line if sheet.rows else 1}",
                value=len(sheet.rows),
                expected="two rows or more below the header",
                hint="a constant is a value in the scenario, not a series",
                file=sheet.file,
            )
        )
    if not errors:
        # Steps between the rows that could be read would show gaps where only a cell is wrong.
        errors += _order_errors(sheet.file, points)
        if not errors:
            errors += _step_errors(sheet.file, points, unit, expected_step_s, max_gap_h)
            errors += _range_errors(sheet.file, points, value_column, unit)
    if errors:
        raise InputErrors(errors)
    return tuple(((point.moment - start).total_seconds(), point.value) for point in points)


def _check_header(sheet: Sheet, value_column: str, unit: Unit) -> None:
    known = ["time", value_column, "unit", "note", "source"]
    stem = value_column.split("_", maxsplit=1)[0]
    if value_column not in sheet.header:
        other = [
            name for name in sheet.header if name not in known and name.lower().startswith(stem)
        ]
    else:
        other = [name for name in sheet.header if name.startswith(f"{stem}_") and name not in known]
    if other:
        raise InputErrors(
            [
                InputError(
                    "the column names another unit, or none",
                    where=f"line 1, column {name}",
                    value=name,
                    expected=f"a column {value_column} in {unit}",
                    hint="convert the values and rename the column; renaming alone is wrong",
                    file=sheet.file,
                )
                for name in other
            ]
        )
    errors = check_columns(sheet, known, ["time", value_column])
    if errors:
        raise InputErrors(errors)


def _point(
    sheet: Sheet, row: Row, value_column: str, unit: Unit, errors: list[InputError]
) -> _Point | None:
    cells = dict(zip(sheet.header, row.cells, strict=True))
    before = len(errors)

    def wrong(column: str, what: str, expected: str, hint: str) -> None:
        errors.append(
            InputError(
                what,
                where=f"line {row.line}, column {column}",
                value=cells[column],
                expected=expected,
                hint=hint,
                file=sheet.file,
            )
        )

    moment: datetime | None = None
    try:
        moment = datetime.fromisoformat(cells["time"])
    except ValueError:
        hint = "write 2021-07-21T08:00:00+08:00"
        wrong("time", "not a time", "ISO 8601 with an offset", hint)
    if moment is not None and moment.utcoffset() is None:
        wrong("time", "the time has no offset from UTC", "ISO 8601 with an offset", _OFFSET_HINT)
    value = 0.0
    text = cells[value_column]
    try:
        value = parse_number(text)
    except ValueError as error:
        what = str(error) if text else "the cell is empty"
        hint = number_hint(text) if text else "leave out rows without a value, or fill them in"
        wrong(value_column, what, f"a number in {unit}", hint)
    if "unit" in cells and cells["unit"] != unit:
        hint = f"convert the values to {unit}, or say in the scenario what the file holds"
        wrong("unit", "the file is in another unit", unit, hint)
    if moment is None or len(errors) > before:
        return None
    return _Point(row.line, moment, cells["time"], value)


def _order_errors(file: Path, points: Sequence[_Point]) -> list[InputError]:
    errors = []
    for before, point in zip(points, points[1:], strict=False):
        # Aware datetimes compare as instants, so a change of offset (summer time) is no defect.
        if point.moment > before.moment:
            continue
        same = point.moment == before.moment
        errors.append(
            InputError(
                f"the time repeats line {before.line}"
                if same
                else f"the time is earlier than on line {before.line}",
                where=f"line {point.line}, column time",
                value=point.text,
                expected=f"a time after {before.text}",
                hint="keep one row per time" if same else "sort the rows by time",
                file=file,
            )
        )
    return errors


def _step_errors(
    file: Path,
    points: Sequence[_Point],
    unit: Unit,
    expected_step_s: float | None,
    max_gap_h: float | None,
) -> list[InputError]:
    steps_s = [
        (after.moment - point.moment).total_seconds()
        for point, after in zip(points, points[1:], strict=False)
    ]
    if max_gap_h is not None:
        longest_s = max_gap_h * _SECONDS_PER_HOUR
    elif expected_step_s is not None:
        longest_s = expected_step_s
    elif unit == "m":
        longest_s = STAGE_GAP_H * _SECONDS_PER_HOUR
    else:
        longest_s = GAP_IN_MEDIAN_STEPS * statistics.median(steps_s)
    errors = []
    for point, after, step_s in zip(points, points[1:], steps_s, strict=False):
        place = f"line {after.line}, column time"
        if step_s > longest_s + _STEP_TOLERANCE_S:
            errors.append(
                InputError(
                    f"a gap of {step_s / _SECONDS_PER_HOUR:.6g} h after line {point.line}",
                    where=place,
                    value=after.text,
                    expected=f"at most {longest_s / _SECONDS_PER_HOUR:.6g} h after {point.text}",
                    hint="fill in the missing rows from the source, or allow a longer gap",
                    file=file,
                )
            )
        elif expected_step_s is not None and _off_grid(step_s, expected_step_s):
            errors.append(
                InputError(
                    f"a step of {step_s:.6g} s after line {point.line}",
                    where=place,
                    value=after.text,
                    expected=f"a step of {expected_step_s:.6g} s",
                    hint="the rows of a gauge come at equal steps",
                    file=file,
                )
            )
    return errors


def _off_grid(step_s: float, expected_step_s: float) -> bool:
    steps = max(1, round(step_s / expected_step_s))
    return abs(step_s - steps * expected_step_s) > _STEP_TOLERANCE_S


def _range_errors(
    file: Path, points: Sequence[_Point], value_column: str, unit: Unit
) -> list[InputError]:
    errors = []
    for i, point in enumerate(points):
        if unit == "m":
            low, high, rate = LOWEST_STAGE_M, HIGHEST_STAGE_M, point.value
            expected = f"a stage between {low:g} and {high:g} m"
            hint = "a stage is a level above the height datum, in m"
        else:
            # The last depth is taken over the step before it.
            j = min(i, len(points) - 2)
            hours = (points[j + 1].moment - points[j].moment).total_seconds() / _SECONDS_PER_HOUR
            rate = point.value * _MM_PER_UNIT[unit] / (1.0 if unit.endswith("/h") else hours)
            low, high = 0.0, HEAVIEST_RAIN_MM_H
            expected = f"rain between 0 and {high:g} mm/h"
            hint = (
                "no gauge measures negative rain: a code for a missing value?"
                if rate < 0
                else f"{rate:.6g} mm/h: is the file in another unit, or cumulative?"
            )
        if not low <= rate <= high:
            errors.append(
                InputError(
                    "the value is not plausible",
                    where=f"line {point.line}, column {value_column}",
                    value=point.value,
                    expected=expected,
                    hint=hint,
                    file=file,
                )
            )
    return errors
