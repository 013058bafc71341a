"""Without chance the simulation does what a plan says: against the timetable of the optimiser.

The two share nothing but the order of visits: the optimiser's timetable is written for its problem
model, the simulation reads tables. Two trips, windows, partial charging on a curve, traffic by the
hour, load-dependent consumption, lifts and compaction.
"""

from pathlib import Path

import numpy as np
import pytest

from optimize.routing.check import check
from optimize.routing.plan import Plan
from optimize.routing.problem import (
    ALWAYS,
    Charger,
    ChargingCurve,
    Problem,
    Site,
    Stop,
    Travel,
    TruckType,
)
from optimize.routing.timetable import Call, timetable
from tests.fleet_cases import HOUR, Case, did, of_kind

PLACES = ["D", *(f"N{k}" for k in range(10)), "S", "E"]
FROM_H, FACTOR = (0, 7, 9, 17), (1.0, 0.6, 0.9, 0.7)


def random_case(tmp_path: Path, seed: int) -> tuple[Case, Problem, list[Call]]:
    """Return the same day as tables and as a problem, with an order of visits."""
    rng = np.random.default_rng(seed)
    xy = rng.uniform(0, 8000, (len(PLACES), 2))
    distance = np.hypot(*(xy[:, None, :] - xy[None, :, :]).transpose(2, 0, 1)).round(1)
    duration = (distance / rng.uniform(6, 12, distance.shape)).round(2)
    kg = rng.uniform(50, 350, 10).round(1)
    service = rng.uniform(30, 200, 10).round(0)
    windows = [(0.0, 24.0) if rng.random() < 0.6 else (8.0, 12.0) for _ in range(10)]
    case = Case(tmp_path, spec={"replanning": "off"})
    t = case.tables
    t["points"] = [
        {"id": f"p{k}", "place": f"N{k}", "stream": "residual", "bins": 3, "bin_m3": 1.0,
         "opening_share": repr(float(kg[k]) / 600.0), "service_s": service[k],
         "from_h": windows[k][0], "to_h": windows[k][1]}
        for k in range(10)
    ]  # fmt: skip
    t["traffic"] = [{"from_h": h, "speed_factor": f} for h, f in zip(FROM_H, FACTOR, strict=True)]
    t["trucks"][0]["start_kwh"] = 60
    t["travel"] = [
        {"origin": a, "target": b, "distance_m": distance[i, j], "duration_s": duration[i, j]}
        for i, a in enumerate(PLACES)
        for j, b in enumerate(PLACES)
    ]
    order = rng.permutation(10)
    calls = [Call("stop", int(k)) for k in order]
    calls[7:7] = [Call("charger", 0, energy_end_kwh=float(rng.uniform(75, 95)))]
    calls[5:5] = [Call("site", 0)]
    calls.append(Call("site", 0))
    target = {"stop": "p{}", "site": "dump", "charger": "guns"}
    t["plan"] = [
        {"truck": "T1", "sequence": n, "kind": call.kind,
         "target": target[call.kind].format(call.index),
         "until_kwh": "" if call.energy_end_kwh is None else repr(call.energy_end_kwh)}
        for n, call in enumerate(calls)
    ]  # fmt: skip
    places = tuple(PLACES)
    problem = Problem(
        name="random",
        travel=Travel(
            places, xy, distance, duration, np.array(FROM_H) * HOUR, np.array(FACTOR)
        ),
        dimensions=("kg",),
        stops=tuple(
            Stop(
                f"p{k}", 1 + k, (float(kg[k]),), float(service[k]) + 60.0,
                ((windows[k][0] * HOUR, windows[k][1] * HOUR),), energy_kwh=0.3,
            )
            for k in range(10)
        ),
        trucks=(
            TruckType(
                "e", (5000.0,), 0, 0, battery_kwh=100.0, start_kwh=60.0, reserve_kwh=5.0,
                kwh_per_m=1e-3, kwh_per_m_unit=(1e-7,), compaction_kwh_per_unit=(2e-3,),
                charging=(ChargingCurve((0.0, 80.0, 100.0), (0.0, 2880.0, 4320.0)),),
                shift_s=(6 * HOUR, 16 * HOUR), must_end_empty=True,
            ),
        ),
        sites=(Site("dump", PLACES.index("S"), (True,), 300.0, (0.1,)),),
        chargers=(Charger("guns", PLACES.index("E"), windows=ALWAYS),),
    )  # fmt: skip
    return case, problem, calls


@pytest.mark.parametrize("seed", range(8))
def test_the_simulation_keeps_the_timetable_and_its_energy(tmp_path: Path, seed: int):
    case, problem, calls = random_case(tmp_path, seed)
    route = timetable(problem, 0, 0, calls, leave_s=6 * HOUR)
    report = check(problem, Plan((route,)))
    assert report.ok, str(report)
    record = case.run()
    kinds = {"collect": "stop", "unload": "site", "charge": "charger"}
    found: list[list] = []
    for _, kind, target, from_s, to_s, _ in did(record):
        if kind not in kinds:
            continue
        if found and kind == "charge" and found[-1][0] == "charger":
            found[-1][3] = to_s  # a piece of the same charging at another power
        else:
            found.append([kinds[kind], target, from_s, to_s])
    battery = {time_s: kwh for time_s, _, kwh, _ in of_kind(record, "battery")}
    visits = route.visits[1:-1]
    assert [one[0] for one in found] == [visit.kind for visit in visits]
    for (kind, target, from_s, to_s), visit in zip(found, visits, strict=True):
        if kind == "stop":
            assert target == problem.stops[visit.index].id
        assert from_s == pytest.approx(visit.begin_s, abs=1e-3)
        assert to_s == pytest.approx(visit.end_s, abs=1e-3)
        moment = min(battery, key=lambda t: abs(t - to_s))
        if abs(moment - to_s) < 1e-6:
            assert battery[moment] == pytest.approx(visit.energy_end_kwh, abs=1e-6)
    assert of_kind(record, "shift_ends")[0][0] == pytest.approx(route.visits[-1].arrive_s, abs=1e-3)
