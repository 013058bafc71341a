"""Drainage on the clock: rain, stages, pumps, power, gates and rules act when they should."""

from datetime import datetime, timedelta, timezone

import numpy as np
import pytest

from sim.city import simulate
from sim.drainage import SYSTEM
from sim.drainage.elements import (
    Action,
    Conduit,
    CrossSection,
    Curve,
    Inflow,
    Junction,
    Orifice,
    Outfall,
    Premise,
    Pump,
    Rule,
    Series,
    Storage,
    Zone,
)
from sim.drainage.network import Network
from sim.drainage.spec import (
    DrainageSpec,
    GateOperation,
    GaugeRain,
    NestedRain,
    NetworkRain,
    PowerCut,
    PumpFailures,
    River,
)
from sim.drainage.tables import write_tables
from sim.kernel.errors import InputError

START = datetime(2021, 7, 20, 12, tzinfo=timezone(timedelta(hours=8)))
HOUR = 3600.0


def pumped_basin(**changes) -> Network:
    """A basin of 100 m2 filled at 0.1 m3/s and emptied at 0.4 between 1 m and 2 m."""
    parts = {
        "storages": (
            Storage(id="basin", invert_m=0.0, max_depth_m=10.0, initial_depth_m=1.5,
                    area_constant_m2=100.0),
        ),
        "outfalls": (Outfall(id="river", invert_m=8.0, boundary="fixed", stage_m=8.0),),
        "pumps": (
            Pump(id="pump", from_node="basin", to_node="river", pump_type="type2", curve="rate",
                 initially_on=False, startup_depth_m=2.0, shutoff_depth_m=1.0),
        ),
        "curves": (Curve(id="rate", kind="pump", points=((0.0, 0.4), (10.0, 0.4))),),
        "inflows": (Inflow(node="basin", baseline_m3s=0.1),),
    }  # fmt: skip
    return Network(**(parts | changes))


def run(network: Network, folder, hours: float, seed: int = 1, **spec):
    write_tables(network, folder / "net")
    section = DrainageSpec(**({"network": "net", "rain": NetworkRain()} | spec))
    inputs = SYSTEM.load(section, folder, START, hours * HOUR)
    return simulate({"drainage": inputs}, START, hours * HOUR, seed)


def times(record, kind: str, entity: str | None = None) -> list[float]:
    events = record.events
    mine = events[(events["kind"] == kind) & (entity is None or events["entity"] == entity)]
    return mine["time_s"].tolist()


def test_a_pump_cycles_at_its_switch_levels(tmp_path):
    """Up 0.5 m at 0.1 m3/s: 500 s; down 1 m at 0.3: 333.3 s; up 1 m: 1000 s; and so on."""
    record = run(pumped_basin(), tmp_path, 1.0)
    down, up = 100.0 / 0.3, 1000.0
    assert times(record, "pump_on") == pytest.approx(
        [500.0, 500 + down + up, 500 + 2 * (down + up)]
    )
    assert times(record, "pump_off")[0] == pytest.approx(500.0 + down)


def test_two_pumps_of_one_switch_level_both_start(tmp_path):
    one = pumped_basin().pumps[0]
    pumps = (one, one.model_copy(update={"id": "second", "to_node": "sea"}))
    outfalls = (*pumped_basin().outfalls, Outfall(id="sea", invert_m=8.0))
    record = run(pumped_basin(pumps=pumps, outfalls=outfalls), tmp_path, 0.5)
    assert times(record, "pump_on", "pump")[0] == times(record, "pump_on", "second")[0]


def test_a_power_cut_stops_the_pump_and_gives_it_back(tmp_path):
    cut = PowerCut(starts_at_h=550 / HOUR, lasts_h=100 / HOUR)
    record = run(pumped_basin(), tmp_path, 0.5, power_cuts=(cut,))
    assert times(record, "power_cut") == pytest.approx([550.0])
    assert times(record, "pump_off")[0] == pytest.approx(550.0)
    assert times(record, "power_back") == pytest.approx([650.0])
    assert times(record, "pump_on")[1] == pytest.approx(650.0)


def test_failures_draw_the_same_in_both_arms_and_differ_by_replication(tmp_path):
    """A change elsewhere leaves a pump's own failures as they were."""
    failures = PumpFailures(mean_time_to_failure_h=0.3, median_repair_h=0.1)
    first = run(pumped_basin(), tmp_path, 12.0, pump_failures=failures)
    again = run(pumped_basin(), tmp_path, 12.0, pump_failures=failures)
    other = run(pumped_basin(), tmp_path, 12.0, seed=2, pump_failures=failures)
    assert len(times(first, "pump_failed")) > 2
    assert times(first, "pump_failed") == times(again, "pump_failed")
    assert times(first, "pump_failed") != times(other, "pump_failed")


def test_failures_count_running_time_only(tmp_path):
    """The pump runs a quarter of the time, so failures come four times as rarely."""
    failures = PumpFailures(mean_time_to_failure_h=0.5, median_repair_h=0.001, repair_spread=0.0)
    record = run(pumped_basin(), tmp_path, 48.0, pump_failures=failures)
    expected = 48.0 * 0.25 / 0.5
    assert len(times(record, "pump_failed")) == pytest.approx(expected, abs=4 * expected**0.5)


def test_a_gate_set_by_hand_moves_at_its_moment(tmp_path):
    network = pumped_basin(
        pumps=(),
        curves=(),
        orifices=(
            Orifice(id="gate", from_node="basin", to_node="river", orientation="side",
                    offset_m=0.0, discharge_coefficient=0.65,
                    section=CrossSection(kind="rect_closed", depth_m=0.5, width_m=0.5)),
        ),
        outfalls=(Outfall(id="river", invert_m=0.0, boundary="fixed", stage_m=0.0),),
    )  # fmt: skip
    record = run(
        network, tmp_path, 2.0, gate_operations=(GateOperation(at_h=1.0, link="gate", setting=0.0),)
    )
    flow = record.series["drainage", "link_flow"]
    assert times(record, "gate") == [HOUR]
    assert flow.of("gate")[flow.time_s == HOUR] > 0.05
    assert (flow.of("gate")[flow.time_s > HOUR] == 0.0).all()


def test_a_rule_acts_when_its_level_is_met(tmp_path):
    rule = Rule(
        id="start",
        premises=(Premise(join="if", object="node", id="basin", attribute="depth", relation=">",
                          value=3.0),),
        then=(Action(link="pump", setting=1.0),),
    )  # fmt: skip
    pump = (
        pumped_basin().pumps[0].model_copy(update={"startup_depth_m": 0.0, "shutoff_depth_m": 0.0})
    )
    record = run(pumped_basin(rules=(rule,), pumps=(pump,)), tmp_path, 1.0)
    # 1.5 m more at 0.1 m3/s into 100 m2; the strict comparison holds from the next window on
    assert times(record, "pump_on") == [pytest.approx(1500.0, abs=61.0)]


def test_the_river_moves_at_its_knots(tmp_path):
    stages = tmp_path / "stage.csv"
    rows = [(0, 8.0), (30, 8.5), (60, 8.5), (90, 9.5), (120, 9.5)]
    stages.write_text(
        "time,stage_m\n"
        + "".join(f"{(START + timedelta(minutes=m)).isoformat()},{v}\n" for m, v in rows)
    )
    outfall = Outfall(id="river", invert_m=8.0, boundary="series", stage_series="old")
    network = pumped_basin(
        outfalls=(outfall,), series=(Series(id="old", points=((0.0, 8.0), (60.0, 8.0))),)
    )
    record = run(network, tmp_path, 2.0, river=River(file="stage.csv"))
    assert times(record, "stage") == [60.0 * m for m, _ in rows[:-1]] + [2 * HOUR]
    stage = record.series["drainage", "stage"]
    at = dict(zip(stage.time_s, stage.of("river"), strict=True))
    assert at[900.0] == pytest.approx(8.25, abs=1e-9)
    assert at[75 * 60.0] == pytest.approx(9.0, abs=1e-9)


def street() -> Network:
    return Network(
        junctions=(Junction(id="A", invert_m=1.0, max_depth_m=1.0, ponded_area_m2=400.0,
                            zone="Z"),),
        outfalls=(Outfall(id="OUT", invert_m=0.5),),
        conduits=(Conduit(id="C", from_node="A", to_node="OUT", length_m=50.0, roughness_n=0.013,
                          section=CrossSection(kind="circular", depth_m=0.3)),),
        inflows=(Inflow(node="A", series="burst"),),
        series=(Series(id="burst", points=((0.0, 0.5), (1800.0, 0.5), (1801.0, 0.0))),),
        zones=(Zone(id="Z", name_en="Z", name_zh="Z", kind="centre", allowed_recession_h=1.0),),
    )  # fmt: skip


def test_crossings_do_not_depend_on_the_report_grid(tmp_path):
    moments = [
        times(run(street(), tmp_path, 4.0, report_step_s=step), kind)
        for step in (60.0, 900.0)
        for kind in ("waterlogged", "drained")
    ]
    assert len(moments[0]) == len(moments[1]) == 1
    assert moments[0] == pytest.approx(moments[2], abs=1.0)
    assert moments[1] == pytest.approx(moments[3], abs=1.0)


def test_recorded_inflows_carry_every_drop(tmp_path):
    record = run(street(), tmp_path, 4.0)
    lateral = record.series["drainage", "lateral_inflow"]
    volume = float(np.sum(lateral.of("A")[1:] * np.diff(lateral.time_s)))
    ledger = record.ledgers.set_index("account")["amount"]
    assert volume == pytest.approx(ledger["inflows"], rel=1e-12)


def test_a_river_that_ends_too_soon_is_refused(tmp_path):
    (tmp_path / "stage.csv").write_text(
        "time,stage_m\n2021-07-20T12:00+08:00,8.0\n2021-07-20T13:00+08:00,8.0\n"
    )
    outfall = Outfall(id="river", invert_m=8.0, boundary="series", stage_series="old")
    network = pumped_basin(
        outfalls=(outfall,), series=(Series(id="old", points=((0.0, 8.0), (60.0, 8.0))),)
    )
    with pytest.raises(InputError, match="does not cover the run"):
        run(network, tmp_path, 2.0, river=River(file="stage.csv"))


@pytest.mark.parametrize(
    ("spec", "named"),
    [
        ({"power_cuts": (PowerCut(starts_at_h=1.0, lasts_h=1.0, pumps=("pumq",)),)}, "pumq"),
        ({"gate_operations": (GateOperation(at_h=1.0, link="gate9", setting=0.0),)}, "gate9"),
        ({"works": ("W99",)}, "W99"),
        ({"river": River(file="stage.csv", outfalls=("sea",))}, "sea"),
    ],
)
def test_an_unknown_name_is_refused_by_name(tmp_path, spec, named):
    with pytest.raises(InputError, match=named):
        run(pumped_basin(), tmp_path, 1.0, **spec)


def test_nested_rain_reaches_every_gauge_scaled(tmp_path):
    spec = DrainageSpec(
        network="two-basins.inp", rain=NestedRain(maxima=((1.0, 40.0), (3.0, 60.0)), peak_at_h=1.0),
        rain_multiplier=0.5,
    )  # fmt: skip
    folder = SYSTEM.example()[1]
    inputs = SYSTEM.load(spec, folder, START, 6 * HOUR)
    assert inputs.rain
    for rain in inputs.rain.values():
        assert rain.depth_mm == pytest.approx(30.0)
        assert rain.max_depth_mm(HOUR) == pytest.approx(20.0)
    assert any("reconstructed" in note for note in inputs.notes)


GAUGE = """time,value
2021-07-20T11:00+08:00,10
2021-07-20T12:00+08:00,20
2021-07-20T13:00+08:00,0
"""


@pytest.mark.parametrize(("starts_at_h", "depth_mm"), [(None, 20.0), (0.0, 30.0)])
def test_a_gauge_record_falls_at_its_calendar_time_unless_moved(tmp_path, starts_at_h, depth_mm):
    """The run starts at 12:00, so the hour before is over unless the record is moved."""
    (tmp_path / "gauge.csv").write_text(GAUGE)
    (tmp_path / "net.inp").write_text((SYSTEM.example()[1] / "two-basins.inp").read_text())
    spec = DrainageSpec(
        network="net.inp", rain=GaugeRain(file="gauge.csv", unit="mm", starts_at_h=starts_at_h)
    )
    inputs = SYSTEM.load(spec, tmp_path, START, 3 * HOUR)
    record = simulate({"drainage": inputs}, START, 3 * HOUR)
    area_m2 = 1e4 * sum(s.area_ha for s in inputs.network.subcatchments)
    fallen = record.ledgers.set_index("account")["amount"]["rain"]
    assert fallen == pytest.approx(depth_mm / 1000.0 * area_m2, rel=1e-9)


def test_a_gauge_record_of_another_day_is_refused(tmp_path):
    (tmp_path / "gauge.csv").write_text(GAUGE.replace("2021-07-20", "2019-07-20"))
    (tmp_path / "net.inp").write_text((SYSTEM.example()[1] / "two-basins.inp").read_text())
    spec = DrainageSpec(network="net.inp", rain=GaugeRain(file="gauge.csv", unit="mm"))
    with pytest.raises(InputError, match="outside the run"):
        SYSTEM.load(spec, tmp_path, START, 3 * HOUR)


def test_an_element_of_an_unknown_work_is_refused_even_when_nothing_is_built(tmp_path):
    """Left unseen it would silently never exist."""
    stray = pumped_basin().pumps[0].model_copy(update={"id": "stray", "work": "W99"})
    with pytest.raises(InputError, match="W99"):
        run(pumped_basin(pumps=(*pumped_basin().pumps, stray)), tmp_path, 0.1)


def test_steps_too_small_to_keep_are_refused(tmp_path):
    with pytest.raises(InputError, match="too many steps"):
        run(pumped_basin(), tmp_path, 1.0, report_step_s=1e-6)
