"""Stages and gauge files: what is read, and every way in which they can be wrong."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sim.drainage.time_csv import Unit, read_series_csv
from sim.kernel.errors import InputError, InputErrors
from sim.kernel.schema import Pairs

START = datetime.fromisoformat("2021-07-21T00:00:00+08:00")
STAGE = "time,stage_m\n2021-07-21T08:00+08:00,97.92\n2021-07-21T14:00:00+08:00,98.44\n"
RAIN = "time,value\n2021-07-21T00:00+08:00,1.5\n2021-07-21T00:05+08:00,0\n"


def stage(folder: Path, text: str | bytes, **more: object) -> Pairs:
    return read(folder, text, value_column="stage_m", unit="m", **more)


def rain(folder: Path, text: str | bytes, unit: Unit = "mm", **more: object) -> Pairs:
    return read(folder, text, value_column="value", unit=unit, **more)


def read(folder: Path, text: str | bytes, **more: object) -> Pairs:
    file = folder / "series.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_series_csv(file, **({"start": START, "expected_step_s": None} | more))


def stages(*rows: str) -> str:
    """Rows "HH:MM value" of 2021-07-21 as a stage file."""
    lines = [f"2021-07-21T{row.replace(' ', ':00+08:00,')}" for row in rows]
    return "\n".join(["time,stage_m", *lines]) + "\n"


def gauge(*values: str, step_min: int = 5) -> str:
    lines = [
        f"2021-07-21T{i * step_min // 60:02}:{i * step_min % 60:02}+08:00,{value}"
        for i, value in enumerate(values)
    ]
    return "\n".join(["time,value", *lines]) + "\n"


def one_error(caught: pytest.ExceptionInfo[InputErrors]) -> InputError:
    [error] = caught.value.errors
    assert error.file
    assert error.expected
    assert error.hint
    return error


def test_a_stage_series(tmp_path: Path) -> None:
    assert stage(tmp_path, STAGE) == ((8 * 3600.0, 97.92), (14 * 3600.0, 98.44))


def test_a_gauge_file_with_mark_unit_and_notes(tmp_path: Path) -> None:
    text = (
        "\ufefftime,value,unit,note,source\r\n"
        "2021-07-20T23:55:00+08:00,1.5,mm,first,x\r\n"
        "2021-07-21T00:00:00+08:00,2,mm,,\r\n"
    )
    assert rain(tmp_path, text) == ((-300.0, 1.5), (0.0, 2.0))


def test_offsets_are_instants(tmp_path: Path) -> None:
    text = "time,stage_m\n2021-07-21T00:00:00Z,1\n2021-07-21T09:30:00.5+09:00,2\n"
    assert stage(tmp_path, text) == ((8 * 3600.0, 1.0), (8.5 * 3600.0 + 0.5, 2.0))


def test_the_repeated_hour_of_summer_time_is_in_order(tmp_path: Path) -> None:
    text = "time,stage_m\n2021-10-31T02:30+02:00,1\n2021-10-31T02:30+01:00,2\n"
    start = datetime(2021, 10, 31, tzinfo=ZoneInfo("Europe/Berlin"))
    assert stage(tmp_path, text, start=start) == ((9000.0, 1.0), (12600.0, 2.0))


@pytest.mark.parametrize(
    ("row", "column", "what", "hint"),
    [
        ("2021-07-21T12:00:00,98", "time", "no offset from UTC", "add the offset"),
        ("2021-07-21,98", "time", "no offset from UTC", "add the offset"),
        ("21/07/2021 12:00,98", "time", "not a time", "2021-07-21T08:00:00+08:00"),
        (",98", "time", "not a time", "2021-07-21T08:00:00+08:00"),
        ("2021-07-21T12:00+08:00,", "stage_m", "the cell is empty", "leave out rows"),
        ("2021-07-21T12:00+08:00,NaN", "stage_m", "not a number", "missing value"),
        ("2021-07-21T12:00+08:00,inf", "stage_m", "not a number", "missing value"),
        ("2021-07-21T12:00+08:00,dry", "stage_m", "not a number", "write it as"),
        ("2021-07-21T12:00+08:00,98 m", "stage_m", "not a number", "leave out the unit"),
        ('2021-07-21T12:00+08:00,"98,4"', "stage_m", "not a number", "decimal point"),
    ],
)
def test_a_wrong_cell(tmp_path: Path, row: str, column: str, what: str, hint: str) -> None:
    with pytest.raises(InputErrors) as caught:
        stage(tmp_path, f"{STAGE}{row}\n")
    error = one_error(caught)
    assert error.file == tmp_path / "series.csv"
    assert error.where == f"line 4, column {column}"
    assert what in error.what
    assert hint in error.hint


@pytest.mark.parametrize(
    ("column", "read_it", "expected"),
    [
        ("stage_ft", stage, "stage_m in m"),
        ("stage", stage, "stage_m in m"),
        ("Stage_m", stage, "stage_m in m"),
        ("value_in", rain, "value in mm"),
        ("value_mm_h", rain, "value in mm"),
    ],
)
def test_a_header_in_another_unit(
    tmp_path: Path, column: str, read_it: object, expected: str
) -> None:
    with pytest.raises(InputErrors) as caught:
        read_it(tmp_path, f"time,{column}\n2021-07-21T00:00+08:00,1\n")
    error = one_error(caught)
    assert error.where == f"line 1, column {column}"
    assert "another unit" in error.what
    assert expected in error.expected


def test_the_right_column_beside_one_in_another_unit(tmp_path: Path) -> None:
    with pytest.raises(InputErrors) as caught:
        stage(tmp_path, "time,stage_m,stage_ft\n2021-07-21T00:00+08:00,1,3.28\n")
    assert one_error(caught).value == "stage_ft"


def test_a_unit_column_that_disagrees(tmp_path: Path) -> None:
    text = "time,value,unit\n2021-07-21T00:00+08:00,1,mm\n2021-07-21T00:05+08:00,1,in\n"
    with pytest.raises(InputErrors) as caught:
        rain(tmp_path, text)
    error = one_error(caught)
    assert (error.where, error.value, error.expected) == ("line 3, column unit", "in", "mm")


def test_unknown_and_missing_columns(tmp_path: Path) -> None:
    with pytest.raises(InputErrors) as caught:
        stage(tmp_path, "tme,stage_m\n2021-07-21T00:00+08:00,1\n")
    assert [(e.what, e.where) for e in caught.value.errors] == [
        ("unknown column", "line 1, column tme"),
        ("missing column", "line 1, column time"),
    ]


@pytest.mark.parametrize("text", ["", "\ufeff", "\n"])
def test_an_empty_file(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputErrors, match="the file is empty"):
        stage(tmp_path, text)


@pytest.mark.parametrize("rows", [[], ["08:00 98"]])
def test_too_few_rows(tmp_path: Path, rows: list[str]) -> None:
    with pytest.raises(InputErrors) as caught:
        stage(tmp_path, stages(*rows))
    error = one_error(caught)
    assert (error.what, error.value) == ("the series has too few rows", len(rows))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputErrors, match=r"none\.csv: file: the file cannot be read"):
        read_series_csv(
            tmp_path / "none.csv",
            value_column="value",
            unit="mm",
            expected_step_s=None,
            start=START,
        )


def test_repeated_and_unsorted_times(tmp_path: Path) -> None:
    with pytest.raises(InputErrors) as caught:
        stage(tmp_path, stages("08:00 1", "08:00 2", "09:00 3", "07:00 4"))
    assert [(e.where, e.what) for e in caught.value.errors] == [
        ("line 3, column time", "the time repeats line 2"),
        ("line 5, column time", "the time is earlier than on line 4"),
    ]


def test_the_same_instant_in_two_offsets_is_a_repetition(tmp_path: Path) -> None:
    text = "time,stage_m\n2021-07-21T08:00+08:00,1\n2021-07-21T00:00Z,1\n"
    with pytest.raises(InputErrors, match="the time repeats line 2"):
        stage(tmp_path, text)


def test_a_stage_without_a_day_of_readings_has_a_gap(tmp_path: Path) -> None:
    knots = "time,stage_m\n2021-07-21T08:00+08:00,1\n{}+08:00,2\n"
    at_24_h = knots.format("2021-07-22T08:00:00")
    assert len(stage(tmp_path, at_24_h)) == 2
    later = knots.format("2021-07-22T08:00:01")
    with pytest.raises(InputErrors) as caught:
        stage(tmp_path, later)
    error = one_error(caught)
    assert error.where == "line 3, column time"
    assert error.what == "a gap of 24.0003 h after line 2"
    assert stage(tmp_path, later, max_gap_h=48.0)[1] == (32 * 3600.0 + 1.0, 2.0)
    with pytest.raises(InputErrors, match="a gap"):
        stage(tmp_path, at_24_h, max_gap_h=12.0)


def test_rain_has_a_gap_where_three_median_steps_pass(tmp_path: Path) -> None:
    head = gauge("1", "1", "1")
    assert len(rain(tmp_path, f"{head}2021-07-21T00:25+08:00,1\n")) == 4
    with pytest.raises(InputErrors) as caught:
        rain(tmp_path, f"{head}2021-07-21T00:26+08:00,1\n")
    error = one_error(caught)
    assert (error.where, error.value) == ("line 5, column time", "2021-07-21T00:26+08:00")
    assert error.expected == "at most 0.25 h after 2021-07-21T00:10+08:00"


def test_a_stated_step_is_kept(tmp_path: Path) -> None:
    assert len(rain(tmp_path, gauge("1", "2", "3"), expected_step_s=300.0)) == 3
    with pytest.raises(InputErrors, match="a gap of 0.0833333 h"):
        rain(tmp_path, gauge("1", "2"), expected_step_s=60.0)
    with pytest.raises(InputErrors, match="a step of 300 s after line 2"):
        rain(tmp_path, gauge("1", "2"), expected_step_s=600.0)


def test_a_stated_step_with_rows_missing(tmp_path: Path) -> None:
    text = gauge("1", "2")
    assert len(rain(tmp_path, text, expected_step_s=60.0, max_gap_h=0.1)) == 2
    with pytest.raises(InputErrors, match="a step of 300 s after line 2"):
        rain(tmp_path, text, expected_step_s=70.0, max_gap_h=0.1)


@pytest.mark.parametrize("value", ["-500.1", "9000.1", "9999"])
def test_an_implausible_stage(tmp_path: Path, value: str) -> None:
    with pytest.raises(InputErrors) as caught:
        stage(tmp_path, stages("08:00 98", f"09:00 {value}"))
    error = one_error(caught)
    assert (error.where, error.value) == ("line 3, column stage_m", float(value))


@pytest.mark.parametrize("unit", ["mm", "mm/h", "in", "in/h"])
def test_negative_rain(tmp_path: Path, unit: Unit) -> None:
    with pytest.raises(InputErrors) as caught:
        rain(tmp_path, gauge("0", "-0.1", "0"), unit)
    error = one_error(caught)
    assert (error.where, error.value) == ("line 3, column value", -0.1)
    assert "missing value" in error.hint


@pytest.mark.parametrize(
    ("unit", "most"),
    [
        # 500 mm/h, and what falls of it in five minutes
        ("mm/h", 500.0),
        ("in/h", 500.0 / 25.4),
        ("mm", 500.0 / 12.0),
        ("in", 500.0 / 25.4 / 12.0),
    ],
)
def test_rain_above_500_mm_h(tmp_path: Path, unit: Unit, most: float) -> None:
    below, above = repr(most * 0.999), repr(most * 1.001)
    assert len(rain(tmp_path, gauge("0", below, below), unit)) == 3
    for values, line in ((("0", above, "0"), 3), (("0", "0", above), 4)):
        with pytest.raises(InputErrors) as caught:
            rain(tmp_path, gauge(*values), unit)
        error = one_error(caught)
        assert error.where == f"line {line}, column value"
        assert "500.5 mm/h" in error.hint


def test_a_start_without_zone_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="time zone"):
        stage(tmp_path, STAGE, start=START.replace(tzinfo=None))


def test_the_file_as_given_reads_as_rain(tmp_path: Path) -> None:
    assert rain(tmp_path, RAIN, "mm/h") == ((0.0, 1.5), (300.0, 0.0))
