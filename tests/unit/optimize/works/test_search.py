"""The search: limits, cancelling, rules kept, what it says of its plans."""

import pytest

from optimize.works.check import plan_faults
from optimize.works.problem import Candidate, Problem
from optimize.works.search import Search
from sim.kernel.errors import InputError

COSTS = {"A": 4.0, "B": 3.0, "C": 2.0, "D": 2.0, "E": 1.0, "F": 6.0}
WORTH = {"A": 5.0, "B": 3.0, "C": 2.5, "D": 1.0, "E": 0.2, "F": 7.0}
PROBLEM = Problem(
    tuple(Candidate(*item) for item in COSTS.items()),
    conflicts=(("A", "F"),),
    needs=(("C", "E"),),
)


def value(chosen) -> float:
    return sum(WORTH[name] for name in chosen) - (2.0 if {"A", "B"} <= chosen else 0.0)


def test_plans_keep_to_the_rules_and_say_what_they_are():
    found = Search(PROBLEM, value, [3.0, 7.0, 9.0], limit=60).run()
    assert [plan.objective for plan in found.plans] == pytest.approx([3.0, 7.7, 10.0])
    for plan in found.plans:
        rules = {"conflicts": PROBLEM.conflicts, "needs": PROBLEM.needs}
        assert plan_faults(plan.chosen, plan.budget, COSTS, stated_cost=plan.cost, **rules) == []
        assert plan.objective == value(plan.chosen)
        assert plan.bound >= plan.objective
        assert plan.bound_kind == "surrogate"
        assert plan.status == "best_found"
        assert plan.evaluations == len(found.values) <= 60


def test_every_set_that_was_evaluated_keeps_to_the_rules():
    asked = []
    Search(PROBLEM, lambda s: asked.append(s) or value(s), [7.0], limit=40).run()
    assert all(PROBLEM.consistent(chosen) for chosen in asked)
    assert len(asked) == len(set(asked))


def test_members_are_ranked_by_what_the_plan_loses_for_their_cost():
    found = Search(PROBLEM, value, [9.0], limit=60).run()
    (plan,), members = found.plans, found.members[9.0]
    assert plan.chosen == {"B", "F"}
    assert [(m.id, m.loss, m.simulated) for m in members] == [("F", 7.0, True), ("B", 3.0, True)]


def test_what_goes_with_a_member_is_named():
    found = Search(
        PROBLEM,
        value,
        [3.0],
        limit=60,
    ).run()
    by_id = {m.id: m for m in Search(PROBLEM, value, [10.0], limit=60).run().members[10.0]}
    assert found.plans[0].chosen in ({"B"}, {"C", "E"})
    assert all(
        m.lost_with == (("C",) if m.id == "E" and "C" in by_id else ()) for m in by_id.values()
    )


def test_the_limit_ends_it_with_the_best_so_far():
    found = Search(PROBLEM, value, [9.0], limit=4).run()
    (plan,) = found.plans
    assert plan.stop_reason == "evaluation_limit"
    assert plan.evaluations == 4
    assert plan.objective == max(v for s, v in found.values.items() if PROBLEM.affordable(s, 9.0))


def test_cancelling_keeps_the_best_so_far():
    told = []
    search = Search(
        PROBLEM, value, [9.0], limit=60, on_better=told.append,
        progress=lambda done, _: calls.append(done), cancelled=lambda: len(calls) >= 16,
    )  # fmt: skip
    calls: list[int] = []
    (plan,) = search.run().plans
    assert plan.stop_reason == "cancelled"
    assert plan.evaluations == 16
    assert plan.objective > 0.0
    assert told


def test_stopped_before_the_first_value_is_an_error():
    with pytest.raises(InputError, match="before anything was evaluated"):
        Search(PROBLEM, value, [9.0], cancelled=lambda: True).run()


@pytest.mark.parametrize("budgets", [[], [-1.0], [float("nan")]])
def test_budgets_that_are_none_are_refused(budgets):
    with pytest.raises(InputError, match="budgets"):
        Search(PROBLEM, value, budgets)


def test_nothing_is_affordable():
    (plan,) = Search(PROBLEM, value, [0.0], limit=60).run().plans
    assert plan.chosen == frozenset()
    assert plan.objective == 0.0


def test_the_same_search_finds_the_same():
    runs = [Search(PROBLEM, value, [5.0, 8.0], limit=40).run() for _ in range(2)]
    assert list(runs[0].values) == list(runs[1].values)
    assert [p.chosen for p in runs[0].plans] == [p.chosen for p in runs[1].plans]
