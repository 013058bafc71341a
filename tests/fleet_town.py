"""A town of one long street with a way round: a fleet that is small, but goes through everything.

Two electric trucks at D serve three points at 1, 2 and 4 km, unload at 6 km and charge at 3 km;
10 m/s everywhere. A second road, 9 km long, leaves the street at 2 km and comes back at 6 km.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from optimize.routing.check import check
from optimize.routing.cost import plan_cost
from optimize.routing.engines.routes import Order, plan_of
from optimize.routing.plan import LeftOut, Plan, Solution
from optimize.routing.timetable import Call
from scenarios import document
from scenarios.arms import named
from scenarios.compare import Paired
from scenarios.document import Scenario
from scenarios.fleet_arms import (
    UNDISTURBED,
    Response,
    Sizes,
    best_response,
    changed_routes,
    run_arms,
    study_sizes,
)
from scenarios.fleet_view import FleetView, fleet_view
from scenarios.routes import NOW, PLAN, Study, compare_arms, fleet_inputs, write_plan
from scenarios.routes_problem import FleetModel, day_problem, expected_kg, plan_rows
from scenarios.run import run_scenario
from scenarios.store import Store
from tests.fleet_cases import LINE, Case

DOCUMENT = """
start = 2024-03-04T00:00:00+08:00
duration_h = 48

[title]
en = "Town on a street"
zh = "一条街的小城"

[description]
en = "For tests."
zh = "供测试。"

[fleet]
tables = "t"
replanning = "nearest"
{more}

[fleet.streets]
streets = "net/streets.csv"
nodes = "net/nodes.csv"
places = "net/places.csv"

[fleet.chance]
demand = false
breakdowns = false
travel_cv = 0.1

[assumptions.truck_payload]
value = 5
unit = "t"
tag = "S"
source = "test"
"""
CLOSED_STREETS = "kind,id,from_h,lasts_h\nstreet,s3,6,8\n"


def write_town(folder: Path, more: str = "") -> Path:
    """Write the town and return its document."""
    case = Case(folder)
    case.tables["travel"] = []
    case.tables["trucks"] = [
        {"id": f"T{k}", "type": "e", "depot": "D", "shift": "day"} for k in (1, 2)
    ]
    for point in case.tables["points"]:
        point["kg_per_day"] = 150
    case.tables["points"][2]["truck"] = "T2"
    visits = {"T1": ("pA", "pB"), "T2": ("pC",)}
    case.tables["plan"] = [
        {"truck": truck, "sequence": k, "kind": "site" if k == len(names) + 1 else "stop",
         "target": name}
        for truck, names in visits.items()
        for k, name in enumerate((*names, "dump"), start=1)
    ]  # fmt: skip
    case.write()
    net = folder / "net"
    net.mkdir()
    nodes = [(f"n{k}", k * 1000.0, 0.0) for k in range(10)] + [("m", 4000.0, 3000.0)]
    lines = ["id,x_m,y_m,lon,lat"]
    lines += [f"{n},{x},{y},{114 + x / 90_000},{35 + y / 111_000}" for n, x, y in nodes]
    (net / "nodes.csv").write_text("\n".join(lines) + "\n")
    streets = [(f"s{k}", f"n{k}", f"n{k + 1}", 1000) for k in range(9)]
    streets += [("r1", "n2", "m", 4500), ("r2", "m", "n6", 4500)]
    lines = ["id,from,to,length_m,speed_km_h", *(f"{i},{a},{b},{m},36" for i, a, b, m in streets)]
    (net / "streets.csv").write_text("\n".join(lines) + "\n")
    lines = ["id,x_m,y_m", *(f"{name},{x},0" for name, x in LINE.items())]
    (net / "places.csv").write_text("\n".join(lines) + "\n")
    (folder / "outages.csv").write_text(CLOSED_STREETS)
    file = folder / "town.toml"
    file.write_text(DOCUMENT.format(more=more), encoding="utf-8")
    return file


@dataclass
class Town:
    """The town with what was run in it."""

    store: Store
    scenario: Scenario
    view: FleetView
    closed: FleetView


def town(folder: Path) -> Town:
    """Write the town and run it, undisturbed and with a street closed."""
    store = Store()
    scenario = document.load(write_town(folder))
    shut = named(scenario.with_value("fleet", "outages", "outages.csv"), "closed")
    views = [
        fleet_view(store, run_scenario(one, store=store, replications=2)[0])
        for one in (scenario, shut)
    ]
    return Town(store, scenario, *views)


def study(found: Town, *, left_out: bool = False) -> Study:
    """Return a study whose plan was made by hand: T1 serves all, in the order C, B, A."""
    inputs = fleet_inputs(found.scenario)
    fleet = day_problem(FleetModel(inputs), 0, expected_kg(inputs, 0))
    stops = [stop.id for stop in fleet.problem.stops]
    names = ["pC", "pA"] if left_out else ["pC", "pB", "pA"]
    calls = [Call("stop", stops.index(name)) for name in names] + [Call("site", 0)]
    plan = plan_of(fleet.problem, [Order(0, tuple(calls))], "no room for it", "as ordered")
    if left_out:
        plan = Plan(plan.routes, (LeftOut(stops.index("pB"), "no room for it"),))
    cost = plan_cost(fleet.problem, plan)
    solution = Solution(plan, cost.trucks, cost.served, float("nan"), "time", 1.5, 40, "hand")
    arms = {NOW: named(found.scenario, NOW), PLAN: named(found.scenario, PLAN)}
    runs = {
        name: run_scenario(arm, store=found.store, replications=2, reuse=True)
        for name, arm in arms.items()
    }
    file = write_plan(plan_rows(fleet, plan), found.store.location.folder / "plans")
    figures = compare_arms(runs, found.store, {"km": 18.0})
    report = check(fleet.problem, plan)
    return Study(found.scenario, fleet, solution, "by hand", report, file, figures, runs)


def response(found: Town) -> Response:
    """Return ways to respond to the closed street; nearest insertion stands for the optimiser,
    with other territories so that routes change, and is made the best by hand."""
    shut = found.scenario.with_value("fleet", "outages", "outages.csv")
    arms = {
        UNDISTURBED: named(found.scenario, UNDISTURBED),
        "off": named(shut.with_value("fleet", "replanning", "off"), "off"),
        "nearest": named(shut, "nearest"),
        "optimised": named(shut.with_value("fleet", "policy", {"kind": "daily"}), "optimised"),
    }
    done = tuple(
        replace(arm, figures={**arm.figures, "stops_missed": Paired(9.0, None, 2)})
        if arm.name in ("off", "nearest")
        else arm
        for arm in run_arms(arms, found.store, 2, 0, None, None)
    )
    tables = [fleet_view(found.store, arm.runs[0]).done for arm in (done[0], best_response(done))]
    return Response(shut, done, changed_routes(*tables))


def sizes(found: Town) -> Sizes:
    """Return one and two trucks with one gun."""
    return study_sizes(
        replace(found.scenario, name="town"), found.store, (1, 2), (1,), replications=2, workers=0
    )
