"""The gap between two simulations: each definition against its closed form."""

import numpy as np
import pytest

from scenarios import gap
from scenarios.run import run_scenario
from scenarios.verify import gaps, verify
from sim.kernel.errors import InputError
from sim.kernel.recorder import Record, Recorder

TIME_S = np.arange(0.0, 7201.0, 600.0)


def made(*, peak_m=0.5, falls_until_s=3600.0, flow=1.0, volume_m3=100.0, leak=0.0) -> Record:
    """Two points: ``a`` falls in a straight line from `peak_m` to 0, ``b`` stays dry."""
    recorder = Recorder()
    depth = recorder.series("drainage", "ponded_depth", "m", ["a", "b"])
    volume = recorder.series("drainage", "ponded_volume", "m3", ["all", "total"])
    outfall = recorder.series("drainage", "outfall_flow", "m3/s", ["o"])
    for time_s in TIME_S:
        share = max(1.0 - time_s / falls_until_s, 0.0)
        depth.append(time_s, [peak_m * share, 0.0])
        volume.append(time_s, [volume_m3 * share, volume_m3 * share])
        outfall.append(time_s, [flow * np.sin(np.pi * time_s / 7200.0)])
    ledger = recorder.ledger("water", "m3")
    ledger.inflow("rain", 100.0)
    ledger.outflow("outfalls", 100.0 - leak)
    return recorder.record()


def row(rows, name):
    return next(found for found in rows if found.name == name)


def test_nash_sutcliffe():
    reference = np.array([1.0, 2.0, 3.0, 4.0])
    assert gap.nash_sutcliffe(reference, reference) == 1.0
    assert gap.nash_sutcliffe(reference, np.full(4, 2.5)) == 0.0
    assert gap.nash_sutcliffe(reference, reference + 1.0) == pytest.approx(1.0 - 4.0 / 5.0)
    still = np.ones(3)
    assert gap.nash_sutcliffe(still, still) == 1.0
    assert gap.nash_sutcliffe(still, still + 1.0) == -np.inf


def test_jaccard():
    assert gap.jaccard([], []) == 1.0
    assert gap.jaccard("ab", "") == 0.0
    assert gap.jaccard("abc", "bcd") == 0.5


def test_dry_points_do_not_dilute_the_depth_error():
    reference = np.array([[0.0, 0.0, 0.0], [0.30, 0.0, 0.005]])
    model = np.array([[0.32, 0.0, 0.0], [0.10, 0.0, 0.009]])
    assert gap.max_depth_error_m(reference, model, 0.01) == pytest.approx(0.02)
    assert gap.max_depth_error_m(reference * 0, model * 0, 0.01) == 0.0
    assert gap.flooded(model, ("a", "b", "c"), 0.01) == {"a"}


def test_the_end_of_recession_lies_between_the_samples():
    time_s = np.array([0.0, 100.0, 200.0])
    depth = np.array([[0.3, 0.0], [0.2, 0.4], [0.0, 0.1]])
    # The first falls through 0.15 at 125 s, the second at 100 + 100 * 0.25 / 0.3 = 183.3 s.
    assert gap.recession_end_s(time_s, depth, 0.15) == pytest.approx(100 + 100 * 0.25 / 0.3)
    assert gap.recession_end_s(time_s, depth, 0.5) is None
    assert gap.recession_end_s(time_s, depth, 0.05) == np.inf


def test_relative_gap():
    assert gap.relative_gap(100.0, 103.0) == pytest.approx(0.03)
    assert gap.relative_gap(0.0, 0.0) == 0.0
    assert gap.relative_gap(0.0, 1.0) == np.inf


def test_a_run_has_no_gap_to_itself():
    rows = gaps(made(), made(), 0.15)
    assert all(found.ok for found in rows)
    assert row(rows, "outfall_nse").gap == 1.0
    assert row(rows, "ponded_volume_max").gap == 0.0
    assert row(rows, "recession_end").gap == 0.0
    # 0.5 m falls to 0.15 m after 70 % of an hour.
    assert row(rows, "recession_end").run == pytest.approx(0.7)
    assert row(rows, "flooded_jaccard").gap == 1.0


def test_each_gap_is_measured_and_judged_by_itself():
    rows = gaps(made(volume_m3=104.0), made(), 0.15)
    assert row(rows, "ponded_volume_max").gap == pytest.approx(4.0)
    assert [found.name for found in rows if not found.ok] == ["ponded_volume_max"]
    rows = gaps(made(flow=1.2), made(), 0.15)
    assert [found.name for found in rows if not found.ok] == ["outfall_nse"]
    rows = gaps(made(peak_m=0.52), made(), 0.15)
    assert row(rows, "max_depth_error").gap == pytest.approx(2.0)
    rows = gaps(made(falls_until_s=4200.0), made(), 0.15)
    assert row(rows, "recession_end").gap == pytest.approx(7.0)
    assert not row(rows, "recession_end").ok
    rows = gaps(made(leak=1e-5), made(), 0.15)
    assert row(rows, "continuity").run == pytest.approx(1e-5)
    assert [found.name for found in rows if not found.ok] == ["continuity"]


def test_not_drained_is_no_number_and_agrees_only_with_not_drained():
    wet, dry = made(falls_until_s=1e9), made(peak_m=0.1)
    both = row(gaps(wet, wet, 0.15), "recession_end")
    assert (both.run, both.reference, both.gap, both.ok) == (None, None, None, True)
    assert not row(gaps(wet, made(), 0.15), "recession_end").ok
    assert not row(gaps(wet, dry, 0.15), "recession_end").ok
    assert row(gaps(dry, dry, 0.15), "recession_end").ok


def test_only_what_both_records_have_is_compared():
    recorder = Recorder()
    recorder.series("drainage", "outfall_flow", "m3/s", ["other"]).append(0.0, [1.0])
    with pytest.raises(InputError, match="share no entity"):
        gaps(made(), recorder.record(), 0.15)
    with pytest.raises(InputError, match="no such series"):
        gaps(Recorder().record(), made(), 0.15)


def test_a_run_without_drainage_is_refused(scenario, store, systems):
    (run,) = run_scenario(scenario, store=store, systems=systems)
    with pytest.raises(InputError, match="no drainage"):
        verify(run.id, store, systems=systems)
