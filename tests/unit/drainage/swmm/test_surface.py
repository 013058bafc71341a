from collections.abc import Callable
from pathlib import Path

import pytest

from sim.drainage.swmm import Imported, read_inp
from sim.kernel.errors import InputErrors

Read = Callable[..., Imported]
RAIN = {"RAINGAGES": "G INTENSITY 0:05 1 TIMESERIES R", "TIMESERIES": "R 0 1 0:05 2"}
ONE = {
    **RAIN,
    "SUBCATCHMENTS": "S G J1 2 50 80 1 0",
    "SUBAREAS": "S 0.01 0.1 0.5 2 25 OUTLET",
}


def test_infiltration_methods_by_default_and_by_name(read: Read) -> None:
    names = ("A", "B", "C", "D", "E")
    found = read(
        OPTIONS="FLOW_UNITS CMS\nEND_DATE 01/02/2004\nINFILTRATION GREEN_AMPT",
        **RAIN,
        SUBCATCHMENTS="\n".join(f"{n} G J1 2 50 80 1 0" for n in names),
        SUBAREAS="\n".join(f"{n} 0.01 0.1 0.5 2 25 PERV 40" for n in names),
        INFILTRATION="A 90 10 0.3\nB 80 10 0.2 MODIFIED_GREEN_AMPT\nC 75 5 4 7 0 HORTON\n"
        "D 75 5 4 0 20 MODIFIED_HORTON\nE 120 0 5 CURVE_NUMBER",
    )
    a, b, c, d, e = (s.infiltration for s in found.network.subcatchments)
    assert (a.method, a.suction_head_mm, a.initial_deficit) == ("green_ampt", 90, 0.3)
    assert b.method == "modified_green_ampt"
    assert (c.method, c.max_volume_mm) == ("horton", 0)
    # SWMM reads a drying time of 0 as a millionth of a day
    assert (d.method, d.max_volume_mm, d.drying_time_d) == ("modified_horton", 20, 1e-6)
    assert e.curve_number == 99
    first = found.network.subcatchments[0]
    assert (first.route_to, first.routed_percent) == ("pervious", 40)


@pytest.mark.parametrize(
    ("method", "numbers"),
    [
        ("GREEN_AMPT", "3 0.5 4"),
        ("GREEN_AMPT", "3 0 0.3"),
        ("HORTON", "1 2 4 7 0"),
        ("HORTON", "3 1 -4 7 0"),
        ("CURVE_NUMBER", "80 0 0"),
    ],
)
def test_infiltration_swmm_refuses_is_refused_with_its_line(
    read: Read, method: str, numbers: str
) -> None:
    with pytest.raises(InputErrors) as error:
        read(**ONE, INFILTRATION=f";;comment\nS {numbers} {method}")
    [single] = error.value.errors
    assert "error 235" in single.what
    assert single.where.startswith("[INFILTRATION] line ")
    line = int(single.where.split()[-1])
    assert Path(str(single.file)).read_text().splitlines()[line - 1] == f"S {numbers} {method}"


def test_no_infiltration_line_means_none(read: Read) -> None:
    loss = read(**ONE).network.subcatchments[0].infiltration
    assert (loss.max_rate_mm_h, loss.min_rate_mm_h) == (0, 0)


def test_no_roughness_width_or_slope_is_noted_as_immediate_runoff(read: Read) -> None:
    found = read(
        **RAIN,
        SUBCATCHMENTS="S G J1 2 50 80 1 0\nW G J1 2 50 0 0 0",
        SUBAREAS="S 0 0.1 0 0 25 OUTLET\nW 0.01 0.1 0 0 25 OUTLET",
    )
    rough, wide = found.network.subcatchments
    assert (rough.n_impervious, rough.n_pervious) == (1e-6, 0.1)
    assert (wide.n_impervious, wide.n_pervious, wide.slope_percent) == (1e-6, 1e-6, 1)
    assert sum("leaves at once" in note.text for note in found.notes) == 2


def test_a_rain_file_beside_the_input(tmp_path: Path, write: Callable[..., Path]) -> None:
    (tmp_path / "rain.dat").write_bytes(
        b"\xef\xbb\xbf;station A\r\nA 2021 7 20 0 5 1.0\r\nB 2021 7 20 0 5 9\r\nA 2021 7 20 0 10 2"
    )
    found = read_inp(write(RAINGAGES='G VOLUME 0:05 1 FILE "rain.dat" A IN'))
    gauge, series = found.network.gauges[0], found.network.series[0]
    assert (gauge.form, gauge.interval_s, gauge.series) == ("volume", 300, series.id)
    assert series.points == ((300.0, pytest.approx(25.4)), (600.0, pytest.approx(50.8)))
    assert found.files[1] == tmp_path / "rain.dat"


def test_ignored_rain_leaves_the_surface_out_with_a_note(read: Read) -> None:
    found = read(OPTIONS="+IGNORE_RAINFALL YES", **ONE)
    assert found.network.subcatchments == ()
    assert any("1 subcatchments are left out" in note.text for note in found.notes)


@pytest.mark.parametrize(
    ("sections", "place", "message"),
    [
        ({"RAINGAGES": "G INTENSITY 0:10 1 TIMESERIES R", "TIMESERIES": "R 0 1 0:05 2"},
         "RAINGAGES", "longer than the spacing"),
        ({"RAINGAGES": "G INTENSITY 0:05 1 FILE none.dat A MM"}, "RAINGAGES", "cannot be read"),
        ({"RAINGAGES": "G DEPTH 0:05 1 TIMESERIES R"}, "RAINGAGES", "the rain format is unknown"),
        ({**ONE, "SUBAREAS": ""}, "SUBCATCHMENTS", "has no subareas"),
        ({**ONE, "SUBCATCHMENTS": "S G J7 2 50 80 1 0"}, "SUBCATCHMENTS", "no node has this id"),
        ({**ONE, "SUBCATCHMENTS": "S X J1 2 50 80 1 0"}, "SUBCATCHMENTS", "no gauge has this id"),
        ({**ONE, "SUBCATCHMENTS": "S G J1 0 50 80 1 0"}, "SUBCATCHMENTS", "the area is too small"),
    ],
)  # fmt: skip
def test_bad_surfaces_name_their_line(
    read: Read, sections: dict[str, str], place: str, message: str
) -> None:
    with pytest.raises(InputErrors) as error:
        read(**sections)
    found = next(e for e in error.value.errors if message in str(e))
    assert found.where.startswith(f"[{place}] line ")
