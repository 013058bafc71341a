"""Documents: what is accepted, what is refused and how, and what a resolved scenario knows."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Literal

import pytest
from pydantic import Field

from scenarios import content, document
from sim.kernel.errors import InputError
from sim.kernel.schema import Frozen


class Design(Frozen):
    kind: Literal["design"] = "design"
    return_period_years: Annotated[float, Field(gt=0)]
    peak_ratio: float = 0.4


class Gauge(Frozen):
    kind: Literal["gauge"] = "gauge"
    file: Annotated[str, Field(min_length=1)]
    unit: Literal["mm", "in"]


class Cut(Frozen):
    starts_at_h: float
    lasts_h: Annotated[float, Field(gt=0)]
    pumps: tuple[str, ...] = ()


class PondSpec(Frozen):
    network: Annotated[str, Field(min_length=1)]
    works: Literal["none", "all"] | tuple[str, ...] = "none"
    rain: Annotated[Design | Gauge, Field(discriminator="kind")]
    cuts: tuple[Cut, ...] = ()
    pairs: tuple[tuple[float, float], ...] = ()
    opened: datetime | None = None
    count: int = 1
    quick: bool = False
    depth_m: float | None = None


SYSTEMS = {"pond": SimpleNamespace(Spec=PondSpec)}
HEAD = """\
start = 2021-07-20T12:00:00+08:00
duration_h = 24
title = {en = "Pond", zh = "塘"}
"""
POND = """
[pond]
network = "net"

[pond.rain]
kind = "design"
return_period_years = 50
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base.toml").write_text(HEAD + POND, encoding="utf-8")
    return tmp_path


def load(name: str = "base.toml", *settings: str) -> document.Scenario:
    return document.load(name, settings, systems=SYSTEMS)


def errors_of(name: str = "base.toml", *settings: str) -> list[InputError]:
    with pytest.raises(InputError) as caught:
        load(name, *settings)
    return caught.value.errors


def write(folder: Path, text: str, name: str = "bad.toml") -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return name


# --- what is accepted ----------------------------------------------------------------------


def test_a_document_becomes_a_frozen_scenario(folder):
    scenario = load()
    assert scenario.name == "base"
    assert scenario.title == {"en": "Pond", "zh": "塘"}
    assert scenario.start == datetime(2021, 7, 20, 4, tzinfo=UTC)
    assert scenario.start.utcoffset() == timedelta(hours=8)
    assert (scenario.duration_h, scenario.duration_s, scenario.seed) == (24.0, 86400.0, 1)
    assert scenario.sections["pond"].rain == Design(return_period_years=50.0)
    with pytest.raises(TypeError):
        scenario.sections["pond"] = None
    with pytest.raises(AttributeError):
        scenario.seed = 2


def test_arrays_fill_tuples_and_whole_numbers_fill_floats(folder):
    pairs = load("base.toml", "pond.pairs=[[1, 2], [3.5, 4]]").sections["pond"].pairs
    assert pairs == ((1.0, 2.0), (3.5, 4.0))
    assert load("base.toml", "pond.works=['w1', 'w2']").sections["pond"].works == ("w1", "w2")


def test_a_bare_word_after_set_is_text(folder):
    assert load("base.toml", "pond.works=all").sections["pond"].works == "all"
    assert load("base.toml", "pond.quick=true").sections["pond"].quick is True


def test_date_times_reach_the_model_with_their_offset(folder):
    opened = load("base.toml", "pond.opened=2021-07-20T13:00:00-04:00").sections["pond"].opened
    assert opened == datetime(2021, 7, 20, 17, tzinfo=UTC)


def test_stored_json_gives_the_same_scenario(folder):
    text = 'description = {en = "d", zh = "述"}\nassumptions_file = "a.csv"\nseed = 7\n'
    text += HEAD + '[assumptions.depth]\nvalue = 0.15\nunit = "m"\ntag = "S"\n' + POND
    scenario = load(write(folder, text, "full.toml"))
    again = document.from_json(scenario.to_json(), systems=SYSTEMS)
    assert again == scenario
    assert again.assumptions["depth"].value == 0.15


# --- inheritance ---------------------------------------------------------------------------


def test_tables_merge_and_lists_replace(folder):
    write(
        folder, 'extends = "base.toml"\n[pond]\ncuts = [{starts_at_h = 1, lasts_h = 2}]\n', "a.toml"
    )
    write(folder, 'extends = "a.toml"\nseed = 9\n[pond.rain]\npeak_ratio = 0.3\n', "b.toml")
    write(folder, 'extends = "b.toml"\n[pond]\ncuts = []\n', "c.toml")
    scenario = load("c.toml")
    assert scenario.sections["pond"].rain == Design(return_period_years=50, peak_ratio=0.3)
    assert scenario.sections["pond"].cuts == ()
    assert scenario.seed == 9


def test_another_kind_replaces_the_whole_table(folder):
    text = 'extends = "base.toml"\n[pond.rain]\nkind = "gauge"\nfile = "r.csv"\nunit = "mm"\n'
    scenario = load(write(folder, text, "gauge.toml"))
    assert scenario.sections["pond"].rain == Gauge(file="r.csv", unit="mm")
    assert scenario.source_of("pond.rain.return_period_years") is None


def test_each_value_knows_the_file_that_set_it(folder):
    write(
        folder, 'extends = "base.toml"\n[pond]\ncuts = [{starts_at_h = 1, lasts_h = 2}]\n', "a.toml"
    )
    scenario = load("a.toml", "seed=3")
    sources = {path: scenario.source_of(path) for path in scenario.parameters()}
    assert Path(sources["pond.network"]).name == "base.toml"
    assert Path(sources["pond.cuts[0].lasts_h"]).name == "a.toml"
    assert sources["seed"] == "--set"
    assert sources["pond.works"] is None


def test_paths_start_at_the_folder_of_the_document_that_sets_them(folder):
    write(folder, HEAD + POND.replace('"net"', '"../data/net"'), "lib/parent.toml")
    write(folder, 'extends = "../lib/parent.toml"\n', "mine/child.toml")
    scenario = load("mine/child.toml")
    network = scenario.folder / scenario.sections["pond"].network
    assert network.resolve() == (folder / "data" / "net").resolve()
    rain = "pond.rain={kind='gauge', unit='mm', file='here.csv'}"
    scenario = load("mine/child.toml", rain)
    found = scenario.folder / scenario.sections["pond"].rain.file
    assert found.resolve() == (folder / "here.csv").resolve()


def test_a_circle_is_named_with_its_chain(folder):
    for name, parent in (("a", "b"), ("b", "c"), ("c", "a")):
        write(folder, f'extends = "{parent}.toml"\n', f"{name}.toml")
    (error,) = errors_of("a.toml")
    assert "a.toml -> b.toml -> c.toml -> a.toml" in str(error)
    assert error.where == "extends"


def test_a_missing_parent_names_the_document_that_wants_it(folder):
    (error,) = errors_of(write(folder, 'extends = "gone.toml"\n'))
    assert (error.where, error.value) == ("extends", "gone.toml")
    assert str(error.file).endswith("bad.toml")
    (error,) = errors_of(write(folder, 'extends = "hebi-2021-befor"\n'))
    assert "hebi-2021-before" in error.hint


def test_too_many_parents(folder):
    for number in range(20):
        write(folder, f'extends = "p{number + 1}.toml"\n', f"p{number}.toml")
    write(folder, HEAD + POND, "p20.toml")
    (error,) = errors_of("p0.toml")
    assert "more than 16" in str(error)


def test_an_error_names_the_parent_that_set_the_value(folder):
    write(folder, HEAD + POND.replace("50", "-50"), "parent.toml")
    (error,) = errors_of(write(folder, 'extends = "parent.toml"\nseed = 2\n'))
    assert str(error.file).endswith("parent.toml")
    assert error.where == "pond.rain.return_period_years"


# --- what is refused -----------------------------------------------------------------------

REFUSED = [
    # setting, path, part of what was expected, part of the hint
    ("pond.retrn=1", "pond.retrn", "one of", ""),
    ("pond.rain.return_period_year=1", "pond.rain.return_period_year", "one of",
     "return_period_years"),
    ("ponds.x=1", "ponds", "one of", "pond"),
    ("pond.rain.file='x.csv'", "pond.rain.file", "one of", "kind = 'gauge'"),
    ("pond.rain.design=1", "pond.rain.design", "one of", ""),
    ("pond.rain.kind=desing", "pond.rain.kind", "'design', 'gauge'", "design"),
    ("pond.rain={kind='gauge', unit='mm'}", "pond.rain.file", "text in quotes", ""),
    ("pond.rain={kind='gauge', unit='cm', file='x'}", "pond.rain.unit", "'mm' or 'in'", ""),
    ("pond.rain=3", "pond.rain", "a table", ""),
    ("pond.rain=[1]", "pond.rain", "a table", ""),
    ("pond.works=al", "pond.works", "'none' or 'all' or a list", "all"),
    ("pond.works=3", "pond.works", "'none' or 'all' or a list", ""),
    ("pond.works=['a', 3]", "pond.works[1]", "text in quotes", "quotes"),
    ("pond.cuts=[{starts_at_h=1}]", "pond.cuts[0].lasts_h", "a number (hours)", ""),
    ("pond.cuts=[{starts_at_h=1, lasts_h=0}]", "pond.cuts[0].lasts_h", "greater than 0", ""),
    ("pond.cuts.lasts_h=1", "pond.cuts", "a list", "as a whole"),
    ("pond.pairs=[[1, 2], [3]]", "pond.pairs[1][1]", "position 1", ""),
    ("pond.rain.return_period_years='50 years'", "pond.rain.return_period_years",
     "a number (years)", "bare number, in years"),
    ("pond.rain.return_period_years='50'", "pond.rain.return_period_years", "a number", "quotes"),
    ("pond.rain.return_period_years=true", "pond.rain.return_period_years", "a number", "true"),
    ("pond.rain.return_period_years=nan", "pond.rain.return_period_years", "finite", ""),
    ("pond.rain.return_period_years=inf", "pond.rain.return_period_years", "finite", ""),
    ("pond.rain.return_period_years=1e400", "pond.rain.return_period_years", "finite", ""),
    ("pond.count=1.0", "pond.count", "a whole number", ""),
    ("pond.count=true", "pond.count", "a whole number", "true"),
    ("pond.quick=1", "pond.quick", "true or false", ""),
    ("pond.network=''", "pond.network", "not empty", ""),
    ("pond.network=7", "pond.network", "text in quotes", "quotes"),
    ("pond.network=2021-07-20", "pond.network", "text in quotes", ""),
    ("pond.opened='2021-07-20T12:00:00Z'", "pond.opened", "without quotes", ""),
    ("pond.depth_m='deep'", "pond.depth_m", "a number (metres)", "in metres"),
    ("pond.network=\"a\\u0000b\"", "pond.network", "control characters", ""),
    ("start=2021-07-20T12:00:00", "start", "an offset", "+08:00"),
    ("start='2021-07-20T12:00:00+08:00'", "start", "without quotes", ""),
    ("start=2021-07-20", "start", "a date and time", ""),
    ("duration_h=0", "duration_h", "greater than 0 (hours)", ""),
    ("duration_h=1e9", "duration_h", "at most 100000", ""),
    ("seed=-1", "seed", "at least 0", ""),
    ("seed=99999999999999999999", "seed", "less than", ""),
    ("seed.x=1", "seed", "a whole number", ""),
    ("title.fr='x'", "title.fr", "one of en, zh", ""),
    ("assumptions.a={value=1, tag='Z'}", "assumptions.a.tag", "'P'", ""),
    ("extends='base.toml'", "extends", "a parameter", ""),
]  # fmt: skip


@pytest.mark.parametrize(("setting", "where", "expected", "hint"), REFUSED)
def test_a_bad_value_is_refused_with_path_expectation_and_hint(
    folder, setting, where, expected, hint
):
    (error,) = errors_of("base.toml", setting)
    assert error.where == where
    assert expected in error.expected
    assert hint in error.hint
    assert error.file == "--set"


@pytest.mark.parametrize("setting", ["x", "=", "a.b=", "a.b=foo bar", "a.b=1\nc=2", "[a]", "a b=1"])
def test_a_setting_that_is_none_is_refused(folder, setting):
    (error,) = errors_of("base.toml", setting)
    assert error.where == "--set"
    assert error.value == setting


def test_every_problem_is_reported_at_once(folder):
    found = errors_of("base.toml", "pond.count='x'", "seed=-1", "pond.quick=2")
    assert {error.where for error in found} == {"pond.count", "seed", "pond.quick"}


def test_missing_keys_name_the_document(folder):
    found = errors_of(write(folder, "[pond]\nnetwork = 'n'\n"))
    assert {error.where for error in found} == {"title", "start", "duration_h", "pond.rain"}
    assert all(str(error.file).endswith("bad.toml") for error in found)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a = ", "not valid TOML"),
        ("a = 1\na = 2\n", "not valid TOML"),
        ("a = .5\n", "not valid TOML"),
        ("[t]\nx = 1\n[t]\n", "not valid TOML"),
        ("a = " + "[" * 2000 + "]" * 2000, "cannot be parsed"),
        ("a = " + "[" * 40 + "]" * 40, "nested too deeply"),
        ("a = " + "9" * 5000, "cannot be parsed"),
        ("extends = 3\n", "not valid"),
        ("extends = ''\n", "not valid"),
        (HEAD, "no system takes part"),
        ("\ufeff" + HEAD, "byte order mark"),
        ("#" * 2_100_000, "too large"),
    ],
)  # fmt: skip
def test_files_that_are_no_documents(folder, text, what):
    (error,) = errors_of(write(folder, text))
    assert what in str(error)
    assert "bad.toml" in str(error)


def test_bytes_that_are_no_text_are_refused_with_their_line(folder):
    (folder / "bad.toml").write_bytes(b'a = 1\nb = "\xff"\n')
    (error,) = errors_of("bad.toml")
    assert error.where == "line 2"
    assert "UTF-8" in str(error)


@pytest.mark.parametrize(
    "name", ["nope", "nope.toml", "", "a\0b.toml", "x" * 5000, "../../etc/passwd"]
)
def test_names_of_nothing(folder, name):
    (error,) = errors_of(name)
    assert error.where == "scenario"


def test_a_file_without_its_suffix_gets_the_suffix_as_hint(folder):
    (error,) = errors_of("base")
    assert "base.toml" in error.hint


# --- comparing and hashing -----------------------------------------------------------------


def test_diff_shows_only_what_differs(folder):
    a, b = load(), load("base.toml", "pond.works=all", "seed=2", "title.en='Other'")
    assert content.diff(a, b) == [("seed", 1, 2), ("pond.works", "none", "all")]
    assert content.diff(a, a) == []


def test_diff_of_two_kinds_shows_the_keys_of_both(folder):
    b = load("base.toml", "pond.rain={kind='gauge', file='r.csv', unit='mm'}")
    found = {path: (left, right) for path, left, right in content.diff(load(), b)}
    assert found["pond.rain.kind"] == ("design", "gauge")
    assert found["pond.rain.return_period_years"] == (50.0, None)
    assert found["pond.rain.file"] == (None, (folder / "r.csv").resolve().as_posix())


def test_diff_enters_lists_of_tables(folder):
    a = load("base.toml", "pond.cuts=[{starts_at_h=1, lasts_h=2}]")
    b = load("base.toml", "pond.cuts=[{starts_at_h=1, lasts_h=3}]")
    assert content.diff(a, b) == [("pond.cuts[0].lasts_h", 2.0, 3.0)]


def hashed(scenario: document.Scenario, *files: Path) -> str:
    return content.content_hash(scenario, {"pond": files})


def test_hash_follows_what_can_change_a_result_and_nothing_else(folder):
    data = folder / "net.csv"
    data.write_text("1", encoding="utf-8")
    first = hashed(load(), data)
    assert first == hashed(load("base.toml", "title.en='Other'", "pond.count=1"), data)
    assert len({first, *(hashed(load("base.toml", setting), data) for setting in (
        "seed=2", "duration_h=25", "start=2021-07-20T13:00:00+08:00", "pond.quick=true"
    ))}) == 5  # fmt: skip
    data.write_text("2", encoding="utf-8")
    assert hashed(load(), data) != first


def test_hash_survives_a_move(folder, tmp_path_factory):
    (folder / "net.csv").write_text("1", encoding="utf-8")
    other = tmp_path_factory.mktemp("elsewhere")
    for name in ("base.toml", "net.csv"):
        (other / name).write_bytes((folder / name).read_bytes())
    moved = document.load(other / "base.toml", systems=SYSTEMS)
    assert hashed(moved, other / "net.csv") == hashed(load(), folder / "net.csv")
