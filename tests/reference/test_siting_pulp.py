"""Siting beside readable models in PuLP, solved by HiGHS, and beside published optima.

The files lie in the folder named by CITYCLOCK_BENCH.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pulp
import pytest

from optimize.siting.check import violations
from optimize.siting.formats.cap import read_cap
from optimize.siting.formats.mclp import read_mclp
from optimize.siting.formats.pmed import read_pmed
from optimize.siting.problem import (
    Area,
    Capacitated,
    CoverageTarget,
    MaximalCover,
    PCenter,
    PMedian,
    SetCover,
    straight_line,
)
from optimize.siting.solve import solve
from sim.kernel.errors import InputError

BENCH = os.environ.get("CITYCLOCK_BENCH")
needs_bench = pytest.mark.skipif(BENCH is None, reason="CITYCLOCK_BENCH names no folder")


@pytest.fixture(scope="module")
def area() -> Area:
    draw = np.random.default_rng(11)
    return Area(
        tuple(f"Z{k}" for k in range(40)), tuple(f"S{k}" for k in range(15)),
        draw.integers(1, 50, 40).astype(float),
        straight_line(draw.random((40, 2)), draw.random((15, 2))),
        existing=("S4",), excluded=("S9",),
    )  # fmt: skip


class Model:
    """Sites that are open, with the existing ones kept and the excluded ones left out."""

    def __init__(self, area: Area, sense: int) -> None:
        self.area = area
        self.model = pulp.LpProblem("siting", sense)
        self.open = self.model.add_variable_dicts("open", list(area.sites), cat="Binary")
        for name in area.existing:
            self.model += self.open[name] == 1
        for name in area.excluded:
            self.model += self.open[name] == 0

    def assign(self, cat: str = "Continuous"):
        """Every zone is served, by open sites only."""
        area = self.area
        share = self.model.add_variable_dicts(
            "share", (list(area.zones), list(area.sites)), 0, 1, cat=cat
        )
        for zone in area.zones:
            self.model += pulp.lpSum(share[zone].values()) == 1
            for site in area.sites:
                self.model += share[zone][site] <= self.open[site]
        return share

    def covering(self, zone: int, radius: float):
        """Open sites within the radius of a zone."""
        return pulp.lpSum(
            self.open[name]
            for k, name in enumerate(self.area.sites)
            if self.area.distance[zone, k] <= radius
        )

    def best(self) -> float:
        self.model.solve(pulp.HiGHS(msg=False, gapRel=0.0))
        assert self.model.status == pulp.LpStatusOptimal
        return pulp.value(self.model.objective)


def same(problem, model: Model) -> None:
    answer = solve(problem)
    assert violations(problem, answer) == []
    assert answer.status == "optimal"
    assert answer.value == pytest.approx(model.best(), rel=1e-6)


def test_p_median(area: Area):
    m = Model(area, pulp.LpMinimize)
    share = m.assign()
    m.model += pulp.lpSum(
        area.weights[i] * area.distance[i, j] * share[zone][site]
        for i, zone in enumerate(area.zones)
        for j, site in enumerate(area.sites)
    )
    m.model += pulp.lpSum(m.open.values()) == 4
    same(PMedian(area, 4), m)


def test_p_center(area: Area):
    m = Model(area, pulp.LpMinimize)
    share = m.assign(cat="Binary")
    farthest = m.model.add_variable("farthest", 0)
    m.model += farthest
    for i, zone in enumerate(area.zones):
        m.model += farthest >= pulp.lpSum(
            area.distance[i, j] * share[zone][site] for j, site in enumerate(area.sites)
        )
    m.model += pulp.lpSum(m.open.values()) == 4
    same(PCenter(area, 4), m)


def test_maximal_cover(area: Area):
    m = Model(area, pulp.LpMaximize)
    covered = m.model.add_variable_dicts("covered", list(area.zones), 0, 1)
    m.model += pulp.lpSum(area.weights[i] * covered[z] for i, z in enumerate(area.zones))
    for i, zone in enumerate(area.zones):
        m.model += covered[zone] <= m.covering(i, 0.2)
    m.model += pulp.lpSum(m.open.values()) == 4
    same(MaximalCover(area, 4, 0.2), m)


def test_fewest_sites_for_a_share(area: Area):
    m = Model(area, pulp.LpMinimize)
    covered = m.model.add_variable_dicts("covered", list(area.zones), 0, 1)
    m.model += pulp.lpSum(m.open.values())
    for i, zone in enumerate(area.zones):
        m.model += covered[zone] <= m.covering(i, 0.3)
    weight = pulp.lpSum(area.weights[i] * covered[z] for i, z in enumerate(area.zones))
    m.model += weight >= 0.85 * area.weights.sum()
    same(CoverageTarget(area, 0.3, 0.85), m)


def test_cheapest_cover(area: Area):
    costs = np.arange(15.0) % 4 + 1.0
    m = Model(area, pulp.LpMinimize)
    m.model += pulp.lpSum(costs[j] * m.open[site] for j, site in enumerate(area.sites))
    for i in range(len(area.zones)):
        m.model += m.covering(i, 0.5) >= 1
    same(SetCover(area, 0.5, costs), m)


@pytest.mark.parametrize("single", [False, True])
def test_capacitated(area: Area, single: bool):
    opening, room = np.full(15, 60.0), np.full(15, area.weights.sum() / 4)
    m = Model(area, pulp.LpMinimize)
    share = m.assign(cat="Binary" if single else "Continuous")
    m.model += pulp.lpSum(opening[j] * m.open[site] for j, site in enumerate(area.sites)) + (
        pulp.lpSum(
            area.weights[i] * area.distance[i, j] * share[zone][site]
            for i, zone in enumerate(area.zones)
            for j, site in enumerate(area.sites)
        )
    )
    for j, site in enumerate(area.sites):
        load = pulp.lpSum(area.weights[i] * share[z][site] for i, z in enumerate(area.zones))
        m.model += load <= room[j] * m.open[site]
    same(Capacitated(area, opening, room, single=single), m)


def known(folder: str) -> dict[str, dict[str, str]]:
    with (Path(BENCH) / "siting" / folder / "bks.csv").open(encoding="utf-8") as file:
        return {row["instance"]: row for row in csv.DictReader(file)}


# p-center optima of the same files: Elloumi, Labbe and Pochet (2004), INFORMS J. Computing 16.
CENTERS = {"pmed1": 127, "pmed2": 98, "pmed3": 93, "pmed4": 74, "pmed5": 48, "pmed6": 84}


@needs_bench
@pytest.mark.parametrize("name", ["pmed1", "pmed5", "pmed10", "pmed16", "pmed20", "pmed25"])
def test_published_medians(name: str):
    problem = read_pmed(Path(BENCH) / "siting" / "pmed" / f"{name}.txt")
    answer = solve(problem)
    assert violations(problem, answer) == []
    assert (answer.value, answer.bound) == (float(known("pmed")[name]["optimum"]),) * 2


@needs_bench
@pytest.mark.parametrize("name", CENTERS)
def test_published_centers(name: str):
    median = read_pmed(Path(BENCH) / "siting" / "pmed" / f"{name}.txt")
    problem = PCenter(median.area, median.count)
    answer = solve(problem)
    assert violations(problem, answer) == []
    assert (answer.value, answer.bound) == (CENTERS[name],) * 2


@needs_bench
@pytest.mark.parametrize("name", ["cap41", "cap62", "cap74", "cap101", "cap134"])
def test_published_capacities(name: str):
    problem = read_cap(Path(BENCH) / "siting" / "cap" / f"{name}.txt")
    answer = solve(problem)
    assert violations(problem, answer) == []
    assert answer.status == "optimal"
    assert answer.value == pytest.approx(float(known("cap")[name]["optimum"]), abs=1e-2)


@needs_bench
@pytest.mark.parametrize(("name", "count"), [("SJC324", 3), ("SJC402", 6), ("SJC818", 14)])
def test_published_covers(name: str, count: int):
    area = read_mclp(Path(BENCH) / "siting" / "mclp" / f"SJC_{name}.txt")
    answer = solve(MaximalCover(area, count, 800.0))
    best = float(known("mclp")[f"{name} r=800 p={count}"]["best"])
    assert (answer.value, answer.bound) == (best, best)


def test_of_an_edge_given_twice_the_last_counts(tmp_path: Path):
    file = tmp_path / "graph.txt"
    file.write_text("3 4 1\n1 2 9\n2 3 4\n2 1 5\n1 3 20\n", encoding="utf-8")
    problem = read_pmed(file)
    assert problem.area.distance.tolist() == [[0, 5, 9], [5, 0, 4], [9, 4, 0]]
    assert solve(problem).value == 9.0


@pytest.mark.parametrize("read", [read_pmed, read_cap, read_mclp])
@pytest.mark.parametrize("text", ["3 4 1\n1 2 x\n", "2 5\n1 2\n3\n"])
def test_another_file_is_refused_by_name(tmp_path: Path, read, text: str):
    file = tmp_path / "other.txt"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read(file)
    assert caught.value.file == file


def test_a_file_that_leaves_the_capacity_open(tmp_path: Path):
    file = tmp_path / "open.txt"
    file.write_text("1 2\ncapacity 50\n3 10 4 20\n", encoding="utf-8")
    with pytest.raises(InputError, match="leaves the capacity open"):
        read_cap(file)
    assert solve(read_cap(file, 7.0)).value == 80.0
