"""Bulk draws against numpy's own generator of the same kind, and against the normal law."""

import numpy as np
from scipy import stats

from sim.kernel.draws import draw_key, entity_codes, normals, philox, uniforms
from sim.kernel.streams import Streams


def test_words_are_those_of_numpy():
    key = draw_key(Streams(7, 3), "travel")
    for counter in ((0, 0, 0, 0), (5, 2**63 + 9, 0, 0), (2**64 - 2, 1, 2, 3)):
        # numpy counts up before it draws
        other = np.random.Philox(key=key, counter=np.array(counter, dtype=np.uint64))
        raised = (counter[0] + 1, *counter[1:])
        words = philox(key[0], key[1], *(np.uint64(word) for word in raised))
        assert [int(word) for word in words] == [int(word) for word in other.random_raw(4)]


def test_a_draw_does_not_depend_on_what_else_is_drawn():
    key, codes = draw_key(Streams(1, 0), "day"), entity_codes(["a", "b", "c"])
    many = uniforms(key, codes, 0, 10)
    assert np.array_equal(uniforms(key, codes[1:2], 7, 1)[0, 0], many[1, 7])
    assert np.unique(many).size == many.size


def test_seed_replication_purpose_and_entity_all_matter():
    codes = entity_codes(["a"])
    keys = [
        draw_key(Streams(1, 0), "x"),
        draw_key(Streams(2, 0), "x"),
        draw_key(Streams(1, 1), "x"),
        draw_key(Streams(1, 0), "y"),
    ]
    first = {float(uniforms(key, codes, 0, 1)[0, 0, 0]) for key in keys}
    assert len(first) == 4


def test_normals_follow_the_normal_law_and_do_not_correlate():
    names = [f"P{i}" for i in range(500)]
    draws = normals(draw_key(Streams(11, 0), "law"), entity_codes(names), 0, 25)
    assert stats.kstest(draws.ravel(), "norm").pvalue > 1e-3
    matrix = np.corrcoef(draws.reshape(-1, 4).T)
    assert np.abs(matrix - np.eye(4)).max() < 4 / np.sqrt(500 * 25)
