"""Control rules against EPA SWMM: the same settings at every step of the same run."""

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sim.drainage.controls import Rules
from sim.drainage.elements import Action, Curve, Premise, Rule, Series

STEP_S = 10.0
START = datetime(2021, 7, 18, tzinfo=UTC)  # a Sunday, the 199th day of the year
DEPTH_M, INVERT_M = 2.0, 1.0
CURVE = Curve(id="K", kind="control", points=((0.0, 0.0), (10.0, 1.0)))
# SWMM looks a curve up by days where the premise is a time.
DAYS = Curve(id="D", kind="control", points=((0.0, 0.0), (864.0, 1.0)))
SERIES = Series(id="TS", points=((0.0, 0.0), (1200.0, 1.0)))

# Runs SWMM in a process of its own, as it holds one simulation per process.
SWMM = """
import json, sys
from swmm.toolkit import shared_enum, solver
solver.swmm_open(sys.argv[1], sys.argv[1] + ".rpt", sys.argv[1] + ".out")
solver.swmm_start(False)
count = int(sys.argv[2])
link = shared_enum.ObjectType.LINK
index = [solver.project_get_index(link, f"G{i}") for i in range(count)]
settings = []
while True:
    left = solver.swmm_step()
    settings.append(
        [solver.link_get_result(i, shared_enum.LinkResult.TARGET_SETTING) for i in index]
    )
    if left == 0:
        break
solver.swmm_end()
solver.swmm_close()
print(json.dumps(settings))
"""


def sim(attribute: str, relation: str, value: float, join: str = "if") -> Premise:
    return Premise(
        join=join, object="simulation", attribute=attribute, relation=relation, value=value
    )


def node(attribute: str, relation: str, value: float, join: str = "if") -> Premise:
    return Premise(
        join=join, object="node", id="S", attribute=attribute, relation=relation, value=value
    )


def groups() -> Iterator[list[Rule]]:
    """Yield rules on one link each; the link is named later."""

    def rule(*premises: Premise, then: tuple[Action, ...], **more: object) -> Rule:
        return Rule(id="R", premises=premises, then=then, **more)

    def to(*settings: float) -> tuple[Action, ...]:
        return tuple(Action(link="G", setting=setting) for setting in settings)

    def held(join: str, holds: int) -> Premise:
        return sim("time", ">", 35.0 if holds else 9e5, join)

    curve = (Action(link="G", curve="K"),)
    for first, second in itertools.product(("and", "or"), repeat=2):
        for a, b, c in itertools.product((0, 1), repeat=3):
            yield [
                rule(
                    held("if", a), held(first, b), held(second, c), then=to(0.75),
                    otherwise=to(0.25),
                )
            ]  # fmt: skip
    yield [rule(held("if", 1), then=to(0.1)), rule(held("if", 1), then=to(0.2))]
    yield [rule(held("if", 1), then=to(0.1, 0.2))]
    yield [
        rule(held("if", 1), then=to(0.1), priority=1.0),
        rule(held("if", 1), then=to(0.2), priority=2.0),
    ]
    yield [
        rule(held("if", 0), then=to(0.1), otherwise=to(0.3), priority=3.0),
        rule(held("if", 1), then=to(0.2), priority=2.0),
    ]
    yield [rule(node("depth", ">", 0.1), node("head", ">", 0.1, "or"), then=curve)]
    yield [rule(node("depth", ">", 0.1), node("head", ">", 0.1, "and"), then=curve)]
    yield [rule(node("depth", ">", 0.1), held("and", 1), then=(Action(link="G", curve="D"),))]
    yield [rule(node("depth", ">", 0.1), sim("clocktime", "=", 600.0, "and"), then=curve)]
    yield [rule(held("if", 1), then=(Action(link="G", series="TS"),))]
    yield [rule(sim("clocktime", "=", 600.0), then=to(0.4), otherwise=to(0.6))]
    yield [rule(sim("time", "<>", 600.0), then=to(0.4), otherwise=to(0.6))]
    yield [rule(sim("day", "=", 1.0), then=to(0.4), otherwise=to(0.6))]
    yield [rule(sim("month", "=", 7.0), then=to(0.4), otherwise=to(0.6))]
    yield [rule(sim("dayofyear", "=", 199.0), then=to(0.4), otherwise=to(0.6))]


def named(rules: list[Rule], link: str, first: int) -> list[Rule]:
    def on_link(actions: tuple[Action, ...]) -> tuple[Action, ...]:
        return tuple(action.model_copy(update={"link": link}) for action in actions)

    return [
        rule.model_copy(
            update={
                "id": f"R{first + i}",
                "then": on_link(rule.then),
                "otherwise": on_link(rule.otherwise),
            }
        )
        for i, rule in enumerate(rules)
    ]


def rule_text(rule: Rule) -> str:
    lines = [f"RULE {rule.id}"]
    for premise in rule.premises:
        who = "SIMULATION" if premise.object == "simulation" else f"NODE {premise.id}"
        assert premise.value is not None
        value = premise.value
        if premise.attribute in ("time", "clocktime"):
            value /= 3600.0
        words = [premise.join, who, premise.attribute, premise.relation, repr(value)]
        lines.append(" ".join(words))
    for keyword, actions in (("THEN", rule.then), ("ELSE", rule.otherwise)):
        for i, action in enumerate(actions):
            setting = (
                f"CURVE {action.curve}"
                if action.curve
                else f"TIMESERIES {action.series}"
                if action.series
                else repr(action.setting)
            )
            lines.append(
                f"{keyword if i == 0 else 'AND'} ORIFICE {action.link} SETTING = {setting}"
            )
    if rule.priority:
        lines.append(f"PRIORITY {rule.priority}")
    return "\n".join(lines) + "\n"


def inp_text(rules: list[Rule], links: list[str]) -> str:
    """A wide basin at a constant level with one orifice, too high to flow, per group of rules."""
    return "\n".join(
        [
            "[OPTIONS]\nFLOW_UNITS CMS\nFLOW_ROUTING DYNWAVE\nSTART_DATE 07/18/2021",
            "START_TIME 00:00:00\nEND_DATE 07/18/2021\nEND_TIME 00:20:00\nVARIABLE_STEP 0",
            f"REPORT_STEP 00:01:00\nROUTING_STEP {STEP_S}",
            f"[STORAGE]\nS {INVERT_M} 10 {DEPTH_M} FUNCTIONAL 0 0 100000",
            "[OUTFALLS]",
            *(f"O{link} 0 FREE NO" for link in links),
            "[ORIFICES]",
            *(f"{link} S O{link} SIDE 9 0.65 NO 0" for link in links),
            "[XSECTIONS]",
            *(f"{link} RECT_CLOSED 1 1 0 0" for link in links),
            "[CURVES]\nK Control 0 0\nK 10 1\nD Control 0 0\nD 0.01 1",
            "[TIMESERIES]\nTS 0:00 0\nTS 0:20 1",
            "[CONTROLS]",
            *map(rule_text, rules),
        ]
    )


def test_settings_are_those_of_swmm(tmp_path: Path) -> None:
    rules: list[Rule] = []
    links: list[str] = []
    for i, group in enumerate(groups()):
        links.append(f"G{i}")
        rules += named(group, links[-1], len(rules))
    inp = tmp_path / "rules.inp"
    inp.write_text(inp_text(rules, links))
    done = subprocess.run(
        [sys.executable, "-c", SWMM, str(inp), str(len(links))],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    swmm = json.loads(done.stdout.splitlines()[-1])
    assert len(swmm) >= 120

    ready = Rules(rules, [CURVE, DAYS], [SERIES])
    levels = {"depth": DEPTH_M, "head": INVERT_M + DEPTH_M}
    settings = dict.fromkeys(links, 1.0)
    different = []
    # A step evaluates the rules at its start.
    for step in range(120):
        settings |= ready.evaluate(
            step * STEP_S,
            lambda time_s: START + timedelta(seconds=time_s),
            lambda _, __, attribute: levels[attribute],
            step_s=STEP_S,
        )
        different += [
            (step * STEP_S, link, theirs, settings[link])
            for link, theirs in zip(links, swmm[step], strict=True)
            # SWMM adds a millisecond or so to its times, which moves the series' settings.
            if abs(theirs - settings[link]) > 1e-5
        ]
    assert different == []
    assert {round(value, 6) for value in settings.values()} > {0.1, 0.2, 0.25, 0.3, 0.4, 0.75}
