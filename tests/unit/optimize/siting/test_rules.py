"""Covers under rules between sites, against trying every set of sites."""

from __future__ import annotations

import numpy as np
import pytest

from optimize.siting.answer import Infeasible
from optimize.siting.check import violations
from optimize.siting.covering.rules import Group, Rules, solve_with_rules
from optimize.siting.problem import MaximalCover, SetCover
from sim.kernel.errors import InputError
from tests.siting_tiny import nearest, sets, tiny_area

RULES = Rules(
    conflicts=(("S0", "S1"), ("S3", "S6")),
    needs=(("S7", "S3"),),
    groups=(Group("east", ("S0", "S4", "S6"), at_least=1, at_most=2),),
)


def obeys(chosen) -> bool:
    names = {f"S{k}" for k in chosen}
    return (
        not {"S0", "S1"} <= names
        and not {"S3", "S6"} <= names
        and ("S7" not in names or "S3" in names)
        and 1 <= len(names & {"S0", "S4", "S6"}) <= 2
    )


@pytest.mark.parametrize("seed", range(12))
def test_most_weight_under_rules(seed: int):
    area = tiny_area(seed)
    problem = MaximalCover(area, 3, 20.0)
    answer = solve_with_rules(problem, RULES)
    assert violations(problem, answer) == []
    assert obeys(area.sites.index(name) for name in answer.sites)
    best = max(
        area.weights[nearest(area, chosen) <= 20.0].sum()
        for chosen in sets(area, [3])
        if obeys(chosen)
    )
    assert (answer.value, answer.bound, answer.stop_reason) == (best, best, "proved")


@pytest.mark.parametrize("seed", range(12))
def test_cheapest_cover_under_rules(seed: int):
    area = tiny_area(seed)
    radius = float(area.distance[:, area.allowed].min(axis=1).max()) + 20.0
    costs = np.arange(8.0) % 3 + 1
    possible = [
        costs[chosen].sum()
        for chosen in sets(area, range(1, len(area.allowed) + 1))
        if obeys(chosen) and (nearest(area, chosen) <= radius).all()
    ]
    problem = SetCover(area, radius, costs)
    if not possible:
        with pytest.raises(Infeasible, match="no choice of sites obeys"):
            solve_with_rules(problem, RULES)
        return
    answer = solve_with_rules(problem, RULES)
    assert violations(problem, answer) == []
    assert obeys(area.sites.index(name) for name in answer.sites)
    assert (answer.value, answer.bound) == (min(possible), min(possible))


def test_rules_that_cannot_hold_together():
    rules = Rules(groups=(Group("all", ("S0", "S1"), at_least=2),), conflicts=(("S0", "S1"),))
    with pytest.raises(Infeasible):
        solve_with_rules(MaximalCover(tiny_area(0), 3, 20.0), rules)


def test_a_rule_for_a_site_there_is_none_of():
    with pytest.raises(InputError) as caught:
        solve_with_rules(MaximalCover(tiny_area(0), 3, 20.0), Rules(needs=(("S0", "S99"),)))
    assert (caught.value.where, caught.value.value) == ("needs", "S99")
