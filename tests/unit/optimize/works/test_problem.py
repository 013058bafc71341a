"""What may be built together, what it costs, and what is refused."""

import pytest

from optimize.works.problem import Candidate, Problem, relative_gap
from sim.kernel.errors import InputError

A, B, C, D = (
    Candidate(name, cost) for name, cost in zip("ABCD", (0.1, 0.2, 0.3, 4.0), strict=True)
)
ALL = (A, B, C, D)


def test_costs_are_added_without_rounding():
    problem = Problem(ALL)
    assert problem.affordable("AB", 0.3)  # 0.1 + 0.2 > 0.3 in floating point
    assert not problem.affordable("ABC", 0.599999)
    assert problem.cost("ABC") == 0.6


def test_what_is_needed_comes_and_goes_along():
    problem = Problem(ALL, needs=(("A", "B"), ("B", "C")))
    assert problem.with_needed({"A"}) == set("ABC")
    assert problem.without(frozenset("ABCD"), "C") == {"D"}
    assert not problem.consistent(frozenset("AB"))
    assert problem.consistent(frozenset("BC"))


def test_the_largest_set_keeps_to_the_conflicts():
    problem = Problem(ALL, conflicts=(("A", "B"), ("C", "D")))
    assert problem.largest() == {"A", "C"}
    assert Problem(ALL).largest() == set("ABCD")


@pytest.mark.parametrize(
    ("parts", "where"),
    [
        ({"candidates": (A, A)}, "candidates"),
        ({"candidates": (Candidate("A", -1.0),)}, r"candidates\.A\.cost"),
        ({"candidates": (Candidate("A", float("nan")),)}, r"candidates\.A\.cost"),
        ({"candidates": ALL, "conflicts": (("A", "X"),)}, "conflicts"),
        ({"candidates": ALL, "needs": (("X", "A"),)}, "needs"),
    ],
)
def test_what_makes_no_problem_is_refused(parts, where):
    with pytest.raises(InputError, match=where):
        Problem(**parts)


def test_gap_is_relative_to_the_bound():
    assert relative_gap(10.0, 9.0) == pytest.approx(0.1)
    assert relative_gap(0.0, 0.0) == 0.0
