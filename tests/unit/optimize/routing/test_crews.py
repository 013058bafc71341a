"""Rosters against enumeration of every roster, each judged by the independent check."""

import itertools
import math
import random
from dataclasses import replace

import pytest

from optimize.routing.crews.check import violations
from optimize.routing.crews.problem import (
    DAY_S,
    Crew,
    CrewProblem,
    Duty,
    Roster,
    Rules,
)
from optimize.routing.crews.solve import cost_of, solve
from optimize.routing.plan import Limits
from sim.kernel.errors import InputErrors

HOUR = 3600.0


def small(seed: int) -> CrewProblem:
    rng = random.Random(seed)
    duties = []
    for k in range(7):
        begin = rng.randrange(4) * DAY_S + rng.choice([5, 6, 13]) * HOUR
        needs = frozenset({"large"}) if rng.random() < 0.3 else frozenset()
        penalty = 3.0 if rng.random() < 0.3 else math.inf
        duties.append(Duty(f"d{k}", begin, begin + rng.randrange(5, 9) * HOUR, needs, penalty))
    crews = tuple(
        Crew(
            f"c{k}", frozenset({"large"} if k == 0 else ()), regular_s=12.0 * HOUR,
            most_s=rng.choice([16.0, 24.0]) * HOUR, cost_per_s=rng.choice([1.0, 2.0]) / 36_000.0,
            cost_per_overtime_s=1.0 / 7_200.0, most_days=rng.choice([2, 4]),
            away=((DAY_S, 1.6 * DAY_S),) if k == 1 else (),
            days_in_row_before=rng.choice([0, 3]), last_end_s=rng.choice([-math.inf, -2.0 * HOUR]),
        )
        for k in range(3)
    )  # fmt: skip
    rules = Rules(
        rest_s=11.0 * HOUR, week_rest_s=rng.choice([24.0, 96.0]) * HOUR, most_days_in_row=4,
        fairness_cost_per_s=rng.choice([0.0, 1.0 / 36_000.0]),
    )  # fmt: skip
    return CrewProblem(tuple(duties), crews, rules)


def every_roster(problem: CrewProblem) -> tuple[int, float]:
    best = (len(problem.duties) + 1, math.inf)
    for crew_of in itertools.product(
        [None, *range(len(problem.crews))], repeat=len(problem.duties)
    ):
        must = sum(
            who is None and math.isinf(duty.penalty)
            for who, duty in zip(crew_of, problem.duties, strict=True)
        )
        if must > best[0]:
            continue
        cost = cost_of(problem, list(crew_of))
        if (must, cost) >= best:
            continue
        undone = tuple((d, "?") for d, who in enumerate(crew_of) if who is None)
        if not violations(problem, Roster(crew_of, undone, cost, -math.inf, "proven", 0.0)):
            best = (must, cost)
    return best


@pytest.mark.parametrize("seed", range(8))
def test_the_best_of_all_rosters_is_found_and_proven(seed):
    problem = small(seed)
    roster = solve(problem)
    must, cost = every_roster(problem)
    undone = [d for d, _ in roster.undone if math.isinf(problem.duties[d].penalty)]
    assert len(undone) == must
    assert roster.cost == pytest.approx(cost, rel=1e-6)
    assert roster.stop_reason == "proven"
    assert roster.bound <= roster.cost
    assert roster.gap <= 1e-5
    assert violations(problem, roster) == []


def week(crews: int) -> CrewProblem:
    duties = tuple(
        Duty(f"{day}.{k}", day * DAY_S + 6 * HOUR, day * DAY_S + 14 * HOUR, frozenset({"large"}))
        for day in range(6)
        for k in range(2)
    )
    return CrewProblem(duties, tuple(Crew(f"c{k}", frozenset({"large"})) for k in range(crews)))


def test_with_too_few_crews_reasons_and_advice_say_what_would_be_enough():
    roster = solve(week(1))
    assert len(roster.undone) == 6
    assert all("1 crews that could do it have other duties" in why for _, why in roster.undone)
    assert roster.advice == ("2 more crews of 48 h qualified for large would be enough",)
    assert solve(week(3)).undone == ()


def test_a_duty_nobody_is_qualified_for_says_so():
    problem = week(2)
    odd = Duty("odd", 6 * DAY_S, 6 * DAY_S + HOUR, frozenset({"crane"}))
    roster = solve(replace(problem, duties=(*problem.duties, odd)))
    assert dict(roster.undone)[12] == "no crew can do it (2 not qualified: crane)"


def test_the_check_finds_what_is_wrong():
    problem = week(3)
    roster = solve(problem)
    assert violations(problem, roster) == []
    crew_of = list(roster.crew_of)
    crew_of[0] = crew_of[1]
    wrong = replace(roster, crew_of=tuple(crew_of))
    assert any("rests" in line for line in violations(problem, wrong))
    unqualified = replace(problem, crews=(Crew("c0"), *problem.crews[1:]))
    assert any("not qualified" in line for line in violations(unqualified, roster))
    strict = replace(problem, rules=Rules(week_rest_s=150.0 * HOUR))
    assert any("longest rest" in line for line in violations(strict, roster))
    daily = replace(problem, rules=Rules(most_days_in_row=1))
    assert any("days in a row" in line for line in violations(daily, roster))
    assert any("said to cost" in v for v in violations(problem, replace(roster, cost=99.0)))
    assert any("bound" in v for v in violations(problem, replace(roster, bound=99.0)))


def test_bad_input_is_refused_by_name():
    problem = week(1)
    bad = CrewProblem(
        (*problem.duties, problem.duties[0], Duty("late", 8 * DAY_S, 9 * DAY_S)),
        (replace(problem.crews[0], regular_s=50.0 * HOUR),),
        Rules(rest_s=-1.0),
    )
    with pytest.raises(InputErrors) as refused:
        solve(bad)
    text = str(refused.value)
    for part in (
        "duties.0.0: twice",
        "duties.late: not within the week",
        "crews.c0.most_s",
        "rules",
    ):
        assert part in text


def test_same_seed_and_iterations_give_the_same_roster():
    problem = small(1)
    limits = Limits(iterations=50, seed=4)
    assert solve(problem, limits).crew_of == solve(problem, limits).crew_of


def test_cancelled_it_returns_a_roster_that_holds():
    problem = week(3)
    roster = solve(problem, Limits(cancelled=lambda: True))
    assert roster.stop_reason == "cancelled"
    assert violations(problem, roster) == []
