"""Every set once, never more than allowed, and an end on request."""

import pytest

from optimize.works.evaluations import Evaluations, Stopped

SETS = [frozenset(name) for name in ("", "A", "B", "AB")]


def test_each_set_is_evaluated_once_and_counted():
    asked = []
    told = []
    known = Evaluations(
        lambda s: asked.append(s) or len(s), limit=9, progress=lambda *n: told.append(n)
    )
    known.ask([*SETS, *SETS])
    known.ask(SETS)
    assert asked == SETS
    assert known.values[frozenset("AB")] == 2.0
    assert told == [(1, 9), (2, 9), (3, 9), (4, 9)]
    assert known.left == 5


def test_at_the_limit_what_fits_is_kept():
    known = Evaluations(len, limit=3)
    with pytest.raises(Stopped, match="evaluation_limit"):
        known.ask(SETS)
    assert list(known.values) == SETS[:3]


def test_a_request_ends_it_between_two_sets():
    known = Evaluations(len, limit=9, cancelled=lambda: len(known.values) == 2)
    with pytest.raises(Stopped, match="cancelled"):
        known.ask(SETS)
    assert len(known) == 2


def test_time_ends_it():
    known = Evaluations(len, limit=9, seconds=0.0)
    with pytest.raises(Stopped, match="time_limit"):
        known.ask(SETS)
    assert len(known) == 0
