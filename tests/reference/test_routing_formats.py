"""Published instances as read here against PyVRP and vrplib reading the same files, and as such."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from optimize.routing.formats.cevrp import read_cevrp
from optimize.routing.formats.evrptw import read_evrptw, write_evrptw
from optimize.routing.formats.nonlinear import read_frvcpy, read_vrprep
from optimize.routing.formats.vrplib import read_vrplib
from optimize.routing.formats.waste import M_PER_MILE, read_waste
from optimize.routing.problem import Problem
from tests.reference.routing_bench import FOLDER, files, needs_bench

pytestmark = needs_bench


def read_dimacs(file: Path) -> Problem:
    return read_vrplib(file, "dimacs")


def read_partial(file: Path) -> Problem:
    return read_evrptw(file, "partial")


SETS: list[tuple[str, str, Callable[[Path], Problem], int]] = [
    ("evrptw", "*.txt", read_evrptw, 67),
    ("evrptw", "*.txt", read_partial, 67),
    ("cevrp", "*.evrp", read_cevrp, 11),
    ("mtvrptw", "*.vrp", read_dimacs, 23),
    ("waste_kim", "*.txt", read_waste, 6),
    ("evrpnl", "*instance.json", read_frvcpy, 1),
    ("evrpnl", "*.xml", read_vrprep, 1),
]


@pytest.mark.parametrize(("folder", "pattern", "reader", "count"), SETS)
def test_every_instance_is_read(
    folder: str, pattern: str, reader: Callable[[Path], Problem], count: int
):
    found = [reader(file) for file in files(folder, pattern)]
    assert len(found) == count
    for problem in found:
        assert problem.stops
        assert len({stop.id for stop in problem.stops}) == len(problem.stops)


@pytest.mark.parametrize(
    "file", files("mtvrptw", "*R20*.vrp")[:3] + files("mtvrptw", "*_2_*.vrp")[:2]
)
def test_several_trips_as_pyvrp_reads_them(file: Path):
    """Distances, windows, releases, reloads and the fleet are PyVRP's own, figure by figure."""
    pyvrp = pytest.importorskip("pyvrp")
    theirs, ours = pyvrp.read(file, round_func="dimacs"), read_dimacs(file)
    assert np.array_equal(theirs.distance_matrix(0), ours.travel.distance_m)
    assert np.array_equal(theirs.duration_matrix(0), ours.travel.duration_s)
    kind = theirs.vehicle_types()[0]
    truck = ours.trucks[0]
    assert kind.num_available == truck.count
    assert len(kind.reload_depots) == len(ours.sites) == 1
    # PyVRP may scale loads with every other figure of a file; only their ratio matters.
    ratio = kind.capacity[0] / truck.capacity[0]
    for client, stop in zip(theirs.clients(), ours.stops, strict=True):
        assert (client.tw_early, client.tw_late) == stop.windows[0]
        assert client.service_duration == stop.service_s
        assert client.release_time == stop.release_s
        assert client.delivery[0] == stop.demand[0] * ratio


@pytest.mark.parametrize("file", files("evrptw", "*C5.txt"))
def test_an_instance_survives_being_written(file: Path, tmp_path: Path):
    once = read_evrptw(file)
    write_evrptw(once, tmp_path / file.name)
    again = read_evrptw(tmp_path / file.name)
    assert {s.id: (s.demand, s.windows, s.service_s) for s in again.stops} == {
        s.id: (s.demand, s.windows, s.service_s) for s in once.stops
    }
    assert again.trucks[0].battery_kwh == once.trucks[0].battery_kwh
    assert again.trucks[0].charging[0].time_s == pytest.approx(once.trucks[0].charging[0].time_s)
    assert np.array_equal(np.sort(again.travel.distance_m), np.sort(once.travel.distance_m))


def test_two_forms_of_one_instance_agree():
    """The JSON holds a station at the depot besides; all other figures are those of the XML."""
    ours = read_frvcpy(FOLDER / "evrpnl/frvcpy-instance.json")
    other = read_vrprep(FOLDER / "evrpnl/vrprep-instance.xml")
    n = len(other.travel.places)
    assert len(ours.travel.places) == n + 1
    assert np.allclose(ours.travel.duration_s[:n, :n], other.travel.duration_s, rtol=1e-12)
    energy = ours.travel.distance_m[:n, :n] * ours.trucks[0].kwh_per_m
    assert np.allclose(energy, other.travel.distance_m * other.trucks[0].kwh_per_m, rtol=1e-12)
    curves = [truck.trucks[0].charging for truck in (ours, other)]
    assert curves[0] == curves[1]
    assert ours.chargers[:-1] == other.chargers
    assert [stop.service_s for stop in ours.stops] == [stop.service_s for stop in other.stops]


def test_the_example_of_the_authors_takes_the_time_they_give():
    """Node 0, 40, 12, 33, 38, 16, 0 takes 7.339 h with 16 kWh, charging at one station only."""
    from optimize.routing.timetable import Call, timetable

    problem = read_frvcpy(FOLDER / "evrpnl/frvcpy-instance.json")
    order = [int(node) - 1 for node in (40, 12, 33, 38, 16)]
    best = np.inf
    for position in range(6):
        for charger in range(len(problem.chargers)):
            # Energy wanted on leaving the station: what the rest of the route takes.
            calls = [Call("stop", stop) for stop in order]
            calls.insert(position, Call("charger", charger))
            full = timetable(problem, 0, 0, calls)
            arrive = [visit.energy_arrive_kwh for visit in full.visits]
            if min(arrive[: position + 2]) < 0.0:
                continue
            needed = full.visits[position + 1].energy_end_kwh - arrive[-1]
            if needed > 16.0 or min(arrive) < 0.0:
                continue
            needed = max(needed, arrive[position + 1])
            calls[position] = Call("charger", charger, needed)
            route = timetable(problem, 0, 0, calls)
            best = min(best, (route.visits[-1].end_s - route.visits[0].end_s) / 3600.0)
    assert best == pytest.approx(7.339, abs=5e-4)


def test_miles_feet_and_hours_of_the_waste_set():
    problem = read_waste(FOLDER / "waste_kim/102_stop.txt")
    truck, travel = problem.trucks[0], problem.travel
    feet = abs(1215029.0 - 1229125.0) + abs(3461398.0 - 3460107.0)
    assert travel.distance_m[0, 1] * truck.cost_per_m == pytest.approx(feet / 5280.0, rel=1e-12)
    assert travel.duration_s[0, 1] == pytest.approx(feet / 5280.0 / 40.0 * 3600.0, rel=1e-12)
    assert truck.shift_s == (4 * 3600.0, 15 * 3600.0)
    assert (truck.capacity, truck.day_capacity, truck.most_stops) == ((280.0,), (400.0,), 500)
    assert problem.stops[0].windows == ((7 * 3600.0, 24 * 3600.0),)
    assert problem.sites[0].unload_s == 1600.0
    assert pytest.approx(5280 * 0.3048) == M_PER_MILE
