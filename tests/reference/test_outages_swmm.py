"""Power cuts, failures and hand settings beside EPA SWMM: both engines mean the same by them."""

import pytest

from sim.city import simulate
from sim.drainage import SYSTEM
from sim.drainage.elements import Action, Curve, Inflow, Outfall, Premise, Pump, Rule, Storage
from sim.drainage.network import Network
from sim.drainage.reference import run_reference
from sim.drainage.spec import DrainageSpec, GateOperation, NetworkRain, PowerCut, PumpFailures
from sim.drainage.tables import write_tables
from tests.reference.test_structures_swmm import START

HOUR = 3600.0
ONE = (PowerCut(starts_at_h=1, lasts_h=1),)
TWO = (PowerCut(starts_at_h=1, lasts_h=1), PowerCut(starts_at_h=3, lasts_h=1))
OVERLAPPING = (PowerCut(starts_at_h=1, lasts_h=2), PowerCut(starts_at_h=2, lasts_h=2))
AT_ONCE = (PowerCut(starts_at_h=0, lasts_h=1),)
SHORT = (PowerCut(starts_at_h=0.25, lasts_h=0.25),)


def switch(name: str, relation: str, depth_m: float, setting: float, **more) -> Rule:
    premise = Premise(
        join="if", object="node", id="A", attribute="depth", relation=relation, value=depth_m
    )
    return Rule(id=name, premises=(premise,), then=(Action(link="P", setting=setting),), **more)


BY_RULES = (switch("up", ">", 2.0, 1.0, priority=7.0), switch("down", "<", 1.5, 0.0))


def basin(flow_m3s: float, rules=(), **pump) -> Network:
    return Network(
        storages=(
            Storage(id="A", invert_m=0.0, max_depth_m=6.0, initial_depth_m=1.0,
                    area_constant_m2=1000.0),
        ),
        outfalls=(Outfall(id="O", invert_m=10.0),),
        pumps=(Pump(id="P", from_node="A", to_node="O", pump_type="type4", curve="C", **pump),),
        curves=(Curve(id="C", kind="pump", points=((0.0, flow_m3s), (6.0, flow_m3s))),),
        inflows=(Inflow(node="A", baseline_m3s=0.1),),
        rules=rules,
    )  # fmt: skip


def depths(network: Network, folder, *, with_record: bool = True, hours: float = 6.0, **spec):
    """Return the basin's depth in the native engine and in SWMM, once a minute."""
    write_tables(network, folder / "net")
    section = DrainageSpec(network="net", rain=NetworkRain(), report_step_s=60.0, **spec)
    inputs = SYSTEM.load(section, folder, START, hours * HOUR)
    record = simulate({"drainage": inputs}, START, hours * HOUR)
    beside = run_reference(inputs, record if with_record else None, hours * HOUR, START)
    return [one.series["drainage", "node_depth"].of("A") for one in (record, beside)]


@pytest.mark.parametrize(
    ("cuts", "with_record"),
    [(ONE, False), (TWO, True), (OVERLAPPING, False), (AT_ONCE, True), (SHORT, False)],
    ids=["one", "two", "overlapping", "at once", "short"],
)
@pytest.mark.parametrize(
    "network",
    [
        basin(0.1),
        basin(0.1, initially_on=False),
        basin(0.3, startup_depth_m=2.0, shutoff_depth_m=0.5),
        basin(0.3, startup_depth_m=2.0, shutoff_depth_m=0.5, initially_on=False),
        basin(0.5, BY_RULES, initially_on=False),
    ],
    ids=["on", "off", "levels on", "levels off", "rules"],
)
def test_a_pump_cut_off_resumes_alike_in_both(tmp_path, network, cuts, with_record):
    mine, swmm = depths(network, tmp_path, with_record=with_record, power_cuts=cuts)
    assert mine == pytest.approx(swmm, abs=0.02)


def test_a_pump_broken_and_cut_off_resumes_alike_in_both(tmp_path):
    failures = PumpFailures(mean_time_to_failure_h=1.0, median_repair_h=0.5)
    mine, swmm = depths(basin(0.12), tmp_path, hours=12.0, power_cuts=TWO, pump_failures=failures)
    assert mine == pytest.approx(swmm, abs=0.02)
    assert mine.max() > 2.0  # as without failures


def test_a_hand_setting_holds_over_rules_and_levels_until_the_next(tmp_path):
    by_hand = (
        GateOperation(at_h=3.0, link="P", setting=1.0),
        GateOperation(at_h=1.0, link="P", setting=0.0),
        GateOperation(at_h=5.0, link="P", setting=0.5),
    )
    network = basin(0.3, BY_RULES, startup_depth_m=2.0, shutoff_depth_m=0.5)
    mine, swmm = depths(network, tmp_path, gate_operations=by_hand, power_cuts=SHORT)
    assert mine == pytest.approx(swmm, abs=0.02)
    assert mine[180] == pytest.approx(mine[60] + 0.72, abs=1e-3)  # rules would have pumped


def test_a_rule_holds_over_a_shutoff_level(tmp_path):
    always = Rule(
        id="always",
        premises=(Premise(join="if", object="simulation", attribute="time", relation=">=",
                          value=0.0),),
        then=(Action(link="P", setting=1.0),),
    )  # fmt: skip
    mine, swmm = depths(basin(0.3, (always,), startup_depth_m=2.0, shutoff_depth_m=0.5), tmp_path)
    assert mine == pytest.approx(swmm, abs=0.02)
    assert mine[-1] < 1e-6


def test_the_reference_starts_from_the_first_depths(tmp_path):
    mine, swmm = depths(basin(0.1), tmp_path, hours=1.0)
    assert mine[0] == swmm[0] == 1.0
