"""Bad tables are refused by name, all at once, with file and line."""

from pathlib import Path

import pytest

from sim.kernel.errors import InputError
from tests.fleet_cases import Case

CHANGES = {
    "unknown stream": (("points", 0, "stream", "glass"), ["points.csv", "line 2", "glass"]),
    "negative people": (("points", 1, "people", -5), ["points.csv", "line 3", "people"]),
    "unknown type": (("trucks", 0, "type", "f"), ["trucks.csv", "line 2", "no such truck type"]),
    "unknown shift": (("trucks", 0, "shift", "night"), ["trucks.csv", "no such shift"]),
    "depot nowhere": (("trucks", 0, "depot", "X"), ["trucks.csv", "no such place"]),
    "plan to nowhere": (("plan", 1, "target", "pZ"), ["plan.csv", "line 3", "no such stop"]),
    "plan of nobody": (("plan", 3, "truck", "T9"), ["plan.csv", "line 5", "no such truck"]),
    "curve that grows": (("charging", 1, "time_s", 4000), ["charging.csv", "not a charging curve"]),
    "shift backwards": (("shifts", 0, "to_h", 5), ["shifts.csv", "ends before it begins"]),
    "window backwards": (("points", 2, "to_h", 0), ["points.csv", "line 4", "ends before"]),
    "no site for a stream": (("truck_types", 0, "streams", "residual food"), ["food", "no site"]),
    "profile of 25 hours": (("profiles", 3, "number", 24), ["profiles.csv", "line 5"]),
    "same id twice": (("points", 1, "id", "pA"), ["points.csv", "line 3", "already taken"]),
    "a word for a number": (("sites", 0, "bays", "two"), ["sites.csv", "line 2", "bays"]),
    "a column nobody knows": (("sites", 0, "dock", 3), ["sites.csv", "unknown column", "dock"]),
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_is_named_with_its_place(tmp_path: Path, name: str):
    (table, row, column, value), words = CHANGES[name]
    case = Case(tmp_path)
    case.tables[table][row][column] = value
    with pytest.raises(InputError) as caught:
        case.load()
    for word in words:
        assert word in str(caught.value)


def test_all_are_told_at_once(tmp_path: Path):
    case = Case(tmp_path)
    case.tables["trucks"][0] |= {"type": "f", "depot": "X"}
    case.tables["plan"][0]["target"] = "pZ"
    case.tables["outages"] = [{"kind": "charger", "id": "gun", "from_h": 1, "lasts_h": 1}]
    with pytest.raises(InputError) as caught:
        case.load()
    text = str(caught.value)
    assert len(caught.value.errors) == 4
    assert "did you mean 'guns'" in text


def test_a_stray_table_and_a_missing_folder(tmp_path: Path):
    case = Case(tmp_path)
    case.write()
    (tmp_path / "t" / "truck.csv").write_text("id\n1\n")
    with pytest.raises(InputError, match="did you mean 'trucks'"):
        case.load()
    with pytest.raises(InputError, match="no such folder"):
        Case(tmp_path, spec={"tables": "elsewhere"}, tables={}).load()
