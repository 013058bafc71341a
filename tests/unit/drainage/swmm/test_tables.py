from collections.abc import Callable
from pathlib import Path

import pytest

from sim.drainage.swmm import Imported, read_inp
from sim.kernel.errors import InputErrors

Read = Callable[..., Imported]


def _points(found: Imported, name: str) -> tuple[tuple[float, float], ...]:
    return next(s.points for s in found.network.series if s.id == name)


def test_times_as_decimal_hours_clocks_and_dates(read: Read) -> None:
    """The run starts on 07/20/2021 at 00:00; a date holds for the lines after it."""
    found = read(
        INFLOWS="J1 FLOW A\nJ2 FLOW B",
        TIMESERIES="A 0 1 0.25 2\nA 0:30 3 1:00:30 4\n"
        "B 07/19/2021 23:30 1\nB 23:45 2\nB JUL/20/2021 0:15 3",
    )
    assert _points(found, "A") == ((0, 1), (900, 2), (1800, 3), (3630, 4))
    assert _points(found, "B") == ((-1800, 1), (-900, 2), (900, 3))


def test_a_series_from_a_file(tmp_path: Path, write: Callable[..., Path]) -> None:
    (tmp_path / "q.txt").write_text("; flow\n0:00 1\n\n07/20/2021 1:00 2\n1.5 3\n")
    found = read_inp(write(INFLOWS="J1 FLOW Q", TIMESERIES='Q FILE "q.txt"'))
    assert _points(found, "Q") == ((0, 1), (3600, 2), (5400, 3))
    assert [path.name for path in found.files] == ["case.inp", "q.txt"]


def test_one_series_used_as_rain_and_as_flow_becomes_two(read: Read) -> None:
    found = read(
        OPTIONS="FLOW_UNITS LPS\nEND_DATE 01/02/2004",
        RAINGAGES="G INTENSITY 0:05 1 TIMESERIES X",
        INFLOWS="J1 FLOW X",
        TIMESERIES="X 0 10 0:05 20",
    )
    assert found.network.gauges[0].series == "X"
    assert _points(found, "X")[0] == (0, 10)
    flow = found.network.inflows[0].series
    assert flow is not None
    assert flow != "X"
    assert _points(found, flow)[0] == (0, pytest.approx(0.01))


def test_unused_tables_are_noted(read: Read) -> None:
    found = read(TIMESERIES="X 0 10", CURVES="Y STORAGE 0 1 1 2\nZ DIVERSION 0 0 1 1")
    assert found.network.series == ()
    texts = [note.text for note in found.notes]
    assert "the series 'X' is not used by anything" in texts
    assert "the curve 'Y' is not used by anything" in texts
    assert "the curve 'Z' is not used by anything" in texts


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"TIMESERIES": "X 0 1 0 2"}, "the abscissas of 'X' do not increase"),
        ({"TIMESERIES": "X soon 1"}, "neither a date nor a time"),
        ({"TIMESERIES": "X 0 1 1"}, "the line ends before the value"),
        ({"CURVES": "C STORAGE 0 1 1"}, "lacks its second number"),
        ({"CURVES": "C STORAGE"}, "the curve has no points"),
        ({"CURVES": "C MAGIC 0 1"}, "the curve type is unknown"),
        ({"PATTERNS": "P DAILY 1 1 1 1 1 1 1 1"}, "the pattern 'P' is too long"),
        ({"TRANSECTS": "NC 0 0 0.03\nX1 T 2 0 1 0 0 0 0 0\nGR 1 0 0 1"}, "too few stations"),
        ({"TRANSECTS": "NC 0 0 0.03\nX1 T 3 0 1 0 0 0 0 0\nGR 1 0 0 2 1 1"}, "do not increase"),
        ({"STREETS": "S 5 0.2 0 0.016"}, "the cross slope is too small"),
    ],
)
def test_bad_tables_name_their_line(read: Read, sections: dict[str, str], message: str) -> None:
    with pytest.raises(InputErrors) as error:
        read(**sections)
    [name] = sections
    found = next(e for e in error.value.errors if message in str(e))
    assert found.where.startswith(f"[{name}] line ")
