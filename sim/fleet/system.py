"""The sanitation fleet as a system of the city: specification, labels, how it starts, figures."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sim.fleet.inputs import FleetInputs, load_fleet
from sim.fleet.kpis import DEFINITIONS, fleet_kpis
from sim.fleet.model import FleetRun
from sim.fleet.spec import FleetSpec
from sim.kernel.recorder import Record
from sim.kernel.system import Kpi, Label, Run

_ROOT = Path(__file__).resolve().parents[2]

_LABELS = {
    # series
    "site_stock": Label("Stock at site", "场所存量", "t"),
    "trucks_waiting": Label("Trucks waiting", "排队车辆", "1"),
    "charging_power": Label("Charging power", "充电功率", "kW"),
    "in_bins": Label("Waste at points", "收集点存量", "t"),
    # what a truck does
    "drive": Label("Drives", "行驶", "km"),
    "wait": Label("Waits", "等待"),
    "collect": Label("Collects", "收运", "kg"),
    "rest": Label("Rests", "休息"),
    "unload": Label("Unloads", "卸料", "kg"),
    "charge": Label("Charges", "充电", "kWh"),
    "repair": Label("Is repaired", "抢修"),
    "idle": Label("Idle", "空闲"),
    "battery": Label("Energy in battery", "电池电量", "kWh"),
    # what happens
    "shift_begins": Label("Shift begins", "班次开始"),
    "shift_ends": Label("Shift ends", "班次结束", "h"),
    "overtime": Label("Overtime", "加班", "h"),
    "kept_load": Label("Came home loaded", "带载回场", "kg"),
    "missed": Label("Stop missed", "漏收"),
    "left_rest": Label("Point not emptied", "未收净", "kg"),
    "overflow": Label("Point overflows", "收集点满溢"),
    "overflow_kg": Label("Overflow of the point", "该点满溢量", "kg"),
    "overflow_h": Label("Point overflowed", "该点满溢时长", "h"),
    "point_calls": Label("Point calls for collection", "收集点呼叫收运", "kg"),
    "truck_down": Label("Truck breaks down", "车辆故障"),
    "truck_back": Label("Truck repaired", "车辆修复", "h"),
    "route_changed": Label("Route changed", "线路调整"),
    "site_stopped": Label("Site stops", "场所停运"),
    "site_resumed": Label("Site resumes", "场所恢复"),
    "site_full": Label("Buffer full", "料仓已满", "t"),
    "site_has_room": Label("Buffer has room again", "料仓恢复接收", "t"),
    "line_failed": Label("Line fails", "处理线故障"),
    "line_repaired": Label("Line repaired", "处理线修复"),
    "gun_failed": Label("Charging gun fails", "充电枪故障"),
    "gun_repaired": Label("Charging gun repaired", "充电枪修复"),
    "hauled": Label("Hauled on", "转运外运", "t"),
    "energy_cost": Label("Cost of charging", "充电电费", "CNY"),
    "lowest_charge": Label("Lowest charge of the truck", "该车最低电量", "%"),
    # ledger accounts
    "generated": Label("Put out", "产生量", "t"),
    "beside_bins": Label("Beside full bins", "桶外满溢", "t"),
    "on_trucks": Label("On trucks", "车上", "t"),
    "at_sites": Label("At sites", "场所内", "t"),
    "from_others": Label("Delivered by others", "其他来料", "t"),
    "processed": Label("Processed", "已处理", "t"),
    "hauled_on": Label("On the way to the next site", "转运途中", "t"),
    "in_batteries": Label("In batteries", "电池内", "kWh"),
    "from_grid": Label("From the grid", "电网供电", "kWh"),
    "charging_losses": Label("Charging losses", "充电损耗", "kWh"),
    "driving": Label("Driving", "行驶", "kWh"),
    "lifting": Label("Lifting", "举升", "kWh"),
    "compaction": Label("Compaction", "压缩", "kWh"),
    "auxiliaries": Label("Auxiliaries", "附件", "kWh"),
}


class Fleet:
    """The fleet: points that fill, trucks, sites, chargers."""

    name = "fleet"
    Spec = FleetSpec
    labels = _LABELS | {kpi.name: kpi.label for kpi in DEFINITIONS}
    kpi_definitions = DEFINITIONS

    def load(self, spec: FleetSpec, folder: Path, start: datetime, horizon_s: float) -> FleetInputs:
        return load_fleet(spec, folder, start, horizon_s)

    def start(self, inputs: FleetInputs, run: Run) -> None:
        FleetRun(inputs, run)

    def kpis(self, inputs: FleetInputs, record: Record) -> list[Kpi]:
        return fleet_kpis(inputs, record)

    def example(self) -> tuple[FleetSpec, Path]:
        """Return a district of a dozen points, with two streams and three trucks."""
        return FleetSpec(tables="fleet"), _ROOT / "data" / "examples"


SYSTEM = Fleet()
