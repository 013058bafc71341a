from collections.abc import Callable

import pytest

from sim.drainage.swmm import Imported
from sim.kernel.errors import InputErrors

Read = Callable[..., Imported]
HOURS = " ".join(["1"] * 23)


def test_direct_and_dry_weather_inflows(read: Read) -> None:
    found = read(
        INFLOWS='J1 FLOW "" FLOW 1 1 0.5 H\nJ1 SALT X CONCEN\nJ2 FLOW Q FLOW 1 2 0\nj2 FLOW Q',
        DWF='J1 FLOW 0.2 "" M "H"',
        POLLUTANTS="SALT MG/L 0 0 0 0",
        TIMESERIES="Q 0 1",
        PATTERNS=f"H HOURLY {HOURS}\nH 3\nM MONTHLY 2",
    )
    direct, replaced, dry = found.network.inflows
    assert (direct.node, direct.series, direct.baseline_m3s) == ("J1", None, 0.5)
    assert direct.pattern_hourly == (1.0,) * 23 + (3.0,)
    assert direct.patterns_scale == "baseline"
    assert (replaced.node, replaced.scale) == ("J2", 1.0)  # the second line replaced the first
    assert dry.pattern_monthly == (2.0,) + (1.0,) * 11  # short patterns are filled with 1
    assert dry.pattern_hourly == direct.pattern_hourly
    assert any("inflow of 'SALT'" in note.text for note in found.notes)


def test_rules_become_si(read: Read) -> None:
    found = read(
        OPTIONS="START_DATE 07/20/2021\nSTART_TIME 06:00\nEND_DATE 07/21/2021",
        PUMPS="P J1 J2 * ON",
        OUTFALLS="OUT 8 FREE\nO2 8 FREE",
        ORIFICES="O J1 O2 SIDE 0 0.6",
        XSECTIONS="+O CIRCULAR 1 0 0 0",
        CURVES="CT CONTROL 0 0 2 1",
        TIMESERIES="TS 0 1 1 0",
        CONTROLS="VARIABLE deep = NODE J1 DEPTH\nRULE a\nIF deep > 10\n"
        "AND SIMULATION TIME >= 1:30\nOR SIMULATION CLOCKTIME < 0.5\n"
        "AND SIMULATION DATE = 07/21/2021\nAND LINK C1 FLOW <= CONDUIT C2 FLOW\n"
        "THEN PUMP P STATUS = OFF\nAND CONDUIT C1 STATUS = CLOSED\n"
        "ELSE PUMP P SETTING = 1.5\nPRIORITY 3\n"
        "RULE b\nIF ORIFICE O TIMEOPEN > 0:10\nTHEN ORIFICE O SETTING = CURVE CT\n"
        "RULE c\nIF NODE J1 INFLOW <> 3\nTHEN ORIFICE O SETTING = CURVE CT\n"
        "ELSE ORIFICE O SETTING = TIMESERIES TS",
    )
    a, b, c = found.network.rules
    assert [p.join for p in a.premises] == ["if", "and", "or", "and", "and"]
    assert a.premises[0].value == pytest.approx(3.048)
    assert [p.value for p in a.premises[1:4]] == [5400, 1800, 86400]
    assert (a.premises[4].object, a.premises[4].other_id) == ("link", "C2")
    assert [(x.link, x.setting) for x in a.then] == [("P", 0.0), ("C1", 0.0)]
    assert (a.otherwise[0].setting, a.priority) == (1.5, 3)
    assert b.premises[0].value == 600
    assert c.premises[0].value == pytest.approx(3 * 0.3048**3)
    # the same curve modulates by hours open in one rule and by an inflow in the other
    curves = {curve.id: curve.points for curve in found.network.curves}
    assert curves[b.then[0].curve or ""][1] == (7200, 1)
    assert curves[c.then[0].curve or ""][1] == (pytest.approx(2 * 0.3048**3), 1)
    assert c.otherwise[0].series == "TS"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("RULE a\nIF NODE J9 DEPTH > 1\nTHEN CONDUIT C1 STATUS = OPEN", "no node has this id"),
        ("RULE a\nIF NODE J1 FLOW > 1\nTHEN CONDUIT C1 STATUS = OPEN", "no such attribute"),
        ("RULE a\nIF NODE J1 DEPTH == 1\nTHEN CONDUIT C1 STATUS = OPEN", "relation is unknown"),
        ("RULE a\nIF NODE J1 DEPTH > 1\nTHEN PUMP C1 STATUS = ON", "the link is no PUMP"),
        ("RULE a\nIF NODE J1 DEPTH > 1\nTHEN CONDUIT C1 SETTING = 0.5", "no such attribute"),
        ("RULE a\nTHEN CONDUIT C1 STATUS = OPEN", "THEN cannot follow RULE"),
        ("RULE a\nIF NODE J1 DEPTH > 1", "the rule is incomplete"),
        ("EXPRESSION e = J1 + 1", "mathematical expression in control rules is not supported"),
        ("RULE a\nIF NODE J1 DEPTH > 1\nTHEN PUMP P SETTING = PID 1 2 3", "PID control"),
    ],
)
def test_bad_rules_name_their_line(read: Read, lines: str, message: str) -> None:
    with pytest.raises(InputErrors) as error:
        read(PUMPS="P J1 J2 * ON", CONTROLS=lines)
    assert message in str(error.value)
    assert all(e.where.startswith("[CONTROLS] line ") for e in error.value.errors)


def test_two_patterns_of_one_kind_are_refused(read: Read) -> None:
    with pytest.raises(InputErrors, match="two HOURLY patterns"):
        read(DWF="J1 FLOW 1 A B", PATTERNS="A HOURLY 1\nB HOURLY 2")
