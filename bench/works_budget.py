"""Search against exhaustive search on ten works: how many simulations, and how far from the best.

Every one of the 1,024 sets is simulated once; that gives the true optimum of each budget. Then the
search looks for all budgets at once, and for each alone, with at most a tenth of that.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.works_network import WORKS, works_network, write_case
from optimize.works.exact import enumerate_plans
from optimize.works.problem import Chosen, Plan
from optimize.works.search import Search
from scenarios import document
from scenarios.works_problem import problem_of
from scenarios.works_storms import storms_of
from scenarios.works_values import SimulatorPool, Task

BUDGETS = (10.0, 20.0, 30.0, 45.0, 60.0, 75.0, 90.5)
FEWER = 10
WORKERS = 2


def main() -> None:
    """Measure and print."""
    problem = problem_of(works_network())
    with tempfile.TemporaryDirectory() as folder:
        storms = storms_of(document.load(write_case(Path(folder))), ["own"])
        with SimulatorPool(storms, None, WORKERS) as pool:
            values = _all_values(pool, list(_subsets([name for name, _, _ in WORKS])))
    best = enumerate_plans(problem, values.__getitem__, BUDGETS)
    everything = best[-1].evaluations
    limit = everything // FEWER
    together = Search(problem, values.__getitem__, BUDGETS, limit=limit).run()
    print(f"all budgets in one search: {len(together.values)} of {everything} simulations, "
          f"{everything / len(together.values):.1f} times fewer")  # fmt: skip
    _print(best, together.plans)
    print(f"\neach budget alone, at most {limit} simulations")
    alone = [Search(problem, values.__getitem__, [b], limit=limit).run().plans[0] for b in BUDGETS]
    _print(best, alone)


def _subsets(names: Sequence[str]) -> Iterator[Chosen]:
    for bits in range(2 ** len(names)):
        yield frozenset(name for k, name in enumerate(names) if bits >> k & 1)


def _all_values(pool: SimulatorPool, sets: Sequence[Chosen]) -> dict[Chosen, float]:
    """Simulate every set; its value is what it saves in depth-hours, m h."""
    began = time.perf_counter()
    stood = [one.depth_hours for one in pool.outcomes(Task(0, chosen) for chosen in sets)]
    print(f"{len(sets)} sets simulated in {time.perf_counter() - began:.0f} s; without works "
          f"{stood[0]:.3f} m h, with all {stood[-1]:.3f} m h")  # fmt: skip
    return {chosen: stood[0] - value for chosen, value in zip(sets, stood, strict=True)}


def _print(best: Sequence[Plan], found: Sequence[Plan]) -> None:
    print(f"{'budget':>7} {'optimum':>9} {'found':>9} {'off':>7} {'bound':>9} {'runs':>5}  stop")
    for exact, plan in zip(best, found, strict=True):
        off = 1.0 - plan.objective / exact.objective if exact.objective else 0.0
        print(
            f"{plan.budget:7g} {exact.objective:9.3f} {plan.objective:9.3f} {off:7.2%} "
            f"{plan.bound:9.3f} {plan.evaluations:5d}  {plan.stop_reason}"
        )
    worst = max(
        1.0 - plan.objective / exact.objective if exact.objective else 0.0
        for exact, plan in zip(best, found, strict=True)
    )
    print(f"worst {worst:.2%} (required: at most 2 %)")


if __name__ == "__main__":
    main()
