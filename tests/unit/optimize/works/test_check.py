"""The independent check finds what is wrong with a plan, and nothing where nothing is."""

import ast
from pathlib import Path

import pytest

from optimize.works import check
from optimize.works.check import plan_faults

COSTS = {"A": 0.1, "B": 0.2, "C": 5.0}


@pytest.mark.parametrize(
    ("chosen", "budget", "rules", "fault"),
    [
        ("AC", 5.0, {}, "it costs 5.1 and the budget is 5"),
        ("AA", 5.0, {}, "A is built twice"),
        ("AX", 5.0, {}, "X is no candidate"),
        ("AB", 5.0, {"conflicts": [("B", "A")]}, "B and A exclude each other"),
        ("A", 5.0, {"needs": [("A", "B")]}, "A needs B"),
        ("AB", 5.0, {"stated_cost": 0.31}, "it costs 0.3 and says 0.31"),
    ],
)
def test_faults_are_found(chosen, budget, rules, fault):
    assert plan_faults(chosen, budget, COSTS, **rules) == [fault]


def test_a_good_plan_has_none():
    rules = {"conflicts": [("A", "C")], "needs": [("A", "B")], "stated_cost": 0.3}
    assert plan_faults("AB", 0.3, COSTS, **rules) == []


def test_it_shares_no_code_with_the_solver():
    tree = ast.parse(Path(check.__file__).read_text(encoding="utf-8"))
    imported = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert not any(name.startswith("optimize") for name in imported)
