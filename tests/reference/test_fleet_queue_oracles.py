"""Exact queueing results, the quick ones: the benchmark runs all of them to one percent."""

import os
from pathlib import Path

import numpy as np
import pytest

QUICK = [
    ("M/D/1", "lambda=.8 s=1"),
    ("M/M/c/K", "lambda=4 mu=1 c=3 K=6"),
    ("Erlang-B M/G/c/c", "a=8 c=10"),
    ("M/M/1 2-class preemptive-resume", "l1=.3 l2=.4 mu=1"),
    (
        "M/M/1 operation-dependent breakdowns, preemptive-resume (completion-time M/G/1)",
        "lambda=.5 mu=1 xi=.1 repair exp mean 2",
    ),
    (
        "machine repair M/M/c//N (trucks breaking, c mechanics; or EVs cycling through c chargers)",
        "N=20 c=2 fail=0.1 repair=0.5",
    ),
]
FOLDER = os.environ.get("CITYCLOCK_BENCH", "")


@pytest.mark.slow
@pytest.mark.skipif(
    not (Path(FOLDER) / "fleet" / "queue_oracles.csv").is_file(),
    reason="CITYCLOCK_BENCH names no folder with fleet/queue_oracles.csv",
)
@pytest.mark.parametrize(("system", "parameters"), QUICK)
def test_exact_figures_lie_in_wide_intervals(system: str, parameters: str):
    from bench.fleet_queues import build, measure, oracles

    metrics = oracles()[system, parameters]
    rng = np.random.Generator(np.random.Philox(key=5))
    # One batch of 50 is 20 million customers: a second or two.
    found = measure(build(system, parameters, rng), metrics, half_width=0.05)
    for metric, exact in metrics.items():
        mean, half = found[metric]
        assert abs(mean - exact) <= 1.5 * half, metric
        assert half <= 0.05 * exact
