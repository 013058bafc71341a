"""Control rules: what SWMM's rules mean, one aspect per test."""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sim.drainage.controls import LevelTrigger, Rules
from sim.drainage.elements import Action, Curve, Premise, Rule, Series
from sim.kernel.errors import InputErrors

CHINA = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
OPEN = (Action(link="G", setting=1.0),)
SHUT = (Action(link="G", setting=0.0),)


def calendar_from(start: datetime) -> Callable[[float], datetime]:
    return lambda time_s: (start.astimezone(UTC) + timedelta(seconds=time_s)).astimezone(
        start.tzinfo
    )


CALENDAR = calendar_from(datetime(2021, 7, 18, 23, 0, tzinfo=CHINA))  # a Sunday


def level(node: str, join: str = "if", relation: str = ">", value: float = 1.0) -> Premise:
    return Premise(
        join=join, object="node", id=node, attribute="depth", relation=relation, value=value
    )


def clock(attribute: str, relation: str, value: float, join: str = "if") -> Premise:
    return Premise(
        join=join, object="simulation", attribute=attribute, relation=relation, value=value
    )


def link(attribute: str, relation: str, value: float) -> Premise:
    return Premise(
        join="if", object="link", id="G", attribute=attribute, relation=relation, value=value
    )


def rule(*premises: Premise, name: str = "R", **more: object) -> Rule:
    return Rule(**({"id": name, "premises": premises, "then": OPEN} | more))


def evaluate(
    *rules: Rule,
    time_s: float = 0.0,
    step_s: float = 0.0,
    calendar: Callable[[float], datetime] = CALENDAR,
    curves: tuple[Curve, ...] = (),
    series: tuple[Series, ...] = (),
    **values: float,
) -> dict[str, float]:
    """Evaluate with `values` by id, whatever the attribute."""
    ready = Rules(rules, curves, series)
    return ready.evaluate(time_s, calendar, lambda _, name, __: values[name], step_s=step_s)


@pytest.mark.parametrize(
    ("relation", "holds"),
    [
        ("=", (False, True, False)),
        ("<>", (True, False, True)),
        ("<", (True, False, False)),
        ("<=", (True, True, False)),
        (">", (False, False, True)),
        (">=", (False, True, True)),
    ],
)
def test_relations(relation: str, holds: tuple[bool, ...]) -> None:
    one = rule(level("A", relation=relation), otherwise=SHUT)
    assert tuple(evaluate(one, A=depth) == {"G": 1.0} for depth in (0.5, 1.0, 1.5)) == holds


def test_a_rule_without_else_decides_nothing_when_false() -> None:
    assert evaluate(rule(level("A")), A=0.0) == {}
    assert evaluate(rule(level("A"), otherwise=SHUT), A=0.0) == {"G": 0.0}


@pytest.mark.parametrize(
    ("joins", "meaning"),
    [
        (("and", "and"), lambda a, b, c: a and b and c),
        (("or", "or"), lambda a, b, c: a or b or c),
        # OR binds tighter than AND, unlike in most languages.
        (("and", "or"), lambda a, b, c: a and (b or c)),
        (("or", "and"), lambda a, b, c: (a or b) and c),
    ],
)
def test_premises_are_joined_from_left_to_right(
    joins: tuple[str, str], meaning: Callable[[bool, bool, bool], bool]
) -> None:
    one = rule(level("A"), level("B", joins[0]), level("C", joins[1]), otherwise=SHUT)
    for bits in range(8):
        a, b, c = (bool(bits >> shift & 1) for shift in range(3))
        depths = {"A": 2.0 * a, "B": 2.0 * b, "C": 2.0 * c}
        assert evaluate(one, **depths) == {"G": float(meaning(a, b, c))}, (a, b, c)


def test_premises_after_the_outcome_are_not_read() -> None:
    read: list[str] = []

    def reader(_: str, name: str, __: str) -> float:
        read.append(name)
        return 0.0

    one = rule(level("A"), level("B", "and"), level("C", "or"))
    assert Rules([one]).evaluate(0.0, CALENDAR, reader) == {}
    assert read == ["A"]


def test_the_higher_priority_wins_and_the_first_among_equals() -> None:
    yes = level("A", relation=">=", value=0.0)
    first, second = rule(yes, name="1"), rule(yes, name="2", then=SHUT)
    assert evaluate(first, second, A=1.0) == {"G": 1.0}
    assert evaluate(second, first, A=1.0) == {"G": 0.0}
    assert evaluate(first, rule(yes, name="2", then=SHUT, priority=1.0), A=1.0) == {"G": 0.0}
    assert evaluate(rule(yes, name="1", priority=-1.0), second, A=1.0) == {"G": 0.0}


def test_else_counts_with_its_rules_priority() -> None:
    no = rule(level("A"), name="1", otherwise=SHUT, priority=2.0)
    yes = rule(level("A", relation="<"), name="2", priority=1.0)
    assert evaluate(yes, no, A=0.0) == {"G": 0.0}


def test_within_one_rule_the_last_action_on_a_link_wins() -> None:
    one = rule(level("A"), then=(*OPEN, Action(link="H", setting=0.5), *SHUT))
    assert evaluate(one, A=2.0) == {"G": 0.0, "H": 0.5}


def test_a_premise_without_a_value_is_false_whatever_it_says() -> None:
    for relation in ("=", "<>", "<", ">="):
        one = rule(link("timeopen", relation, 60.0), otherwise=SHUT)
        assert evaluate(one, G=math.nan) == {"G": 0.0}


def test_read_gets_object_id_and_attribute_in_lower_case() -> None:
    asked: list[tuple[str, str, str]] = []

    def reader(kind: str, name: str, attribute: str) -> float:
        asked.append((kind, name, attribute))
        return 5.0

    other = Premise(
        join="and",
        object="gauge",
        id="X",
        attribute="precip_6h",
        relation="=",
        other_object="link",
        other_id="L",
        other_attribute="FLOW",
    )
    head = Premise(join="if", object="node", id="N", attribute="HEAD", relation=">", value=1.0)
    assert Rules([rule(head, other)]).evaluate(0.0, CALENDAR, reader) == {"G": 1.0}
    assert asked == [("node", "N", "head"), ("gauge", "X", "precip_6h"), ("link", "L", "flow")]


@pytest.mark.parametrize(
    ("time_s", "holds"), [(569.0, False), (570.0, True), (629.0, True), (630.0, False)]
)
def test_equality_of_times_within_half_a_step(time_s: float, holds: bool) -> None:
    equal = rule(clock("time", "=", 600.0), otherwise=SHUT)
    unequal = rule(clock("time", "<>", 600.0), otherwise=SHUT)
    assert evaluate(equal, time_s=time_s, step_s=60.0) == {"G": float(holds)}
    assert evaluate(unequal, time_s=time_s, step_s=60.0) == {"G": float(not holds)}


def test_equality_of_times_for_an_engine_that_lands_on_them() -> None:
    equal = rule(clock("time", "=", 600.0), otherwise=SHUT)
    assert evaluate(equal, time_s=600.0) == {"G": 1.0}
    assert evaluate(equal, time_s=600.001) == {"G": 0.0}


def test_durations_of_open_and_closed_compare_within_half_a_step() -> None:
    one = rule(link("timeclosed", "=", 600.0), otherwise=SHUT)
    assert evaluate(one, G=620.0, step_s=60.0) == {"G": 1.0}
    assert evaluate(one, G=640.0, step_s=60.0) == {"G": 0.0}


def test_order_of_times_is_strict() -> None:
    later = rule(clock("time", ">", 600.0), otherwise=SHUT)
    assert evaluate(later, time_s=600.0, step_s=60.0) == {"G": 0.0}
    assert evaluate(later, time_s=600.5, step_s=60.0) == {"G": 1.0}


@pytest.mark.parametrize(
    ("attribute", "value", "next_hour"),
    [
        # the calendar starts on Sunday 18 July 2021, 23:00
        ("clocktime", 82800.0, 0.0),
        ("day", 1.0, 2.0),
        ("month", 7.0, 7.0),
        ("dayofyear", 199.0, 200.0),
        ("date", 0.0, 86400.0),
    ],
)
def test_the_calendar(attribute: str, value: float, next_hour: float) -> None:
    for time_s, expected in ((0.0, value), (3600.0, next_hour)):
        assert evaluate(rule(clock(attribute, "=", expected)), time_s=time_s) == {"G": 1.0}
        assert evaluate(rule(clock(attribute, ">", expected)), time_s=time_s) == {}
        assert evaluate(rule(clock(attribute, "<", expected)), time_s=time_s) == {}


RAMP = Curve(id="K", kind="control", points=((1.0, 0.2), (3.0, 1.0)))
BY_CURVE = (Action(link="G", curve="K"),)


@pytest.mark.parametrize(("depth", "setting"), [(1.0, 0.2), (2.0, 0.6), (3.0, 1.0), (9.0, 1.0)])
def test_a_curve_is_looked_up_by_the_level(depth: float, setting: float) -> None:
    one = rule(level("A", relation=">", value=0.5), then=BY_CURVE)
    assert evaluate(one, curves=(RAMP,), A=depth) == {"G": pytest.approx(setting, abs=1e-15)}


def test_a_curve_is_looked_up_by_the_last_premise_evaluated() -> None:
    both = rule(level("A"), level("B", "and", "<", 9.0), then=BY_CURVE)
    assert evaluate(both, curves=(RAMP,), A=2.0, B=3.0) == {"G": 1.0}
    either = rule(level("A"), level("B", "or", "<", 9.0), then=BY_CURVE)
    assert evaluate(either, curves=(RAMP,), A=2.0, B=3.0) == {"G": pytest.approx(0.6)}


def test_equality_of_times_is_no_controlled_value_but_an_order_and_a_duration_are() -> None:
    equal = rule(level("A"), clock("time", "=", 0.0, "and"), then=BY_CURVE)
    assert evaluate(equal, curves=(RAMP,), A=2.0) == {"G": pytest.approx(0.6)}
    seconds = Curve(id="K", kind="control", points=((0.0, 0.0), (7200.0, 1.0)))
    later = rule(level("A"), clock("time", ">", 0.0, "and"), then=BY_CURVE)
    assert evaluate(later, curves=(seconds,), time_s=1800.0, A=2.0) == {"G": 0.25}
    duration = rule(link("timeopen", "=", 1800.0), then=BY_CURVE)
    assert evaluate(duration, curves=(seconds,), G=1800.0) == {"G": 0.25}


def test_a_curve_for_else_reads_what_was_not_reached() -> None:
    one = rule(clock("time", "=", 10.0), level("A", "and"), then=OPEN, otherwise=BY_CURVE)
    assert evaluate(one, curves=(RAMP,), A=2.0) == {"G": pytest.approx(0.6)}


def test_a_curve_without_a_value_decides_nothing() -> None:
    one = rule(link("timeopen", ">", 0.0), otherwise=BY_CURVE)
    assert evaluate(one, curves=(RAMP,), G=math.nan) == {}


@pytest.mark.parametrize(
    ("time_s", "setting"), [(0.0, 0.5), (100.0, 0.5), (150.0, 0.75), (900.0, 1.0)]
)
def test_a_series_is_linear_in_time_and_holds_its_ends(time_s: float, setting: float) -> None:
    ramp = Series(id="T", points=((100.0, 0.5), (200.0, 1.0)))
    one = rule(clock("time", ">=", 0.0), then=(Action(link="G", series="T"),))
    assert evaluate(one, series=(ramp,), time_s=time_s) == {"G": setting}


def test_evaluation_leaves_no_trace() -> None:
    ready = Rules([rule(level("A"), then=BY_CURVE, otherwise=BY_CURVE)], [RAMP])
    first = ready.evaluate(0.0, CALENDAR, lambda *_: 2.0)
    ready.evaluate(0.0, CALENDAR, lambda *_: 3.0)
    assert ready.evaluate(0.0, CALENDAR, lambda *_: 2.0) == first


def test_level_triggers() -> None:
    head = Premise(join="or", object="node", id="B", attribute="head", relation="<", value=98.4)
    between = Premise(
        join="or",
        object="node",
        id="B",
        attribute="depth",
        relation=">",
        other_object="node",
        other_id="A",
        other_attribute="depth",
    )
    volume = Premise(join="or", object="node", id="B", attribute="volume", relation=">", value=9.0)
    rules = Rules([rule(level("A"), head, between, volume), rule(level("A"), name="2")])
    assert rules.level_triggers() == [
        LevelTrigger("A", "depth", 1.0),
        LevelTrigger("B", "head", 98.4),
    ]


def test_time_triggers() -> None:
    rules = Rules(
        [
            rule(clock("time", ">", 600.0), clock("time", "<", 60.0, "or")),
            rule(clock("time", "=", 600.0), clock("time", "=", 9e9, "or"), name="2"),
            rule(level("A"), clock("clocktime", ">", 1800.0, "and"), name="3"),
        ]
    )
    assert rules.time_triggers(3600.0) == [60.0, 600.0]
    # from 23:00, half past midnight comes after 5400 s and every day from there
    day = 86400.0
    assert rules.time_triggers(day + 6000.0, CALENDAR) == [60.0, 600.0, 5400.0, day + 5400.0]


def test_midnight_is_a_trigger_for_dates() -> None:
    rules = Rules([rule(clock("day", "=", 2.0))])
    assert rules.time_triggers(2 * 86400.0, CALENDAR) == [3600.0, 3600.0 + 86400.0]
    assert rules.time_triggers(2 * 86400.0) == []


def test_clock_triggers_on_the_days_when_the_clocks_change() -> None:
    rules = Rules([rule(clock("clocktime", "=", 9000.0))])  # 02:30
    spring = calendar_from(datetime(2021, 3, 28, tzinfo=BERLIN))
    assert rules.time_triggers(86400.0, spring) == []
    autumn = calendar_from(datetime(2021, 10, 31, tzinfo=BERLIN))
    assert rules.time_triggers(86400.0, autumn) == [9000.0, 12600.0]


@pytest.mark.parametrize(
    ("faulty", "where", "what"),
    [
        (rule(level("A", join="and")), "premises[0]/join", "starts with if"),
        (rule(level("A"), level("B")), "premises[1]/join", "starts with if"),
        (rule(clock("hour", ">", 1.0)), "premises[0]/attribute", "no such attribute"),
        (rule(link("head", ">", 1.0)), "premises[0]/attribute", "no such attribute"),
        (rule(clock("clocktime", ">", 86401.0)), "premises[0]/value", "not a time of day"),
        (
            rule(Premise(join="if", object="node", id="A", attribute="depth", relation=">")),
            "premises[0]/value",
            "compares with nothing",
        ),
        (
            rule(level("A").model_copy(update={"other_object": "node", "other_id": "B"})),
            "premises[0]/value",
            "and with another object",
        ),
        (
            rule(
                Premise(
                    join="if",
                    object="gauge",
                    id="X",
                    attribute="precip_49h",
                    relation=">",
                    value=1.0,
                )
            ),
            "premises[0]/attribute",
            "no such attribute",
        ),
        (rule(level("A"), then=(Action(link="G"),)), "then[0]", "in exactly one way"),
        (
            rule(level("A"), otherwise=(Action(link="G", setting=1.0, curve="K"),)),
            "otherwise[0]",
            "in exactly one way",
        ),
        (
            rule(level("A"), then=(Action(link="G", setting=-0.5),)),
            "then[0]/setting",
            "negative",
        ),
        (rule(level("A"), then=(Action(link="G", curve="KK"),)), "then[0]/curve", "no curve"),
        (rule(level("A"), then=(Action(link="G", series="T"),)), "then[0]/series", "no series"),
        (rule(clock("time", "=", 1.0), then=BY_CURVE), "then[0]/curve", "look the curve up by"),
    ],
)
def test_rules_that_cannot_be_evaluated(faulty: Rule, where: str, what: str) -> None:
    with pytest.raises(InputErrors) as caught:
        Rules([faulty], [RAMP])
    assert [error.where for error in caught.value.errors] == [f"rules/R/{where}"]
    assert what in caught.value.errors[0].what
    assert all(error.expected and error.hint for error in caught.value.errors)


def test_the_number_of_rules() -> None:
    assert len(Rules([rule(level("A"))])) == 1
