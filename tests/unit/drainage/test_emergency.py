"""Pump trucks: times that add up, water that is conserved, roads under water, redeployment."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.drainage.elements import Inflow
from sim.drainage.emergency_spec import Depot, TruckFailures
from sim.kernel.errors import InputError
from sim.kernel.ledger import read_ledgers
from tests.unit.drainage.emergency_case import DETOUR, HOUR, STREETS, events, ponds, run, times

# 720 m3/h at a duty of a half
FLOW = 0.1
REPORTED = 20 * 60.0
SET_UP = 600.0
PACK_UP = 300.0


def test_detection_travel_and_set_up_add_up_and_the_pond_empties_on_time(tmp_path: Path):
    """0.5 m on 1000 m2 down to 0.05 m: 450 m3 at 0.1 m3/s take 4500 s, to the second."""
    record = run(ponds(A=0.5), tmp_path, 2.0)
    assert times(record, "point_reported") == [REPORTED]
    assert times(record, "truck_sent") == [REPORTED]
    assert times(record, "truck_arrived") == pytest.approx([REPORTED + 100.0], abs=1e-9)
    began = REPORTED + 100.0 + SET_UP
    assert times(record, "truck_pumping") == pytest.approx([began], abs=1e-9)
    assert times(record, "truck_stopped") == pytest.approx([began + 4500.0], abs=1e-6)
    assert events(record, "truck_stopped")["value"].tolist() == pytest.approx([450.0], rel=1e-12)
    # 0.15 m is met on the way: 350 m3
    assert times(record, "drained") == pytest.approx([began + 3500.0], abs=1e-6)


def test_what_is_pumped_away_has_an_account_of_its_own(tmp_path: Path):
    record = run(ponds(A=0.5, B=0.4), tmp_path, 6.0, inflows=(Inflow(node="A", baseline_m3s=0.01),))
    (ledger,) = read_ledgers(record.ledgers).values()
    booked = {(entry.account, entry.side): entry.amount for entry in ledger.entries}
    pumped = float(events(record, "truck_total")["value"].sum())
    assert pumped > 500.0
    assert booked["pumped_away", "outflow"] == pytest.approx(pumped, rel=1e-12)
    assert booked["outfalls", "outflow"] == 0.0
    assert ledger.relative_error() < 1e-13


def test_water_put_into_a_storage_stays_and_a_full_one_ends_the_pumping(tmp_path: Path):
    """The tank takes 300 m3 of the pond's 900: pumping ends 3000 s after it began, at the brim."""
    record = run(ponds(A=0.9), tmp_path, 4.0, discharge_nodes=("tank",), hose_m=200.0)
    began = REPORTED + 100.0 + SET_UP
    assert times(record, "truck_stopped") == pytest.approx([began + 3000.0], abs=1e-6)
    assert times(record, "truck_blocked") == pytest.approx([began + 3000.0], abs=1e-6)
    assert len(times(record, "truck_sent")) == 1, "sent again to a point that cannot be pumped"
    (ledger,) = read_ledgers(record.ledgers).values()
    booked = {entry.account: entry.amount for entry in ledger.entries if entry.side == "outflow"}
    assert booked["pumped_away"] == 0.0
    assert booked["overflow_lost"] == 0.0
    assert ledger.relative_error() < 1e-13
    depth = record.series["drainage", "node_depth"].of("tank")
    assert depth[-1] == pytest.approx(3.0, abs=1e-9)


def test_two_trucks_at_one_point_share_it(tmp_path: Path):
    depot = Depot(node="D", nameplate_m3_h=(720.0, 1440.0))
    record = run(ponds(A=0.5), tmp_path, 2.0, depots=(depot,), trucks_per_point=2)
    began = REPORTED + 100.0 + SET_UP
    assert times(record, "truck_stopped") == pytest.approx([began + 1500.0] * 2, abs=1e-6)
    pumped = events(record, "truck_total")["value"].tolist()
    assert pumped == pytest.approx([150.0, 300.0], rel=1e-9)


def test_a_truck_goes_on_to_the_next_point_when_one_is_dry(tmp_path: Path):
    """A first (deepest), then B: pack up, one more km, set up."""
    record = run(ponds(A=0.25, B=0.2), tmp_path, 4.0)
    dry = REPORTED + 100.0 + SET_UP + 200.0 / FLOW
    assert times(record, "truck_sent", detail="A") == [REPORTED]
    assert times(record, "truck_sent", detail="B") == pytest.approx([dry + PACK_UP])
    second = dry + PACK_UP + 100.0 + SET_UP
    assert times(record, "truck_pumping", detail="B") == pytest.approx([second])
    assert times(record, "truck_stopped", detail="B") == pytest.approx([second + 150.0 / FLOW])


def test_a_point_is_served_again_only_after_it_has_risen_anew(tmp_path: Path):
    """Left at 0.05 m it refills at 0.02 m3/s: reported 100 m3 later and 20 min on."""
    record = run(ponds(A=0.25), tmp_path, 8.0, inflows=(Inflow(node="A", baseline_m3s=0.02),))
    dry = REPORTED + 100.0 + SET_UP
    stopped = times(record, "truck_stopped")
    assert stopped[0] > dry
    again = stopped[0] + 100.0 / 0.02
    assert times(record, "waterlogged")[1] == pytest.approx(again, abs=1.0)
    assert times(record, "truck_sent")[1] == pytest.approx(again + REPORTED, abs=1.0)
    # it stands there already
    assert times(record, "truck_arrived")[1] == times(record, "truck_sent")[1]


@pytest.mark.parametrize(("order", "first"), [("worst_first", "C"), ("nearest_first", "A")])
def test_the_policy_decides_who_is_first(tmp_path: Path, order: str, first: str):
    record = run(ponds(A=0.2, C=0.28), tmp_path, 2.0, order=order)
    assert events(record, "truck_sent")["detail"].tolist()[0] == first


def test_a_prepositioned_truck_saves_the_way(tmp_path: Path):
    record = run(ponds(C=0.25), tmp_path, 2.0, start="prepositioned", sites=("B",))
    assert times(record, "truck_arrived") == pytest.approx([REPORTED + 100.0])


def test_a_flooded_road_makes_a_detour(tmp_path: Path):
    """B stands in 0.4 m: C is reached by the 6 km round the back."""
    streets = STREETS + DETOUR
    dry = run(ponds(C=0.25), tmp_path, 2.0, streets=streets)
    wet = run(ponds(C=0.45, B=0.4), tmp_path, 2.0, streets=streets)
    assert times(dry, "truck_arrived", detail="C") == pytest.approx([REPORTED + 300.0])
    assert times(wet, "truck_arrived", detail="C") == pytest.approx([REPORTED + 600.0])
    assert times(wet, "truck_waits") == []


def test_water_of_10_cm_slows_to_the_published_speed(tmp_path: Path):
    """v(100 mm) = 0.0009 100^2 - 0.5529 100 + 86.9448 = 40.65 km/h, on roads for 90 km/h."""
    streets = STREETS.replace("36", "90")
    record = run(ponds(C=0.25, B=0.1), tmp_path, 2.0, streets=streets)
    slow = 40.6548 / 3.6
    expected = 1000.0 / 25.0 + 1000.0 / slow + 1000.0 / slow
    assert times(record, "truck_arrived") == pytest.approx([REPORTED + expected], rel=1e-9)


def test_a_truck_waits_where_no_road_is_left(tmp_path: Path):
    """B fills over 0.3 m while the truck is on its way to A's far side, and is pumped later."""
    rising = (Inflow(node="B", baseline_m3s=0.2),)
    record = run(
        ponds(C=0.5, B=0.02), tmp_path, 3.0, inflows=rising, detection_median_min=22.0,
        streets=STREETS.replace("36", "7.2"),
    )  # fmt: skip
    # 1000 m at 2 m/s take 500 s; B is over 0.3 m after 1400 s, the truck at A after 1820 s
    (waits,) = events(record, "truck_waits").itertuples()
    assert waits.detail == "A"
    assert waits.time_s == pytest.approx(22 * 60.0 + 500.0)


def test_a_way_that_opens_is_taken(tmp_path: Path):
    """Two trucks: the one at A pumps B down; the other then gets through to C."""
    depots = (Depot(node="A", nameplate_m3_h=(720.0,)), Depot(node="D", nameplate_m3_h=(720.0,)))
    record = run(ponds(B=0.45, C=0.4), tmp_path, 8.0, depots=depots)
    opened = times(record, "truck_sent", detail="C")
    assert opened
    assert opened[0] > times(record, "truck_pumping", detail="B")[0]
    assert opened[0] % 300.0 == 0.0, "crews learn of it when depths are published"
    assert times(record, "truck_arrived", detail="C")


def test_no_truck_goes_where_no_hose_reaches(tmp_path: Path):
    record = run(ponds(C=0.5, B=0.3), tmp_path, 2.0, hose_m=150.0)
    assert set(events(record, "truck_sent")["detail"]) == {"B"}


def test_a_point_that_drains_before_anybody_comes_recalls_the_truck(tmp_path: Path):
    depots = (Depot(node="B", nameplate_m3_h=(7200.0,)), Depot(node="D", nameplate_m3_h=(720.0,)))
    record = run(
        ponds(B=0.25), tmp_path, 2.0, depots=depots, trucks_per_point=2, set_up_min=0.0,
        streets=STREETS.replace("36", "1.2"),
    )  # fmt: skip
    assert times(record, "truck_recalled", entity="T02")
    assert times(record, "truck_arrived", entity="T02") == []


def test_a_broken_truck_is_repaired_and_goes_on(tmp_path: Path):
    failures = TruckFailures(mean_time_to_failure_h=0.3, median_repair_h=0.25, repair_spread=0.0)
    record = run(ponds(A=0.5), tmp_path, 6.0, failures=failures)
    failed, repaired = times(record, "truck_failed"), times(record, "truck_repaired")
    assert failed
    assert repaired == pytest.approx([t + 900.0 for t in failed])
    spells = zip(times(record, "truck_pumping"), times(record, "truck_stopped"), strict=True)
    assert sum(end - start for start, end in spells) == pytest.approx(4500.0, abs=1e-6)


def test_every_policy_draws_the_same(tmp_path: Path):
    """Detection by point, duty and failures by truck: no policy is luckier than another."""
    failures = TruckFailures(mean_time_to_failure_h=0.5, median_repair_h=0.25)
    facts = {"failures": failures, "detection_spread": 0.5, "duty_low": 0.1, "duty_high": 0.9}
    arms = [
        run(ponds(A=0.6, B=0.3, C=0.5), tmp_path, 10.0, **facts, **policy)
        for policy in (
            {"order": "worst_first"},
            {"order": "nearest_first"},
            {"start": "prepositioned", "sites": ("B",)},
        )
    ]
    reports = [events(arm, "point_reported").set_index("entity")["value"] for arm in arms]
    first_flow = [events(arm, "truck_pumping")["value"].iloc[0] for arm in arms]
    repairs = [events(arm, "truck_repaired")["value"].iloc[0] for arm in arms]
    for k in (1, 2):
        assert reports[k].sort_index().to_dict() == reports[0].sort_index().to_dict()
    assert len(set(first_flow)) == len(set(repairs)) == 1
    other = run(ponds(A=0.6, B=0.3, C=0.5), tmp_path, 10.0, replication=1, **facts)
    assert events(other, "truck_pumping")["value"].iloc[0] != first_flow[0]


def test_a_shift_ends_and_the_next_crew_drives_out(tmp_path: Path):
    """Pumping stops at 1 h; the relief needs 100 s from the depot; with no relief, the rest."""
    two = Depot(node="D", nameplate_m3_h=(720.0,), crews=2)
    record = run(ponds(A=0.5), tmp_path, 4.0, depots=(two,), shift_h=1.0)
    assert times(record, "crew_off")[0] == pytest.approx(HOUR)
    assert times(record, "crew_on")[0] == pytest.approx(HOUR + 100.0)
    assert times(record, "truck_pumping")[1] == pytest.approx(HOUR + 100.0)
    one = Depot(node="D", nameplate_m3_h=(720.0,))
    record = run(ponds(A=0.5), tmp_path, 4.0, depots=(one,), shift_h=1.0, rest_h=2.0)
    assert times(record, "crew_on")[0] == pytest.approx(3 * HOUR + 100.0)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"depots": (Depot(node="X", nameplate_m3_h=(1.0,)),)}, "X"),
        ({"start": "prepositioned"}, "sites"),
        ({"trucks": 3}, "more trucks"),
        ({"discharge_nodes": ("A",)}, "drowned"),
        ({"discharge_nodes": ()}, "nowhere"),
        ({"dry_depth_m": 0.2}, "dry_depth_m"),
        ({"duty_low": 0.8}, "duty_low"),
        ({"flood_speed": "pregnolato"}, "did you mean"),
        ({"streets": STREETS.replace("D,A", "D,Q")}, "Q"),
        ({"streets": STREETS.replace("36", "fast")}, "fast"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_name(tmp_path: Path, changes: dict[str, object], named: str):
    with pytest.raises(InputError, match=named):
        run(ponds(A=0.5), tmp_path, 1.0, **changes)
