"""What goes wrong on the road: sites that stop, guns that fail, streets that close, trucks down."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from sim.kernel.ledger import read_ledgers
from sim.kernel.planner import PlanningState, Task
from tests.fleet_cases import HOUR, LINE, Case, did, figures, of_kind

SIX = 6 * HOUR


def balanced(record) -> None:
    """Both ledgers balance to 1e-9."""
    for ledger in read_ledgers(record.ledgers).values():
        assert ledger.relative_error() < 1e-9


def two_trucks(tmp_path: Path) -> Case:
    """T1 serves A, B, C; T2 serves a point at E."""
    case = Case(tmp_path)
    case.tables["trucks"].append({"id": "T2", "type": "e", "depot": "D", "shift": "day"})
    case.tables["points"].append(case.tables["points"][0] | {"id": "pE", "place": "E"})
    case.tables["plan"] += [
        {"truck": "T2", "sequence": 1, "kind": "stop", "target": "pE"},
        {"truck": "T2", "sequence": 2, "kind": "site", "target": "dump"},
    ]
    return case


def test_a_site_that_stops_in_mid_unloading_goes_on_with_the_work_left(tmp_path: Path):
    case = Case(tmp_path)
    # unloading lasts from 900 to 1260 s
    case.tables["outages"] = [
        {"kind": "site", "id": "dump", "from_h": 6 + 1000 / HOUR, "lasts_h": 0.5}
    ]
    record = case.run()
    unload = [row for row in did(record) if row[1] == "unload"]
    assert unload[-1][4] == pytest.approx(SIX + 1260 + 1800)
    assert sum(row[5] for row in unload) == pytest.approx(600.0)
    balanced(record)


def test_a_site_that_stops_is_left_for_another_with_what_is_still_on_board(tmp_path: Path):
    case = Case(tmp_path)
    case.tables["sites"].append(case.tables["sites"][0] | {"id": "other", "place": "S2"})
    case.tables["outages"] = [
        {"kind": "site", "id": "dump", "from_h": 6 + 990 / HOUR, "lasts_h": 6}
    ]
    record = case.run()
    unload = [(row[2], row[5]) for row in did(record) if row[1] == "unload"]
    # a quarter of the 360 s is over, so a quarter of the load is off
    assert unload == [("dump", pytest.approx(150.0)), ("other", pytest.approx(450.0))]
    assert of_kind(record, "route_changed")[0][3] == "site_stopped"
    balanced(record)


def test_a_truck_on_its_way_to_a_site_that_stops_is_told(tmp_path: Path):
    case = Case(tmp_path)
    case.tables["sites"].append(case.tables["sites"][0] | {"id": "other", "place": "S2"})
    case.tables["outages"] = [
        {"kind": "site", "id": "dump", "from_h": 6 + 500 / HOUR, "lasts_h": 6}
    ]
    record = case.run()
    assert [row[2] for row in did(record) if row[1] == "unload"] == ["other"]
    # matrices know no streets: the leg under way is finished, and C is served on the way
    assert [row[2] for row in did(record) if row[1] == "collect"] == ["pA", "pB", "pC"]
    balanced(record)


def test_a_gun_that_fails_while_charging_leaves_what_was_charged(tmp_path: Path):
    case = Case(tmp_path)
    case.tables["trucks"][0]["start_kwh"] = 23
    case.tables["plan"].insert(
        0, {"truck": "T1", "sequence": 0, "kind": "charger", "target": "guns", "until_kwh": 70}
    )
    # arrives at 300 s with 20 kWh; the gun fails 0.2 h later and is back after 0.5 h
    case.tables["outages"] = [
        {"kind": "charger", "id": "guns", "from_h": 6 + 300 / HOUR + 0.2, "lasts_h": 0.5}
    ]
    record = case.run()
    charges = [row for row in did(record) if row[1] == "charge"]
    assert charges[0][5] == pytest.approx(20.0)
    assert charges[-1][4] == pytest.approx(SIX + 300 + 0.2 * HOUR + 0.5 * HOUR + 0.3 * HOUR)
    assert sum(row[5] for row in charges) == pytest.approx(50.0)
    balanced(record)


def test_a_truck_that_breaks_down_hands_its_stops_over_and_stands(tmp_path: Path):
    case = two_trucks(tmp_path)
    case.tables["outages"] = [{"kind": "truck", "id": "T1", "from_h": 6 + 250 / HOUR, "lasts_h": 3}]
    record = case.run(inputs := case.load())
    served = {(row[0], row[2]) for row in did(record) if row[1] == "collect"}
    assert served == {("T1", "pA"), ("T2", "pB"), ("T2", "pC"), ("T2", "pE")}
    repair = next(row for row in did(record) if row[1] == "repair")
    # it finishes the leg to B, which ends at 300 s, as a table of travel knows no streets
    assert repair[3:5] == pytest.approx((SIX + 300, SIX + 250 + 3 * HOUR))
    assert figures(inputs, record)["breakdowns", ""] == 1.0
    balanced(record)


def test_without_replanning_the_truck_does_it_later(tmp_path: Path):
    case = two_trucks(tmp_path)
    case.spec = {"replanning": "off"}
    case.tables["outages"] = [{"kind": "truck", "id": "T1", "from_h": 6 + 250 / HOUR, "lasts_h": 3}]
    record = case.run()
    served = [(row[0], row[2]) for row in did(record) if row[1] == "collect"]
    assert served == [("T1", "pA"), ("T1", "pB"), ("T1", "pC"), ("T2", "pE")]
    assert not of_kind(record, "route_changed")


def on_streets(tmp_path: Path) -> Case:
    """The line of places as streets of 1 km, and a way round from 2 km to 6 km over 9 km."""
    case = Case(tmp_path)
    case.tables["travel"] = []
    case.spec = {
        "streets": {
            "streets": "net/streets.csv", "nodes": "net/nodes.csv", "places": "net/places.csv",
            "flooded": "net/flooded.csv",
        }
    }  # fmt: skip
    from sim.fleet.spec import Streets

    case.spec = {"streets": Streets(**case.spec["streets"])}
    net = tmp_path / "net"
    net.mkdir()
    nodes = [(f"n{k}", k * 1000.0, 0.0) for k in range(10)] + [("m", 4000.0, 3000.0)]
    lines = ["id,x_m,y_m", *(f"{n},{x},{y}" for n, x, y in nodes)]
    (net / "nodes.csv").write_text("\n".join(lines) + "\n")
    streets = [(f"s{k}", f"n{k}", f"n{k + 1}", 1000) for k in range(9)]
    streets += [("r1", "n2", "m", 4500), ("r2", "m", "n6", 4500)]
    lines = ["id,from,to,length_m,speed_km_h", *(f"{i},{a},{b},{m},36" for i, a, b, m in streets)]
    (net / "streets.csv").write_text("\n".join(lines) + "\n")
    lines = ["id,x_m,y_m", *(f"{name},{x},0" for name, x in LINE.items())]
    (net / "places.csv").write_text("\n".join(lines) + "\n")
    (net / "flooded.csv").write_text("point,node\nlow,n5\n")
    return case


def test_streets_give_the_same_day_as_the_table_of_their_ways(tmp_path: Path):
    plain = Case(tmp_path / "a").run()
    (tmp_path / "b").mkdir()
    on = on_streets(tmp_path / "b").run()
    for one, other in zip(did(on), did(plain), strict=True):
        assert one[:3] == other[:3]
        assert one[3:] == pytest.approx(other[3:], abs=1e-6)


def test_a_truck_in_a_street_that_closes_finishes_it_and_waits_if_trapped(tmp_path: Path):
    case = on_streets(tmp_path)
    # C at 4 km; to the dump at 6 km from 700 s: at 750 s it is in s4, which closes along with s5.
    case.tables["outages"] = [
        {"kind": "street", "id": s, "from_h": 6 + 750 / HOUR, "lasts_h": 10} for s in ("s4", "s5")
    ]
    record = case.run()
    drives = [row for row in did(record) if row[1] == "drive" and row[2] == "dump"]
    # to n5 it is 1 km; from there both ways are closed: it waits there until they are open again
    opens = SIX + 750 + 10 * HOUR
    assert drives[0][3:] == pytest.approx((SIX + 700, SIX + 800, 1.0))
    assert drives[1][3:] == pytest.approx((opens, opens + 100, 1.0))
    (wait,) = [row[3:5] for row in did(record) if row[1] == "wait"]
    assert wait == pytest.approx((SIX + 800, opens))
    balanced(record)


def test_a_closed_street_ahead_is_gone_round(tmp_path: Path):
    case = on_streets(tmp_path)
    case.tables["outages"] = [
        {"kind": "street", "id": "s5", "from_h": 6 + 750 / HOUR, "lasts_h": 10}
    ]
    record = case.run()
    drives = [row[3:] for row in did(record) if row[1] == "drive" and row[2] == "dump"]
    # on to n5 (1 km), back to n2 (3 km), round (9 km)
    assert drives[0] == pytest.approx((SIX + 700, SIX + 800, 1.0))
    assert drives[1] == pytest.approx((SIX + 800, SIX + 2000, 12.0))
    # and the way home leads round again
    home = [row[5] for row in did(record) if row[1] == "drive" and row[2] == "D"]
    assert home == pytest.approx([11.0])
    balanced(record)


def test_water_on_a_street_node_closes_the_streets_at_it(tmp_path: Path):
    from sim.city import simulate
    from sim.fleet import SYSTEM
    from tests.fleet_cases import MONDAY

    case = on_streets(tmp_path)
    inputs = case.load()

    class Flooded(type(SYSTEM)):
        """The fleet, with water published by a process of its own."""

        def start(self, inputs, run):
            def water():
                yield run.clock.env.timeout(SIX + 100)
                run.signals.publish("street_depth_m", "low", 0.2)
                yield run.clock.env.timeout(100)
                run.signals.publish("street_depth_m", "low", 0.5)

            run.clock.env.process(water())
            super().start(inputs, run)

    record = simulate({"fleet": inputs}, MONDAY, 24 * HOUR, systems={"fleet": Flooded()})
    # n5 is under water before C is left, so the dump is reached by way of n2: 2 km back, 9 km round
    drives = [row[5] for row in did(record) if row[1] == "drive" and row[2] == "dump"]
    assert drives == pytest.approx([11.0])


class Recorder:
    """A planner that notes what it is told, and turns the affected routes round."""

    def __init__(self) -> None:
        self.states: list[PlanningState] = []

    def replan(self, state: PlanningState) -> Mapping[str, tuple[Task, ...]]:
        self.states.append(state)
        vehicles = {v.id: v for v in state.vehicles}
        return {name: tuple(reversed(vehicles[name].tasks[:-1])) for name in state.affected}


def test_a_planner_is_told_where_everyone_is_and_only_its_routes_change(tmp_path: Path):
    case = two_trucks(tmp_path)
    case.tables["sites"].append(case.tables["sites"][0] | {"id": "other", "place": "S2"})
    case.tables["plan"][-1]["target"] = "other"
    case.tables["outages"] = [
        {"kind": "site", "id": "dump", "from_h": 6 + 120 / HOUR, "lasts_h": 6}
    ]
    planner = Recorder()
    record = case.run(case.load().plugged(planner))
    state = planner.states[0]
    assert (state.reason, state.entity, state.affected) == ("site_stopped", "dump", {"T1"})
    one, other = state.vehicles
    # T1 is collecting at A until 200 s, T2 is on its way to E until 300 s
    assert (one.place, one.free_s) == ("A", SIX + 200)
    assert one.load_kg["residual"] == pytest.approx(200.0)
    assert [t.target for t in one.tasks] == ["pB", "pC", "dump"]
    assert (other.place, other.free_s) == ("E", SIX + 300)
    assert [t.target for t in other.tasks] == ["pE", "other"]
    collected = [row[2] for row in did(record) if row[0] == "T1" and row[1] == "collect"]
    assert collected == ["pA", "pC", "pB"]
    changed = {entity for _, entity, _, _ in of_kind(record, "route_changed")}
    assert changed == {"T1"}


class Careless:
    """A planner that gives a stop to two trucks."""

    def replan(self, state: PlanningState) -> Mapping[str, tuple[Task, ...]]:
        return {v.id: (*v.tasks, Task("stop", "pC")) for v in state.vehicles}


def test_a_planner_that_serves_a_stop_twice_is_caught(tmp_path: Path):
    case = two_trucks(tmp_path)
    case.tables["outages"] = [{"kind": "truck", "id": "T1", "from_h": 6 + 250 / HOUR, "lasts_h": 3}]
    with pytest.raises(ValueError, match="pC served more often"):
        case.run(case.load().plugged(Careless()))
