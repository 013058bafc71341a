"""What the tables of the command line say, and that they fit."""

import pytest

from scenarios.cli_output import MANY, Output, number, with_interval
from scenarios.cli_words import WORDS, word
from scenarios.compare import Comparison, KpiRow, KpiSummary, Paired
from scenarios.gap import relative_gap
from scenarios.schema import STATUSES
from scenarios.verify import GapRow
from sim.kernel.system import Label

LABELS = {"dry_h": Label("Hours until dry", "退水小时数")}


@pytest.fixture
def out(monkeypatch):
    monkeypatch.setenv("COLUMNS", "90")
    return Output("en", LABELS)


def kpi(entity, value, status="ok"):
    return KpiSummary("tank", "dry_h", entity, "h", 3.0, value, None, status)


def printed(capsys):
    text = capsys.readouterr().out
    assert max(len(line) for line in text.splitlines()) <= 90
    return [line.split() for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"), (0.0, "0"), (3.0, "3"), (0.5, "0.500"), (1.2345, "1.23"), (123.45, "123.5"),
        (12345.6, "12,346"), (1e-5, "1e-05"), (1.5e12, "1.5e+12"), (-2.5, "-2.50"),
    ],
)  # fmt: skip
def test_numbers_have_the_digits_a_reader_needs(value, text):
    assert number(value) == text


def test_intervals_and_signs():
    assert with_interval(1.25, 0.5) == "1.25 ± 0.500"
    assert with_interval(2.0, None, signed=True) == "+2"
    assert with_interval(-2.0, None, signed=True) == "-2"


def test_of_many_entities_the_worst_is_shown_and_never_drained_is_the_worst(out, capsys):
    rows = [kpi(f"n{i}", float(i)) for i in range(MANY)] + [kpi("deep", None, "not_drained")]
    out.summary([], rows)
    lines = printed(capsys)
    assert len(lines) == 3
    assert lines[-1][3] == "deep"
    assert " ".join(lines[-1]).endswith(f"{MANY} ok, 1 not drained")
    out.summary([], rows, every=True)
    assert len(printed(capsys)) == len(rows) + 2


def test_few_entities_are_all_shown_in_the_readers_language(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "90")
    Output("zh", LABELS).summary([], [kpi("a", 4.0, "over_limit"), kpi("b", None, "dry")])
    text = capsys.readouterr().out
    assert text.count("退水小时数") == 2
    assert "超限" in text
    assert "无积水" in text


def test_a_comparison_shows_the_status_where_there_is_no_number(out, capsys):
    rows = [
        KpiRow("tank", "dry_h", "a", "h", None, 48.0, 2.0, "ok", "ok", Paired(-46.0, 1.5, 3)),
        KpiRow("tank", "dry_h", "b", "h", None, None, 2.0, "2 ok, 1 not_drained", "ok", None),
    ]
    out.comparison(Comparison([("tank.x", 1, 2)], rows, True), "one", "two")
    text = " ".join(" ".join(line) for line in printed(capsys))
    assert "tank.x 1 2" in text
    assert "48 2 -46 ± 1.50" in text
    assert "2 ok, 1 not drained" in text
    assert "different code" in text


def test_a_gap_that_is_too_large_is_said(out, capsys):
    percent = 100 * relative_gap(100.0, 104.0)
    row = GapRow("ponded_volume_max", "m3", 104.0, 100.0, percent, "%", "+-3 %", False)
    out.gaps([row])
    assert printed(capsys)[-1][-1] == "NO"


def test_text_from_files_is_never_taken_for_markup(out, capsys):
    out.differences([("a.b", "[red]x[/red]", ["[bold]"])])
    text = capsys.readouterr().out
    assert "[red]x[/red]" in text
    assert "[bold]" in text


def test_every_word_is_there_in_both_languages():
    assert all(label.en and label.zh for label in WORDS.values())
    assert set(STATUSES) <= set(WORDS)
    assert word("no such word", "zh") == "no such word"
