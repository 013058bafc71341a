"""The surrogate recovers what it can represent and says how far off it is elsewhere."""

from itertools import combinations

import numpy as np
import pytest

from optimize.works.surrogate import fit, scales

IDS = tuple("ABCDEF")
SINGLE = dict(zip(IDS, (5.0, 3.0, 2.0, 1.0, 0.5, 4.0), strict=True))
PAIR = {frozenset("AB"): -2.0, frozenset("CD"): 3.0}


def value(chosen) -> float:
    pairs = sum(extra for both, extra in PAIR.items() if both <= chosen)
    return 7.0 + sum(SINGLE[name] for name in chosen) + pairs


def sets_of(most: int):
    return [frozenset(c) for size in range(most + 1) for c in combinations(IDS, size)]


def test_effects_and_pairs_are_recovered_from_small_sets():
    model = fit(IDS, {s: value(s) for s in sets_of(2)})
    assert model.base == 7.0
    assert model.single == pytest.approx(list(SINGLE.values()), abs=0.05)
    assert model.pair[0, 1] == pytest.approx(-2.0, abs=0.1)
    assert model.pair[2, 3] == pytest.approx(3.0, abs=0.1)
    for chosen in sets_of(6):
        assert model.predict(chosen) == pytest.approx(value(chosen), abs=0.3)


def test_the_stated_error_is_that_of_new_sets():
    draw = np.random.default_rng(5)
    chosen = [frozenset(n for n in IDS if draw.random() < 0.5) for _ in range(40)]
    truth = {s: value(s) + 2.0 * (len(s) > 3) for s in [frozenset(), *chosen]}
    model = fit(IDS, truth)
    new = [s for s in sets_of(6) if s not in truth]
    error = np.sqrt(np.mean([(model.predict(s) - value(s) - 2.0 * (len(s) > 3)) ** 2 for s in new]))
    assert 0.3 * error < model.error < 3.0 * error


def test_around_a_set_it_is_most_faithful_there():
    far, here = frozenset("ABC"), frozenset("DEF")
    odd = {s: (len(s) ** 3 / 10.0) for s in sets_of(6)}
    local, everywhere = fit(IDS, odd, around=here), fit(IDS, odd)
    error = [abs(model.predict(here) - odd[here]) for model in (local, everywhere)]
    assert error[0] <= error[1] + 1e-9
    assert abs(local.predict(far) - odd[far]) < 3.0


def test_scales_are_the_largest_change_seen():
    known = {frozenset(): 0.0, frozenset("A"): 1.0, frozenset("B"): 4.0, frozenset("AB"): 7.0}
    assert scales(("A", "B", "C"), known) == pytest.approx([3.0, 6.0, 4.5])


def test_nothing_is_known_of_the_rest_from_the_empty_set_alone():
    model = fit(IDS, {frozenset(): 2.0})
    assert model.predict(frozenset("ABC")) == 2.0
