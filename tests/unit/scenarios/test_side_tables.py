"""Assumptions and published figures: what is read, what is refused."""

from dataclasses import replace

import pytest

from scenarios import assumptions, published
from scenarios.document import Assumption
from sim.kernel.errors import InputError

HEAD = "name,value,unit,tag,source,note\n"


@pytest.fixture
def table(tmp_path):
    def write(text: str, encoding: str = "utf-8"):
        path = tmp_path / "table.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


def test_numbers_texts_tags_and_units_are_read(table):
    found = assumptions.read(
        table(HEAD + 'a,1.5,m,published,"S, p. 3",x\nb,0.1;0.2,-,K,,\nc,nan,,assumed,,\n')
    )
    assert found["a"] == Assumption(value=1.5, unit="m", tag="P", source="S, p. 3")
    assert found["b"] == Assumption(value="0.1;0.2", unit="", tag="K", source="")
    assert found["c"].value == "nan"


def test_a_document_says_the_last_word(scenario, table):
    path = table(HEAD + "a,1,m,assumed,,\nb,2,m,assumed,,\n")
    own = {"b": Assumption(value=3.0, unit="m", tag="X")}
    found = assumptions.assumptions_of(
        replace(scenario, assumptions=own, assumptions_file=str(path))
    )
    assert (found["a"].value, found["b"].value) == (1.0, 3.0)
    assert assumptions.assumptions_of(scenario) == {}


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("name,value,unit,source\n", "tag"),
        ("", "name"),
        (HEAD + "a,1,m,guessed,,\n", "line 2: tag"),
        (HEAD + ",1,m,assumed,,\n", "line 2: name"),
        (HEAD + "a,1,m,assumed,,\na,2,m,assumed,,\n", "line 3"),
        (HEAD + "a,1,m\n", "line 2"),
        (HEAD + "a,1,m,assumed,s,n,more\n", "line 2"),
        (HEAD + 'a,1,m,assumed,"open\n', "(table)"),
    ],
)
def test_tables_that_cannot_be_used_are_refused_with_their_place(table, text, where):
    path = table(text)
    with pytest.raises(InputError) as caught:
        assumptions.read(path)
    (error,) = caught.value.errors
    assert (error.where, error.file) == (where, path)


def test_other_encodings_and_missing_files_are_refused(table, tmp_path):
    with pytest.raises(InputError, match="UTF-8"):
        assumptions.read(table(HEAD + "a,1,m,assumed,鹤壁,\n", "gb18030"))
    with pytest.raises(InputError, match="No such file"):
        assumptions.read(tmp_path / "gone.csv")


def test_published_figures_belong_to_the_scenarios_they_name(scenario, table):
    head = "scenarios,hours,source,note_en,note_zh\n"
    path = table(head + "tank;other,48,A01,why,因\nother,2,A02,,\n")
    named = replace(scenario, published_file=str(path))
    assert published.published_for(named) == (
        published.Published(("tank", "other"), 48.0, "A01", "why", "因"),
    )
    assert published.published_for(scenario) == ()


@pytest.mark.parametrize("hours", ["", "two", "-1", "nan", "inf"])
def test_published_hours_must_be_a_number(table, hours):
    path = table(f"scenarios,hours,source,note_en,note_zh\na,{hours},s,,\n")
    with pytest.raises(InputError) as caught:
        published.read(path)
    assert caught.value.where == "line 2: hours"
