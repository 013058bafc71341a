"""Rain: no depth is lost to the step, and every observed maximum is met exactly."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from sim.drainage.elements import RainGauge, Series
from sim.drainage.hyetograph import Hyetograph, from_intervals
from sim.drainage.rainfall import chicago, from_gauge_csv, from_series, nested
from sim.drainage.storm_formula import formula, formulas
from sim.kernel.errors import InputError

XINXIANG_EVENT = ((6.0, 351.0), (24.0, 614.5), (144.0, 876.0))
ZHENGZHOU_DAY = ((1.0, 201.9), (2.0, 262.5), (24.0, 624.1))


def slid_maximum(rain: Hyetograph, window_s: float) -> float:
    """Largest depth in a window by brute force, on a grid that includes the edges."""
    starts = np.unique(
        np.concatenate(
            (
                np.linspace(rain.start_s - window_s, rain.end_s, 20_001),
                rain.edges_s,
                rain.edges_s - window_s,
            )
        )
    )
    return float(np.max(rain.cumulative_mm(starts + window_s) - rain.cumulative_mm(starts)))


# --- formulas ------------------------------------------------------------------------------


def test_formulas_give_the_intensity_they_state() -> None:
    """q = 3073 (1 + 0.892 lg 5) / (60 + 15.1)^0.824 L/s/ha; 1 L/s/ha is 0.36 mm/h."""
    q = 3073 * (1 + 0.892 * math.log10(5)) / 75.1**0.824
    assert formula("zhengzhou").intensity_mm_h(60.0, 5.0) == pytest.approx(0.36 * q, rel=1e-14)
    q = 883.8 * (1 + 0.837 * math.log10(2)) / 30**0.57
    assert formula("pingdingshan").depth_mm(30.0, 2.0) == pytest.approx(0.18 * q, rel=1e-14)
    q = 3680 * 10**0.4 / (60 + 16.7) ** 0.858
    assert formula("anyang").intensity_mm_h(60.0, 10.0) == pytest.approx(0.36 * q, rel=1e-14)


def test_hebi_uses_the_formula_of_xinxiang_and_says_so() -> None:
    hebi = formula("Hebi")
    assert hebi.id == "xinxiang"
    assert "Hebi" in hebi.note
    assert "Hebi" in chicago(hebi, 5.0, 120.0).note


def test_a_formula_is_refused_where_it_does_not_hold() -> None:
    anyang = formula("anyang")
    assert anyang.intensity_mm_h(60.0, 10.0) > 0.0
    with pytest.raises(InputError, match="return period") as error:
        chicago(anyang, 20.0, 120.0)
    assert "at most 10" in str(error.value)
    with pytest.raises(InputError, match="return period"):
        formula("zhengzhou").intensity_mm_h(60.0, 0.05)  # 1 + C lg P below 0
    with pytest.raises(InputError, match="no such storm formula"):
        formula("atlantis")


def test_every_formula_carries_its_source_and_tag() -> None:
    for known in formulas().values():
        assert known.tag in ("P", "S", "K")
        assert known.source
        assert known.note
        assert known.unit in ("L/s/ha", "mm/min")


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [("a", "many", "not a number"), ("form", "cubic", "unknown form"), ("unit", "in", "unit")],
)
def test_a_malformed_formula_row_is_refused(
    tmp_path: Path, column: str, value: str, text: str
) -> None:
    columns = {
        "id": "x", "city_en": "X", "city_zh": "X", "form": "lg", "a": "1", "c": "1", "b_min": "1",
        "n": "1", "unit": "L/s/ha", "min_return_period_years": "", "max_return_period_years": "",
        "used_for": "X", "version": "", "year": "", "tag": "K", "source": "s", "note": "n",
    }  # fmt: skip
    columns[column] = value
    file = tmp_path / "formulas.csv"
    file.write_text(",".join(columns) + "\n" + ",".join(columns.values()) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=text) as error:
        formula("x", file)
    assert f"line 2, {column}" in str(error.value)


# --- Chicago -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["zhengzhou", "xinxiang", "pingdingshan"])
@pytest.mark.parametrize(("duration", "step"), [(120.0, 5.0), (100.0, 7.0), (1440.0, 60.0)])
def test_chicago_conserves_the_depth(name: str, duration: float, step: float) -> None:
    f = formula(name)
    rain = chicago(f, 20.0, duration, 0.35, step, start_s=3600.0)
    assert rain.depth_mm == pytest.approx(
        f.intensity_mm_h(duration, 20.0) * duration / 60.0, rel=1e-12
    )
    assert (rain.start_s, rain.end_s) == (3600.0, 3600.0 + 60.0 * duration)
    assert rain.origin == "design"


def test_chicago_holds_the_formula_in_every_window_around_the_peak() -> None:
    """The window of t minutes that starts r t before the peak holds depth(t)."""
    f, r, duration = formula("xinxiang"), 0.4, 120.0
    rain = chicago(f, 10.0, duration, r, step_min=0.1)
    peak_s = r * duration * 60.0
    for minutes in (1.0, 5.0, 10.0, 30.0, 60.0):
        window = rain.cumulative_mm(
            [peak_s - r * minutes * 60.0, peak_s + (1 - r) * minutes * 60.0]
        )
        assert window[1] - window[0] == pytest.approx(f.depth_mm(minutes, 10.0), rel=1e-9)
    k = int(np.argmax(rain.intensity_mm_h))
    assert rain.edges_s[k] <= peak_s <= rain.edges_s[k + 1]


def test_impossible_design_storms_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="impossible design storm"):
        chicago(formula("xinxiang"), 5.0, 120.0, peak_ratio=1.0)
    steep = tmp_path / "steep.csv"
    steep.write_text(
        "id,city_en,city_zh,form,a,c,b_min,n,unit,min_return_period_years,"
        "max_return_period_years,used_for,version,year,tag,source,note\n"
        "x,X,X,lg,1000,0.8,10,1.5,L/s/ha,,,X,,1990,K,s,n\n",
        encoding="utf-8",
    )
    assert formula("x", steep).year == 1990
    with pytest.raises(InputError, match="less rain for a longer storm"):
        chicago(formula("x", steep), 5.0, 60.0)


# --- nested maxima -------------------------------------------------------------------------


@pytest.mark.parametrize("profile", ["smooth", "constant"])
@pytest.mark.parametrize("maxima", [XINXIANG_EVENT, ZHENGZHOU_DAY, ((24.0, 100.0),)])
@pytest.mark.parametrize("share", [0.0, 0.37, 1.0])
def test_every_maximum_is_met_exactly(
    maxima: tuple[tuple[float, float], ...], share: float, profile: str
) -> None:
    rain = nested(maxima, share * maxima[-1][0], 10.0, profile=profile)  # type: ignore[arg-type]
    for hours, depth in maxima:
        assert rain.max_depth_mm(hours * 3600.0) == pytest.approx(depth, rel=1e-12)
        assert slid_maximum(rain, hours * 3600.0) == pytest.approx(depth, rel=1e-12)
    assert rain.depth_mm == pytest.approx(maxima[-1][1], rel=1e-12)
    assert rain.origin == "reconstructed"
    assert "reconstructed" in rain.note
    assert np.max(np.diff(rain.edges_s)) <= 600.0 * (1 + 1e-9)


def test_smooth_rings_fall_away_from_the_peak() -> None:
    rain = nested(XINXIANG_EVENT, 60.0, 10.0)
    k = int(np.argmax(rain.intensity_mm_h))
    assert np.all(np.diff(rain.intensity_mm_h[: k + 1]) >= -1e-9)
    assert np.all(np.diff(rain.intensity_mm_h[k:]) <= 1e-9)
    # Between the 6 h and the 24 h window the rate passes through the geometric mean of the two.
    rate = math.sqrt(351.0 / 6.0 * (614.5 - 351.0) / 18.0)
    edge = int(np.searchsorted(rain.edges_s, (60.0 + (1 - 60 / 144) * 6.0) * 3600.0 - 1.0))
    assert rain.intensity_mm_h[edge - 1] > rate > rain.intensity_mm_h[edge]
    assert rain.intensity_mm_h[edge - 1] == pytest.approx(rate, rel=0.05)


def test_a_dry_ring_stays_dry() -> None:
    rain = nested(((1.0, 30.0), (3.0, 30.0), (5.0, 30.0)), 2.0, 10.0)
    assert rain.depth_mm == pytest.approx(30.0, rel=1e-12)
    assert rain.max_depth_mm(3600.0) == pytest.approx(30.0, rel=1e-12)


@pytest.mark.parametrize(
    ("maxima", "peak", "text"),
    [
        (((2.0, 10.0), (1.0, 20.0)), 0.5, "do not grow"),
        (((1.0, 30.0), (2.0, 20.0)), 0.5, "do not grow"),
        (((1.0, 10.0), (2.0, 30.0)), 0.5, "wetter than the one inside"),
        (((1.0, 10.0),), 2.0, "outside the event"),
    ],
)
def test_impossible_maxima_are_refused(
    maxima: tuple[tuple[float, float], ...], peak: float, text: str
) -> None:
    with pytest.raises(InputError, match=text):
        nested(maxima, peak)


# --- recorded ------------------------------------------------------------------------------


def gauge(form: str) -> RainGauge:
    return RainGauge.model_validate(
        {"id": "G", "form": form, "interval_s": 600.0, "series": "R"}
    )  # fmt: skip


def test_series_of_each_form_hold_the_same_rain() -> None:
    intensity = Series(id="R", points=((0.0, 6.0), (600.0, 12.0), (1800.0, 3.0)))
    volume = Series(id="R", points=((0.0, 1.0), (600.0, 2.0), (1800.0, 0.5)))
    running = Series(id="R", points=((0.0, 1.0), (600.0, 3.0), (1800.0, 0.5)))  # restarts
    expected = from_series(gauge("intensity"), intensity)
    np.testing.assert_allclose(expected.edges_s, [0, 600, 1200, 1800, 2400])
    np.testing.assert_allclose(expected.intensity_mm_h, [6, 12, 0, 3])
    assert expected.depth_mm == pytest.approx(3.5)
    for form, series in (("volume", volume), ("cumulative", running)):
        rain = from_series(gauge(form), series)
        np.testing.assert_allclose(rain.edges_s, expected.edges_s)
        np.testing.assert_allclose(rain.intensity_mm_h, expected.intensity_mm_h)


def test_values_closer_than_the_interval_are_refused() -> None:
    with pytest.raises(InputError, match="closer than the recording interval"):
        from_series(gauge("volume"), Series(id="R", points=((0.0, 1.0), (300.0, 1.0))))
    with pytest.raises(InputError, match="no rain values"):
        from_intervals([], [], 60.0, "gauge")


def test_a_gauge_file_keeps_its_depth_in_every_unit(tmp_path: Path) -> None:
    rows = ("2021-07-20T08:00:00+08:00,2", "2021-07-20T08:10:00+08:00,0",
            "2021-07-20T08:20:00+08:00,3")  # fmt: skip
    file = tmp_path / "gauge.csv"
    file.write_text("time,value\n" + "\n".join(rows) + "\n", encoding="utf-8")
    for unit, depth in (("mm", 5.0), ("mm/h", 5.0 / 6), ("in", 127.0), ("in/h", 127.0 / 6)):
        rain = from_gauge_csv(file, unit, first_at_s=7200.0)  # type: ignore[arg-type]
        assert rain.depth_mm == pytest.approx(depth, rel=1e-12)
        assert (rain.start_s, rain.end_s) == (7200.0, 9000.0)


# --- hyetograph ----------------------------------------------------------------------------


def test_means_are_exact_across_edges() -> None:
    rain = Hyetograph(np.array([0.0, 60.0, 180.0]), np.array([30.0, 60.0]), "series")
    assert rain.mean_mm_h(30.0, 120.0) == pytest.approx((30 * 30 + 60 * 60) / 90)
    assert rain.mean_mm_h(-60.0, 60.0) == pytest.approx(15.0)
    assert rain.shifted(10.0).cumulative_mm(70.0) == pytest.approx(0.5)
    assert rain.scaled(2.0).depth_mm == pytest.approx(5.0)
    with pytest.raises(ValueError, match="read-only"):
        rain.intensity_mm_h[0] = 1.0


@pytest.mark.parametrize(
    ("edges", "values", "text"),
    [
        ([0.0, 0.0, 1.0], [1.0, 1.0], "do not ascend"),
        ([0.0, 1.0], [1.0, 1.0], "do not fit"),
        ([0.0, 1.0], [-1.0], "impossible rain"),
        ([0.0, 1.0], [math.nan], "impossible rain"),
        ([0.0, math.inf], [1.0], "do not ascend"),
    ],
)
def test_impossible_hyetographs_are_refused(
    edges: list[float], values: list[float], text: str
) -> None:
    with pytest.raises(InputError, match=text):
        Hyetograph(np.array(edges), np.array(values), "series")
