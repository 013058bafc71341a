"""Comparing runs: pairs, intervals, what has no value, and what differs."""

import math

import pytest

from scenarios import document
from scenarios.compare import compare, paired, summarise
from scenarios.result import Result
from scenarios.run import run_scenario
from sim.kernel.errors import InputError
from sim.kernel.recorder import Recorder
from sim.kernel.system import Kpi
from tests.conformance.tank import TANK

SYSTEMS = {"tank": TANK}
# Student's t with two degrees of freedom has a closed form: (2p - 1) / sqrt(2p (1 - p)).
T_TWO_DEGREES = 0.95 / math.sqrt(2 * 0.975 * 0.025)


def kept(store, scenario, values, *, first=0, code=None):
    """Finished runs with one KPI each: a number, or a status where there is none."""
    ids = store.enqueue(
        scenario=scenario.name, content_hash="h", document=scenario.to_json(), seed=1, engine="",
        replications=range(first, first + len(values)), code=code,
    )  # fmt: skip
    for run_id, value in zip(ids, values, strict=True):
        store.claim(run_id)
        status = value if isinstance(value, str) else "ok"
        number = None if isinstance(value, str) else value
        kpi = Kpi(name="dry_h", entity="east", value=number, unit="h", limit=3.0, status=status)
        record = Recorder().record()
        store.finish(run_id, record, Result((("tank", kpi),), 1.0, 0.0, record.digest()))
    return [store.get(run_id) for run_id in ids]


def test_the_interval_of_paired_differences_has_its_closed_form():
    # Differences 1, 2, 3: mean 2, standard deviation 1.
    found = paired([10.0, 20.0, 30.0], [11.0, 22.0, 33.0])
    assert found.mean == 2.0
    assert found.half_width == pytest.approx(T_TWO_DEGREES / math.sqrt(3), rel=1e-9)
    assert found.pairs == 3


def test_one_pair_has_no_interval():
    assert (paired([1.0], [3.0]).mean, paired([1.0], [3.0]).half_width) == (2.0, None)


def test_what_both_sides_share_does_not_widen_the_interval():
    noise = [3.0, -7.0, 11.0, 0.5]
    assert paired(noise, [value + 1.0 for value in noise]).half_width == pytest.approx(0, abs=1e-12)


def test_replications_are_paired_by_number(store, scenario):
    a, b = kept(store, scenario, [1.0, 2.0, 9.0]), kept(store, scenario, [5.0, 7.0], first=1)
    (row,) = compare(a, b, store, systems=SYSTEMS).rows
    assert row.difference.mean == pytest.approx(((5 - 2) + (7 - 9)) / 2)
    assert (row.a, row.b, row.difference.pairs) == (5.5, 6.0, 2)
    assert (row.system, row.name, row.entity, row.unit, row.limit) == (
        "tank", "dry_h", "east", "h", 3.0,
    )  # fmt: skip


def test_two_single_runs_are_a_pair_whatever_their_numbers(store, scenario):
    a, b = kept(store, scenario, [1.0], first=3), kept(store, scenario, [4.0])
    (row,) = compare(a, b, store, systems=SYSTEMS).rows
    assert row.difference.mean == 3.0


def test_a_replication_without_a_value_takes_the_mean_away(store, scenario):
    a, b = kept(store, scenario, [1.0, 2.0]), kept(store, scenario, [1.0, "not_drained"])
    (row,) = compare(a, b, store, systems=SYSTEMS).rows
    assert (row.a, row.b, row.difference) == (1.5, None, None)
    assert row.status_a == "ok"
    assert row.status_b == "1 ok, 1 not_drained"


def test_only_the_parameters_that_differ_are_listed(store, scenario, systems):
    other = document.load("tank.toml", ["tank.pulse_m3=6", "title.en='x'"], systems=systems)
    a = run_scenario(scenario, store=store, systems=systems)
    b = run_scenario(other, store=store, systems=systems)
    found = compare(a, b, store, systems=systems)
    assert found.parameters == [("tank.pulse_m3", 5.0, 6.0)]
    assert not found.code_differs
    names = {(row.name, row.entity) for row in found.rows}
    assert names == {(kpi.name, kpi.entity) for _, kpi in store.kpis(a[0].id)}
    same = compare(a, a, store, systems=systems)
    assert same.parameters == []
    assert all(row.difference.mean == 0.0 for row in same.rows)


def test_different_code_is_said(store, scenario):
    from scenarios.version import CodeVersion

    a = kept(store, scenario, [1.0], code=CodeVersion("x", False, "1"))
    b = kept(store, scenario, [1.0], code=CodeVersion("x", True, "2"))
    assert compare(a, b, store, systems=SYSTEMS).code_differs


def test_sides_that_cannot_be_compared(store, scenario):
    a = kept(store, scenario, [1.0, 2.0])
    with pytest.raises(InputError, match="no finished run"):
        compare(a, [], store, systems=SYSTEMS)
    with pytest.raises(InputError, match="share no replication"):
        compare(a, kept(store, scenario, [1.0, 2.0], first=5), store, systems=SYSTEMS)


def test_a_summary_is_the_mean_with_its_interval(store, scenario):
    (row,) = summarise(kept(store, scenario, [1.0, 2.0, 3.0]), store)
    assert row.value == 2.0
    assert row.half_width == pytest.approx(T_TWO_DEGREES / math.sqrt(3), rel=1e-9)
    (row,) = summarise(kept(store, scenario, ["dry", "dry"]), store)
    assert (row.value, row.half_width, row.status) == (None, None, "dry")
