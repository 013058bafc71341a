"""Rules act at the exact moment, strict comparisons too."""

import pytest

from sim.drainage.elements import Action, Curve, Inflow, Outfall, Premise, Pump, Rule, Storage
from sim.drainage.network import Network
from sim.drainage.spec import GateOperation
from tests.unit.drainage.test_model import run, times


def rule(name: str, setting: float, **premise) -> Rule:
    return Rule(
        id=name, premises=(Premise(join="if", **premise),),
        then=(Action(link="P", setting=setting),),
    )  # fmt: skip


def basin(*rules: Rule, **pump) -> Network:
    """100 m2, filled at 0.03 m3/s, emptied at 0.1."""
    return Network(
        storages=(Storage(id="A", invert_m=3.0, max_depth_m=9.0, area_constant_m2=100.0),),
        outfalls=(Outfall(id="O", invert_m=10.0),),
        pumps=(
            Pump(**({"id": "P", "from_node": "A", "to_node": "O", "pump_type": "type4",
                     "curve": "C", "initially_on": False} | pump)),
        ),
        curves=(Curve(id="C", kind="pump", points=((0.0, 0.1), (9.0, 0.1))),),
        inflows=(Inflow(node="A", baseline_m3s=0.03),),
        rules=rules,
    )  # fmt: skip


@pytest.mark.parametrize("relations", [(">", "<"), (">=", "<=")])
@pytest.mark.parametrize(("attribute", "high", "low"), [("depth", 2.0, 1.0), ("head", 5.0, 4.0)])
def test_levels_act_when_they_are_crossed(tmp_path, attribute, high, low, relations):
    on = rule("on", 1.0, object="node", id="A", attribute=attribute, relation=relations[0],
              value=high)  # fmt: skip
    off = rule("off", 0.0, object="node", id="A", attribute=attribute, relation=relations[1],
               value=low)  # fmt: skip
    record = run(basin(on, off), tmp_path, 3.0, report_step_s=3600.0)
    filled = 200.0 / 0.03
    assert times(record, "pump_on")[0] == pytest.approx(filled)
    assert times(record, "pump_off")[0] == pytest.approx(filled + 100.0 / 0.07)


@pytest.mark.parametrize("relation", [">", ">=", "="])
def test_a_duration_acts_when_it_is_over(tmp_path, relation):
    off = rule("off", 0.0, object="link", id="P", attribute="timeopen", relation=relation,
               value=600.0)  # fmt: skip
    network = basin(off, startup_depth_m=2.013, shutoff_depth_m=0.2)
    record = run(network, tmp_path, 3.0, report_step_s=3600.0)
    assert times(record, "pump_on")[0] == pytest.approx(6710.0)
    assert times(record, "pump_off")[0] == pytest.approx(7310.0)


@pytest.mark.parametrize("relation", [">", ">="])
def test_a_time_acts_when_it_comes(tmp_path, relation):
    on = rule("on", 1.0, object="simulation", attribute="time", relation=relation, value=3700.0)
    record = run(basin(on), tmp_path, 3.0, report_step_s=3600.0)
    assert times(record, "pump_on") == pytest.approx([3700.0])


def test_a_rule_holds_each_time_it_is_evaluated(tmp_path):
    """The shutoff level is met at 2857 s, but the rule still wants the pump."""
    on = rule("on", 1.0, object="simulation", attribute="time", relation=">=", value=0.0)
    network = basin(on, startup_depth_m=2.0, shutoff_depth_m=0.5)
    storage = network.storages[0].model_copy(update={"initial_depth_m": 2.5})
    network = network.model_copy(update={"storages": (storage,)})
    record = run(network, tmp_path, 2.0, report_step_s=300.0)
    assert times(record, "pump_on") == [0.0]
    assert times(record, "pump_off") == []


def test_a_rule_reads_a_basins_own_volume(tmp_path):
    on = rule("on", 1.0, object="node", id="A", attribute="volume", relation=">=", value=150.0)
    record = run(basin(on), tmp_path, 2.0, report_step_s=60.0)
    assert times(record, "pump_on")[0] == pytest.approx(5000.0, abs=60.0)


def test_a_hand_setting_is_not_overridden(tmp_path):
    on = rule("on", 1.0, object="simulation", attribute="time", relation=">=", value=0.0)
    by_hand = tuple(GateOperation(at_h=h, link="P", setting=s) for h, s in ((1.0, 0.0), (1.5, 1.0)))
    record = run(basin(on), tmp_path, 2.0, gate_operations=by_hand)
    assert times(record, "pump_on") == [0.0, 5400.0]
    assert times(record, "pump_off") == [3600.0]
