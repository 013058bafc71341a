"""Whatever stands in a document, it becomes a scenario or a readable error."""

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scenarios import document, layers, trees
from scenarios.problems import dotted
from sim.drainage.spec import DrainageSpec
from sim.kernel.errors import InputError

SYSTEMS = {"drainage": SimpleNamespace(Spec=DrainageSpec)}
KEYS = st.sampled_from([
    "drainage", "rain", "kind", "formula", "file", "works", "river", "power_cuts", "starts_at_h",
    "maxima", "chicago", "nested", "title", "en", "start", "seed", "extends", "assumptions", "tag",
    "value", "network", "engine", "pump_failures", "outfalls", "x", "",
])  # fmt: skip
SCALARS = (
    st.none().map(lambda _: "")
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.sampled_from(["chicago", "nested", "gauge", "all", "none", "2021-07-20T00:00:00+08:00"])
    | st.text(max_size=5)
    | st.datetimes(timezones=st.none() | st.timezones())
    | st.dates()
    | st.times()
)
TREES = st.recursive(
    SCALARS,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(KEYS, inside, max_size=4),
    max_leaves=12,
)
GOOD = {
    "title": {"en": "t", "zh": "题"},
    "start": None,
    "duration_h": 1,
    "drainage": {"network": "n", "rain": {"kind": "network"}},
}
#: What pydantic writes into the locations of unions; it must not reach a reader.
INTERNAL = ("literal[", "tuple[", "constrained", "function-", "nullable", "tagged-union")


def validated(data):
    model = document._document_model(SYSTEMS)
    return document._validate(model, data, lambda at: "file.toml")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(path=st.lists(KEYS, min_size=1, max_size=3), value=TREES)
def test_any_value_anywhere_is_accepted_or_refused_readably(path, value):
    data = json.loads(json.dumps(GOOD)) | {"start": "2021-07-20T00:00:00+08:00"}
    node = data
    for key in path[:-1]:
        if not isinstance(node.get(key), dict):
            node[key] = {}
        node = node[key]
    node[path[-1]] = value
    try:
        validated(data)
    except InputError as caught:
        for error in caught.errors:
            assert error.where
            assert error.expected
            assert error.file == "file.toml"
            assert not any(word in error.where for word in INTERNAL), error.where
            assert _exists(data, error)


def _exists(data, error) -> bool:
    """Whether the path of an error is in the data, but for the key that is missing."""
    if error.where == "(document)" or "" in _all_keys(data):
        return True  # an empty key cannot be written as a path
    parts = trees.keys(error.where)
    node = data
    for part in parts[:-1] if error.what == "missing" else parts:
        node = node[part]
    return True


def _all_keys(node) -> set[str]:
    if isinstance(node, dict):
        return set(node) | {key for inside in node.values() for key in _all_keys(inside)}
    if isinstance(node, list):
        return {key for inside in node for key in _all_keys(inside)}
    return set()


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=40))
def test_any_text_after_set_is_a_layer_or_a_readable_error(text):
    try:
        found = layers.overrides_layer([text])
    except InputError as caught:
        refused = caught
    else:
        assert found.data
        return
    assert refused.expected


@settings(max_examples=200, deadline=None)
@given(raw=st.binary(max_size=80))
def test_any_bytes_are_a_document_or_a_readable_error(raw, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "fuzz.toml"
    path.write_bytes(raw)
    try:
        layers.read(path)
    except InputError as caught:
        refused = caught
    else:
        return
    assert refused.file == path
    assert refused.where


NAMES = st.text("abc_", min_size=1, max_size=4)


@given(path=st.lists(NAMES | st.integers(0, 20), min_size=1, max_size=6))
def test_a_path_survives_being_written(path):
    keys = ("first", *path)
    assert trees.keys(dotted(keys)) == keys


TABLES = st.recursive(
    st.integers(), lambda inside: st.dictionaries(NAMES, inside, max_size=3), max_leaves=8
)


def merged(*tables):
    return layers.merge([layers.Layer(str(n), Path(), table) for n, table in enumerate(tables)])


@given(tables=st.lists(st.dictionaries(NAMES, TABLES, max_size=3), min_size=1, max_size=4))
def test_laying_over_is_associative_and_the_last_word_counts(tables):
    assert merged(*tables).data == merged(merged(*tables[:-1]).data, tables[-1]).data
    assert merged(*tables, {}).data == merged(*tables).data
    result = merged(*tables)
    for path, value in trees.leaves(tables[-1]):
        node = result.data
        for key in trees.keys(path):
            node = node[key]
        if not isinstance(value, dict):
            assert node == value
            assert result.origins[trees.keys(path)] == str(len(tables) - 1)


def test_the_tree_that_is_mutated_is_good():
    validated(json.loads(json.dumps(GOOD)) | {"start": datetime(2021, 7, 20, tzinfo=UTC)})
