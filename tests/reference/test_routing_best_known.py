"""Plans found by enumeration: the checker accepts them, at the best known figures, to the digit."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimize.routing.check import check
from optimize.routing.cost import plan_cost
from optimize.routing.formats.evrptw import read_evrptw
from optimize.routing.plan import Plan
from optimize.routing.timetable import Call, timetable
from tests.reference.evrptw_enumeration import best_set, cheapest_routes
from tests.reference.routing_bench import best_known, files, needs_bench

pytestmark = needs_bench


def agrees(file: Path) -> None:
    problem = read_evrptw(file)
    known = {
        row["variant"]: (int(row["vehicles"]), float(row["distance"]))
        for row in best_known("evrptw")
        if row["instance"] == file.stem
    }
    routes = cheapest_routes(problem)
    for variant, trucks in (("full", True), ("full_distance_only", False)):
        count, distance, sets = best_set(problem, routes, trucks)
        plan = Plan(
            tuple(
                timetable(problem, 0, k, [Call(*node) for node in routes[part][1]])  # type: ignore[arg-type]
                for k, part in enumerate(sets)
            )
        )
        report = check(problem, plan)
        assert report.ok, str(report)
        assert report.totals.distance_m == pytest.approx(distance, rel=1e-12)
        assert report.totals.cost == pytest.approx(plan_cost(problem, plan).total, rel=1e-12)
        assert report.totals.distance_m == pytest.approx(known[variant][1], abs=5.1e-5)
        if trucks:
            assert (count, report.totals.trucks) == (known[variant][0], known[variant][0])


@pytest.mark.parametrize("file", files("evrptw", "*C5.txt"), ids=lambda file: file.stem)
def test_five_customers(file: Path):
    agrees(file)


@pytest.mark.slow
@pytest.mark.parametrize(
    "file",
    # Wide windows leave r203C10 with too many paths for plain lists.
    [file for file in files("evrptw", "*C10.txt") if file.stem != "r203C10"],
    ids=lambda file: file.stem,
)
def test_ten_customers(file: Path):
    agrees(file)
