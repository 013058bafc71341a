"""The solver's optimum on a surrogate is the optimum, and its bound holds."""

from itertools import combinations

import numpy as np
import pytest

from optimize.works.bound import best_of
from optimize.works.exact import enumerate_plans
from optimize.works.problem import Candidate, Problem
from optimize.works.surrogate import Surrogate

N = 9
IDS = tuple(f"W{k}" for k in range(N))


def drawn(seed: int) -> tuple[Surrogate, Problem]:
    draw = np.random.default_rng(seed)
    candidates = tuple(Candidate(name, float(draw.integers(1, 20))) for name in IDS)
    pair = np.triu(draw.normal(0.0, 3.0, (N, N)), 1)
    model = Surrogate(IDS, 2.0, draw.normal(2.0, 3.0, N), pair, 0.0)
    return model, Problem(candidates, conflicts=(("W0", "W1"),), needs=(("W2", "W3"),))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("budget", [15.0, 45.0])
def test_it_is_the_optimum_of_enumeration(seed, budget):
    model, problem = drawn(seed)
    (exact,) = enumerate_plans(problem, model.predict, [budget])
    found = best_of(model, problem, budget)
    assert found.proven
    assert found.predicted == pytest.approx(exact.objective, abs=1e-5)
    assert exact.objective <= found.bound <= exact.objective + 0.05
    assert problem.consistent(found.chosen)
    assert problem.affordable(found.chosen, budget)


def test_excluded_sets_are_not_returned_again():
    model, problem = drawn(7)
    seen = []
    while (found := best_of(model, problem, 6.0, excluded=seen)) is not None:
        assert found.chosen not in seen
        assert not seen or found.predicted <= model.predict(seen[-1]) + 1e-5
        seen.append(found.chosen)
    sets = [frozenset(c) for size in range(N + 1) for c in combinations(IDS, size)]
    within = {s for s in sets if problem.consistent(s) and problem.affordable(s, 6.0)}
    assert set(seen) == within


def test_the_answer_stays_near_where_it_is_asked_to():
    model, problem = drawn(3)
    found = best_of(model, problem, 60.0, near=(frozenset({"W4"}), 2))
    assert len(found.chosen ^ {"W4"}) <= 2


def test_the_same_question_has_the_same_answer():
    model, problem = drawn(5)
    answers = {best_of(model, problem, 50.0, effort=0.2) for _ in range(3)}
    assert len(answers) == 1


def test_a_surrogate_that_knows_nothing_has_an_answer():
    _, problem = drawn(1)
    flat = Surrogate(IDS, 1.0, np.zeros(N), np.zeros((N, N)), 0.0)
    assert best_of(flat, problem, 0.0).predicted == 1.0
