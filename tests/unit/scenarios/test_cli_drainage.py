"""Bad drainage input on the command line: exit code 2, file and place, nothing in the store."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from scenarios.cli import app
from scenarios.exchange import import_swmm

EXAMPLE = Path(__file__).parents[3] / "data" / "examples" / "two-basins.inp"


@pytest.fixture
def case(folder):
    """An imported network as tables, with a river and a gauge that can be switched on."""
    import_swmm(EXAMPLE, folder / "case")
    return folder / "case"


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def stages(case: Path, *rows: str) -> str:
    (case / "stage.csv").write_text("time,stage_m\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return "drainage.river={file='case/stage.csv', outfalls=['OUT']}"


def gauge(case: Path, head: str, *rows: str) -> str:
    (case / "rain.csv").write_text(head + "\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return "drainage.rain={kind='gauge', file='case/rain.csv', unit='mm'}"


def network(case: Path) -> Path:
    return case / "two-basins-network"


def duplicate_id(case):
    path = network(case) / "junctions.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines, lines[1]]) + "\n", encoding="utf-8")
    return "junctions.csv", ""


def not_a_number(case):
    change(network(case) / "junctions.csv", "12.6", "nan")
    return "junctions.csv", ""


def unknown_node(case):
    change(network(case) / "conduits.csv", "J6", "J66")
    return "J66", ""


def unknown_column(case):
    change(network(case) / "conduits.csv", "length_m", "length_ft")
    return "length_ft", ""


def missing_network(case):
    return "gone", "drainage.network='gone'"


def gap_in_the_stage(case):
    return "stage.csv", stages(
        case, "2024-05-30T00:00:00+00:00,11.0", "2024-06-05T00:00:00+00:00,11.0"
    )


def stage_that_ends_too_early(case):
    return "stage.csv", stages(
        case, "2024-06-01T00:00:00+00:00,11.0", "2024-06-01T01:00:00+00:00,11.0"
    )


def stage_that_is_no_number(case):
    return "stage.csv", stages(
        case, "2024-06-01T00:00:00+00:00,high", "2024-06-01T12:00:00+00:00,11.0"
    )


def rain_in_another_unit(case):
    return "rain.csv", gauge(
        case, "time,value,unit", "2024-06-01T00:00:00+00:00,1,in", "2024-06-01T01:00:00+00:00,1,in"
    )


def rain_without_an_offset(case):
    return "rain.csv", gauge(case, "time,value", "2024-06-01T00:00,1", "2024-06-01T01:00,1")


def negative_rain(case):
    return "rain.csv", gauge(
        case, "time,value", "2024-06-01T00:00:00+00:00,-1", "2024-06-01T01:00:00+00:00,1"
    )


def unknown_work(case):
    return "W9", "drainage.works=['W9']"


def unknown_formula(case):
    rain = "{kind='chicago', formula='atlantis', return_period_years=5, duration_min=60}"
    return "atlantis", f"drainage.rain={rain}"


def unknown_pump(case):
    return "P1", "drainage.power_cuts=[{starts_at_h=1, lasts_h=1, pumps=['P1']}]"


@pytest.mark.parametrize(
    "spoil",
    [
        duplicate_id, not_a_number, unknown_node, unknown_column, missing_network,
        gap_in_the_stage, stage_that_ends_too_early, stage_that_is_no_number,
        rain_in_another_unit, rain_without_an_offset, negative_rain, unknown_work,
        unknown_formula, unknown_pump,
    ],
    ids=lambda spoil: spoil.__name__,
)  # fmt: skip
def test_bad_input_names_its_place_and_leaves_no_trace(case, folder, spoil):
    said, setting = spoil(case)
    arguments = ["run", "case/two-basins.toml", *(["--set", setting] if setting else [])]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2, result.output
    assert said in result.stderr
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.output
    assert not (folder / ".cityclock").exists()
