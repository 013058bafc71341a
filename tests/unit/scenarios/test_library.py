"""The library's scenarios: all can be read, and are what their names say."""

import pytest

from scenarios import content, document, library
from scenarios.assumptions import assumptions_of
from scenarios.published import published_for
from scenarios.run import prepare
from sim.kernel.errors import InputError

FLEET = {
    "fleet-today", "fleet-all-electric", "three-streets-flooded", "fleet-and-flood",
    "food-waste-plant",
}  # fmt: skip
NAMES = {
    "design-storm", "hebi-2021-before", "hebi-2021-works", "hebi-2023-before", "hebi-2023-works",
    "swmm-file", *FLEET,
}  # fmt: skip


@pytest.fixture(scope="module")
def scenarios():
    return {name: document.load(name) for name in library.names()}


def test_the_promised_scenarios_are_there(scenarios):
    assert set(scenarios) >= NAMES


def test_each_has_title_and_description_in_both_languages(scenarios):
    for name, scenario in scenarios.items():
        assert set(scenario.title) == set(scenario.description) == {"en", "zh"}
        assert library.titles(name) == scenario.title


def test_each_can_be_run(scenarios):
    for scenario in scenarios.values():
        assert prepare(scenario).inputs


def test_networks_differ_by_the_works_alone(scenarios):
    for year in (2021, 2023):
        found = content.diff(scenarios[f"hebi-{year}-before"], scenarios[f"hebi-{year}-works"])
        assert found == [("drainage.works", "none", "all")]


def test_storms_differ_by_rain_river_and_start_alone(scenarios):
    for works in ("before", "works"):
        found = content.diff(scenarios[f"hebi-2021-{works}"], scenarios[f"hebi-2023-{works}"])
        assert {path for path, _, _ in found} <= {
            "start", "duration_h", "drainage.rain.maxima", "drainage.rain.peak_at_h",
            "drainage.rain.starts_at_h", "drainage.rain_multiplier", "drainage.river.file",
        }  # fmt: skip


def test_the_published_maxima_are_in_the_rain(scenarios):
    maxima = dict(scenarios["hebi-2021-before"].sections["drainage"].rain.maxima)
    assert (maxima[6.0], maxima[24.0]) == (351.0, 614.5)
    assert dict(scenarios["hebi-2023-before"].sections["drainage"].rain.maxima)[1.0] == 56.5


def test_the_rain_ends_well_before_the_run(scenarios):
    for name, scenario in scenarios.items():
        if "drainage" not in scenario.sections:
            continue
        inputs = prepare(scenario).inputs["drainage"]
        last_s = max(rain.end_s for rain in inputs.rain.values())
        assert scenario.duration_s - last_s >= (48 if "hebi" in name else 5) * 3600.0, name


def test_assumptions_and_published_figures_come_with_the_case(scenarios):
    for name in NAMES - {"swmm-file", "design-storm", "food-waste-plant"}:
        found = assumptions_of(scenarios[name])
        assert len(found) > 100
        assert {one.tag for one in found.values()} >= {"P", "A"}
    (figure,) = published_for(scenarios["hebi-2021-before"])
    assert figure.hours == 48.0
    assert published_for(scenarios["swmm-file"]) == ()


def test_a_design_storm_takes_any_return_period_duration_and_peak():
    rain = {
        document.load("design-storm", [f"drainage.rain.{setting}"]).sections["drainage"].rain
        for setting in ("return_period_years=100", "duration_min=1440", "peak_ratio=0.3",
                        "formula=zhengzhou")
    }  # fmt: skip
    assert len(rain) == 4


def test_a_misspelt_name_gets_a_hint():
    with pytest.raises(InputError) as caught:
        library.find("desing-storm", library.FOLDER)
    assert "design-storm" in caught.value.hint
