"""What cannot be represented is refused with section and line; what has no effect is noted."""

from collections.abc import Callable

import pytest

from sim.drainage.swmm import Imported, UnsupportedSection, read_inp
from sim.kernel.errors import InputErrors

Read = Callable[..., Imported]
SNOW = {
    "RAINGAGES": "G INTENSITY 0:05 1 TIMESERIES R",
    "TIMESERIES": "R 0 1",
    "SUBCATCHMENTS": "S G J1 2 50 80 1 0 PACK",
    "SUBAREAS": "S 0.01 0.1 0.5 2 25 OUTLET",
}


@pytest.mark.parametrize(
    ("sections", "place", "what"),
    [
        ({"INLET_USAGE": "C1 GRATE J2"}, "INLET_USAGE", "a street inlet"),
        ({"LID_USAGE": "S GREEN 1 10 0 0 0 0"}, "LID_USAGE", "low-impact development"),
        ({"EVENTS": "01/01/2021 0:00 01/02/2021 0:00"}, "EVENTS", "routing only within"),
        ({"RDII": "J1 UH 2"}, "RDII", "rainfall-dependent infiltration"),
        ({"AQUIFERS": "A 1", "GROUNDWATER": "S A J1 1"}, "GROUNDWATER", "groundwater"),
        ({"EVAPORATION": "CONSTANT 3"}, "EVAPORATION", "evaporation"),
        ({"EVAPORATION": "MONTHLY" + " 0" * 11 + " 0.1"}, "EVAPORATION", "evaporation"),
        ({"EVAPORATION": "TEMPERATURE"}, "EVAPORATION", "evaporation"),
        ({"EVAPORATION": "RECOVERY P"}, "EVAPORATION", "recovery pattern"),
        ({"FILES": "USE HOTSTART a.hsf"}, "FILES", "interface or hot-start file"),
        ({"ADJUSTMENTS": "RAINFALL 1 1 1 1 1 1 1.1 1 1 1 1 1"}, "ADJUSTMENTS", "rainfall"),
        ({"ADJUSTMENTS": "N-PERV S P"}, "ADJUSTMENTS", "monthly adjustment"),
        ({**SNOW, "SNOWPACKS": "PACK PERV 0 0 0 0 5 0 0"}, "SNOWPACKS", "a snow pack in use"),
        ({**SNOW, "SNOWPACKS": "PACK PERV 0 0 0 0 0 0 0", "TEMPERATURE": "FILE t.dat"},
         "SNOWPACKS", "a snow pack in use"),
    ],
)  # fmt: skip
def test_refused(read: Read, sections: dict[str, str], place: str, what: str) -> None:
    with pytest.raises(InputErrors) as error:
        read(**sections)
    unsupported = [e for e in error.value.errors if isinstance(e, UnsupportedSection)]
    assert [e.where.split(" line ")[0] for e in unsupported] == [f"[{place}]"]
    assert what in unsupported[0].what
    assert unsupported[0].file is not None


@pytest.mark.parametrize(
    ("sections", "place", "text"),
    [
        ({"POLLUTANTS": "TSS MG/L 0 0 0 0"}, "POLLUTANTS", "water quality"),
        ({"INLETS": "G GRATE 1 1"}, "INLETS", "no effect unless used"),
        ({"LID_CONTROLS": "G PP"}, "LID_CONTROLS", "no effect unless used"),
        ({"GROUNDWATER": "S A J1 1"}, "GROUNDWATER", "switched off"),
        ({"OPTIONS": "+IGNORE_RDII YES", "RDII": "J1 UH 2"}, "RDII", "IGNORE_RDII"),
        ({"EVAPORATION": "CONSTANT 0.0"}, "EVAPORATION", "evaporation is 0"),
        ({"FILES": "SAVE OUTFLOWS a.txt"}, "FILES", "not written"),
        ({"ADJUSTMENTS": "RAINFALL" + " 1.0" * 12}, "ADJUSTMENTS", "no effect"),
        ({**SNOW, "SNOWPACKS": "PACK PERV 1 1 32 0.1 0 0 0"}, "SNOWPACKS", "so no effect"),
        ({"TAGS": "Node J1 old"}, "TAGS", "tags have no effect"),
        ({"VERTICES": "C1 1 1\nC1 2 2"}, "VERTICES", "2 lines: only for drawing"),
    ],
)
def test_noted(read: Read, sections: dict[str, str], place: str, text: str) -> None:
    notes = read(**sections).notes
    assert [note.text for note in notes if note.section == place and text in note.text]


def test_evaporation_may_be_given_up_on_request(write: Callable[..., object]) -> None:
    found = read_inp(write(EVAPORATION="CONSTANT 3"), accept_ignored={"evaporation"})  # type: ignore[arg-type]
    assert any("IGNORED on request" in note.text for note in found.notes)


def test_all_problems_are_reported_in_the_order_of_the_file(read: Read) -> None:
    with pytest.raises(InputErrors) as error:
        read(
            OPTIONS="+COLOUR BLUE",
            CONDUITS="C1 J1 J2 -1 0.013 0 0\nC2 J2 OUT 100 0.013 0 0",
            INLET_USAGE="C1 GRATE J2",
        )
    lines = [int(e.where.split()[-1]) for e in error.value.errors]
    assert len(lines) == 3
    assert lines == sorted(lines)
