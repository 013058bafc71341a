"""Key figures of a fleet run, from its record and the constants of the case."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sim.fleet.rows import STREAMS
from sim.fleet.trace import activities
from sim.kernel.recorder import Record
from sim.kernel.system import Kpi, KpiDefinition, Label

if TYPE_CHECKING:
    from sim.fleet.inputs import FleetInputs

DAY_S = 86_400.0


def fleet_kpis(inputs: FleetInputs, record: Record) -> list[Kpi]:
    """Return the key figures of a run; see `DEFINITIONS` for what they mean."""
    events = record.events[record.events["system"] == "fleet"]
    by_kind = {
        str(kind): group for kind, group in events.groupby("kind", sort=False, observed=True)
    }
    done = activities(record, inputs.horizon_s)
    book = _book(record)
    return [
        *_collection(inputs, book, by_kind, done),
        *_driving(inputs, book, by_kind, done),
        *_waiting(inputs, done),
        *_plants(inputs, record, by_kind),
    ]


def _kpi(name: str, value: float | None, entity: str = "", status: str = "ok") -> Kpi:
    value = None if value is None else float(value)
    return Kpi(name=name, entity=entity, value=value, unit=_UNITS[name], status=status)


def _count(by_kind: dict[str, Any], kind: str) -> int:
    return len(by_kind[kind]) if kind in by_kind else 0


def _sum(by_kind: dict[str, Any], kind: str) -> float:
    return float(by_kind[kind]["value"].sum()) if kind in by_kind else 0.0


Book = dict[tuple[str, str, str], float]


def _book(record: Record) -> Book:
    """Return amounts by ledger, account and side."""
    names = ("ledger", "account", "side", "amount")
    rows = zip(*(record.ledgers[name].tolist() for name in names), strict=True)
    return {(ledger, account, side): amount for ledger, account, side, amount in rows}


def _collection(
    inputs: FleetInputs, book: Book, by_kind: dict[str, Any], done: Any
) -> Iterable[Kpi]:
    collected = done[done["kind"] == "collect"]
    stream_of = inputs.stream_of
    streams = np.array([stream_of[name] for name in collected["target"].tolist()], dtype=np.int64)
    kg = collected["amount"].to_numpy()
    for k in sorted(set(stream_of.values())):
        yield _kpi("collected_t", kg[streams == k].sum() / 1e3, STREAMS[k])
    yield _kpi("collected_t", kg.sum() / 1e3)
    there = book.get(("waste", "in_bins", "opening"), 0.0)
    there += book.get(("waste", "generated", "inflow"), 0.0)
    if there > 0.0:
        yield _kpi("collection_rate", 100.0 * kg.sum() / 1e3 / there)
    yield _kpi("stops_served", float(len(collected)))
    yield _kpi("stops_missed", float(_count(by_kind, "missed")))
    over = by_kind.get("overflow_kg")
    yield _kpi("overflow_points", 0.0 if over is None else float(over["entity"].nunique()))
    yield _kpi("overflow_events", float(_count(by_kind, "overflow")))
    yield _kpi("overflow_kg", _sum(by_kind, "overflow_kg"))
    yield _kpi("overflow_h", _sum(by_kind, "overflow_h"))


def _driving(inputs: FleetInputs, book: Book, by_kind: dict[str, Any], done: Any) -> Iterable[Kpi]:
    t: Any = inputs.tables
    spec = inputs.spec
    types = {row.id: row for row in t["truck_types"]}
    shifts = {row.id: row for row in t["shifts"]}
    type_of = {row.id: types[row.type] for row in t["trucks"]}
    shift_of = {row.id: shifts[row.shift] for row in t["trucks"]}
    drives = done[done["kind"] == "drive"]
    km = drives.groupby("truck", sort=True)["amount"].sum()
    yield _kpi("km", km.sum())
    litres = sum(type_of[truck].litre_per_km * value for truck, value in km.items())
    grid = book.get(("energy", "from_grid", "inflow"), 0.0)
    used = sum(
        book.get(("energy", account, "outflow"), 0.0)
        for account in ("driving", "lifting", "compaction", "auxiliaries")
    )
    yield _kpi("energy_used_kwh", used)
    yield _kpi("energy_charged_kwh", grid)
    yield _kpi("diesel_l", litres)
    yield _kpi("co2_kg", grid * spec.grid_kg_per_kwh + litres * spec.diesel_kg_per_litre)
    wages, hours, over = 0.0, by_kind.get("shift_ends"), by_kind.get("overtime")
    for table, kind in ((hours, "hours"), (over, "overtime")):
        if table is None:
            continue
        for truck, value in zip(table["entity"], table["value"], strict=True):
            shift = shift_of[truck]
            factor = 1.0 if kind == "hours" else shift.overtime_factor - 1.0
            wages += value * factor * shift.people * shift.cny_per_h
    begun = by_kind.get("shift_begins")
    days = [] if begun is None else list(begun["entity"])
    vehicles = sum(type_of[truck].cny_per_day for truck in days)
    vehicles += sum(type_of[truck].cny_per_km * value for truck, value in km.items())
    parts = {
        "energy": _sum(by_kind, "energy_cost"),
        "fuel": litres * spec.diesel_cny_per_litre,
        "wages": wages,
        "vehicles": vehicles,
    }
    for part, value in parts.items():
        yield _kpi("cost_cny", value, part)
    yield _kpi("cost_cny", sum(parts.values()))
    yield _kpi("trucks_used", float(len(set(days))))
    yield _kpi("overtime_h", _sum(by_kind, "overtime"))
    yield _kpi("breakdowns", float(_count(by_kind, "truck_down")))
    yield _kpi("flat_batteries", float(_count(by_kind, "flat")))
    yield _kpi("routes_changed", float(_count(by_kind, "route_changed")))
    charge = by_kind.get("lowest_charge")
    if charge is not None:
        for truck, value in zip(charge["entity"], charge["value"], strict=True):
            yield _kpi("lowest_charge_percent", value, truck)
        yield _kpi("lowest_charge_percent", float(charge["value"].min()))


def _waiting(inputs: FleetInputs, done: Any) -> Iterable[Kpi]:
    t: Any = inputs.tables
    waits = done[done["kind"] == "wait"]
    lasted = (waits["to_s"] - waits["from_s"]).to_numpy() / 3600.0
    where = waits["target"]
    for name, table, kind in (
        ("wait_bays_h", "sites", "unload"),
        ("wait_chargers_h", "chargers", "charge"),
    ):
        if not t[table]:
            continue
        ids = {row.id for row in t[table]}
        mine = where.isin(ids).to_numpy()
        yield _kpi(name, lasted[mine].sum())
        visits = int((done["kind"] == kind).sum())
        mean_name = "mean_" + name.removesuffix("_h") + "_min"
        if visits:
            yield _kpi(mean_name, 60.0 * lasted[mine].sum() / visits)
        longest = float(lasted[mine].max(initial=0.0))
        yield _kpi("longest_" + name.removesuffix("_h") + "_min", 60.0 * longest)


def _plants(inputs: FleetInputs, record: Record, by_kind: dict[str, Any]) -> Iterable[Kpi]:
    stock = record.series["fleet", "site_stock"]
    full = by_kind.get("site_full")
    t: Any = inputs.tables
    for row in t["sites"]:
        level = stock.of(row.id)
        yield _kpi("plant_backlog_t", float(level[-1]), row.id)
        yield _kpi("plant_backlog_max_t", float(level.max()), row.id)
        if row.buffer_t is None:
            continue
        since = [] if full is None else full.loc[full["entity"] == row.id, "time_s"].tolist()
        if since:
            yield _kpi("plant_full_after_d", min(since) / DAY_S, row.id)
        else:
            yield _kpi("plant_full_after_d", None, row.id, "not_full")


Better = Literal["lower", "higher", "none"]


def _define(
    name: str, unit: str, better: Better, en: str, zh: str, meaning: str, meaning_zh: str
) -> KpiDefinition:
    return KpiDefinition(name, Label(en, zh, unit), better, Label(meaning, meaning_zh))


# fmt: off
DEFINITIONS = (
    _define("collection_rate", "%", "higher", "Collection rate", "清运率",
            "Collected, of what was in bins at the start and came in since", "清运量占期初存量与新增量之和的比例"),
    _define("collected_t", "t", "higher", "Collected", "清运量",
            "Waste taken from collection points, in all and by stream", "从收集点收运的垃圾量，合计及按类别"),
    _define("stops_served", "", "none", "Stops served", "完成收运点次",
            "Times a collection point was served", "收集点被收运的次数"),
    _define("stops_missed", "", "lower", "Stops missed", "漏收点次",
            "Stops of a route, or due for one, that nobody served", "线路内或应安排而未被收运的点次"),
    _define("overflow_points", "", "lower", "Overflowing points", "满溢点数",
            "Points that ever held more than their bins", "曾超过桶容的收集点数"),
    _define("overflow_events", "", "lower", "Overflows", "满溢次数",
            "Times a point began to overflow", "收集点开始满溢的次数"),
    _define("overflow_kg", "kg", "lower", "Overflow", "满溢量",
            "Waste put beside full bins", "堆放在已满桶旁的垃圾量"),
    _define("overflow_h", "h", "lower", "Point-hours of overflow", "满溢点时",
            "Time that points overflowed, summed over points", "各收集点满溢时长之和"),
    _define("km", "km", "lower", "Distance", "行驶里程",
            "Driven by all trucks", "全部车辆行驶里程"),
    _define("energy_used_kwh", "kWh", "lower", "Energy used", "耗电量",
            "From batteries: driving, lifting, compaction, auxiliaries", "电池耗电：行驶、举升、压缩、附件"),
    _define("energy_charged_kwh", "kWh", "lower", "Energy from the grid", "充电电量（电网侧）",
            "Charged, with losses", "含损耗的充电电量"),
    _define("diesel_l", "L", "lower", "Diesel", "柴油",
            "Burnt by trucks without a battery", "非电动车辆消耗的柴油"),
    _define("co2_kg", "kg", "lower", "CO2", "二氧化碳排放",
            "Of the power charged and the diesel burnt", "充电用电与柴油对应的排放"),
    _define("cost_cny", "CNY", "lower", "Cost", "成本",
            "In all and by part: energy, fuel, wages, vehicles", "合计及分项：电费、燃料、人工、车辆"),
    _define("trucks_used", "", "lower", "Trucks used", "用车数",
            "Trucks that had a shift", "出勤的车辆数"),
    _define("overtime_h", "h", "lower", "Overtime", "加班时长",
            "Beyond the ends of shifts, summed over trucks", "超出班次结束的时长之和"),
    _define("breakdowns", "", "lower", "Breakdowns", "故障次数",
            "Times a truck broke down", "车辆故障次数"),
    _define("flat_batteries", "", "lower", "Flat batteries", "电池耗尽次数",
            "Times a battery was used up on the road; the run goes on as if it held more", "途中电池耗尽的次数(运行按欠电继续)"),
    _define("routes_changed", "", "none", "Routes changed", "线路调整次数",
            "Routes that the planner changed in mid-shift", "班中由调度调整的线路数"),
    _define("lowest_charge_percent", "%", "higher", "Lowest state of charge", "最低电量",
            "Lowest energy in a battery, of its capacity", "电池最低电量占容量的比例"),
    _define("wait_bays_h", "h", "lower", "Waiting at sites", "卸料等待时长",
            "Time trucks waited at disposal sites", "车辆在处置场所等待的总时长"),
    _define("mean_wait_bays_min", "min", "lower", "Mean wait at sites", "平均卸料等待",
            "Per unloading", "平均每次卸料"),
    _define("longest_wait_bays_min", "min", "lower", "Longest wait at sites", "最长卸料等待",
            "Longest single wait at a site", "单次最长等待"),
    _define("wait_chargers_h", "h", "lower", "Waiting at chargers", "充电等待时长",
            "Time trucks waited for a gun", "车辆等待充电枪的总时长"),
    _define("mean_wait_chargers_min", "min", "lower", "Mean wait at chargers", "平均充电等待",
            "Per piece of charging", "平均每次充电"),
    _define("longest_wait_chargers_min", "min", "lower", "Longest wait at chargers", "最长充电等待",
            "Longest single wait for a gun", "单次最长等待"),
    _define("plant_backlog_t", "t", "lower", "Backlog at the end", "期末积压量",
            "Waste at a site that is not processed at the end of the run", "运行结束时场所内未处理的垃圾量"),
    _define("plant_backlog_max_t", "t", "lower", "Largest backlog", "最大积压量",
            "Largest recorded stock of a site", "记录到的最大存量"),
    _define("plant_full_after_d", "d", "higher", "Buffer full after", "料仓满仓时间",
            "Days from the start until a site's buffer is full, or turns a load away", "自开始至料仓装满或拒收的天数"),
)
# fmt: on
_UNITS = {definition.name: definition.label.unit for definition in DEFINITIONS}
