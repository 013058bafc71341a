"""Drainage as a system of the city: its specification, its labels, how it starts, its figures."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sim.drainage.emergency_kpis import EMERGENCY_DEFINITIONS, emergency_kpis
from sim.drainage.inputs import DrainageInputs, load_drainage
from sim.drainage.kpis import DEFINITIONS, drainage_kpis
from sim.drainage.model import DrainageRun
from sim.drainage.spec import DrainageSpec, NetworkRain
from sim.drainage.uncertainty import varied
from sim.kernel.recorder import Record
from sim.kernel.system import Kpi, Label, Run

_ROOT = Path(__file__).resolve().parents[2]

_LABELS = {
    # series
    "ponded_depth": Label("Ponded depth", "积水深度", "m"),
    "node_depth": Label("Water depth at node", "节点水深", "m"),
    "ponded_volume": Label("Ponded volume", "积水量", "m3"),
    "outfall_flow": Label("Flow at outfall", "排放口流量", "m3/s"),
    "link_flow": Label("Flow in link", "管段流量", "m3/s"),
    "rain": Label("Rain", "降雨强度", "mm/h"),
    "stage": Label("River stage at outfall", "排放口河道水位", "m"),
    "lateral_inflow": Label("Inflow to node", "节点入流", "m3/s"),
    # events
    "waterlogged": Label("Waterlogged", "开始积水"),
    "drained": Label("Drained", "积水退去"),
    "rain_block": Label("Rain changes", "雨强变化", "mm/h"),
    "rain_end": Label("Rain ends", "雨停"),
    "peak_depth": Label("Deepest", "最大积水深", "m"),
    "pump_on": Label("Pump on", "水泵启动"),
    "pump_off": Label("Pump off", "水泵停止"),
    "pump_failed": Label("Pump failed", "水泵故障"),
    "pump_repaired": Label("Pump repaired", "水泵修复", "h"),
    "power_cut": Label("Power cut", "停电"),
    "power_back": Label("Power back", "恢复供电"),
    "gate": Label("Gate set", "闸门调整"),
    "point_reported": Label("Point reported", "发现积水", "min"),
    "truck_sent": Label("Truck sent", "泵车派出", "min"),
    "truck_waits": Label("Truck waits for a road", "泵车因道路积水等待"),
    "truck_arrived": Label("Truck arrived", "泵车到场"),
    "truck_recalled": Label("Truck recalled", "泵车召回"),
    "truck_blocked": Label("Discharge full", "排放去处已满"),
    "truck_hose": Label("Hose laid", "泵车接好水带", "m"),
    "truck_pumping": Label("Truck pumps", "泵车开始抽排", "m3/s"),
    "truck_stopped": Label("Truck stops", "泵车停止抽排", "m3"),
    "truck_failed": Label("Truck's pump failed", "泵车水泵故障"),
    "truck_repaired": Label("Truck's pump repaired", "泵车水泵修复", "h"),
    "truck_total": Label("Pumped by the truck", "泵车总抽排量", "m3"),
    "crew_off": Label("Crew goes off", "班组下班"),
    "crew_on": Label("Crew takes over", "班组接班"),
    "truck_flow": Label("Flow of the truck", "泵车流量", "m3/s"),
    # ledger accounts
    "pumped_away": Label("Pumped away by trucks", "泵车抽排(流出模型)", "m3"),
    "network": Label("Water in the network", "管网蓄水", "m3"),
    "inflows": Label("Inflows", "外来入流", "m3"),
    "river_backflow": Label("Backflow from the river", "河水倒灌", "m3"),
    "infiltration": Label("Infiltration", "下渗", "m3"),
    "runoff_elsewhere": Label("Runoff out of the model", "流出模型的径流", "m3"),
    "outfalls": Label("Outfalls", "排放口出流", "m3"),
    "overflow_lost": Label("Overflow, lost", "溢流(流出模型)", "m3"),
    "withdrawals": Label("Withdrawals", "取水", "m3"),
    "surface": Label("On the catchments", "地表滞蓄", "m3"),
    "ponded": Label("Ponded", "积水", "m3"),
    "swmm_continuity_error": Label("SWMM's continuity error", "SWMM 连续性误差", "m3"),
}


class Drainage:
    """The drainage system: `native` on the clock, or a whole run by SWMM as reference."""

    name = "drainage"
    Spec = DrainageSpec
    labels = _LABELS | {kpi.name: kpi.label for kpi in (*DEFINITIONS, *EMERGENCY_DEFINITIONS)}
    kpi_definitions = (*DEFINITIONS, *EMERGENCY_DEFINITIONS)

    def load(
        self, spec: DrainageSpec, folder: Path, start: datetime, horizon_s: float
    ) -> DrainageInputs:
        return load_drainage(spec, folder, start, horizon_s)

    def start(self, inputs: DrainageInputs, run: Run) -> None:
        inputs = varied(inputs, run.streams)
        if inputs.spec.engine == "swmm":
            # only a run that asks for SWMM needs its library
            from sim.drainage.reference import start_reference

            start_reference(inputs, run)
        else:
            DrainageRun(inputs, run)

    def kpis(self, inputs: DrainageInputs, record: Record) -> list[Kpi]:
        horizon_s = float(record.series[("drainage", "ponded_volume")].time_s[-1])
        kpis = drainage_kpis(record, inputs.points, inputs.network.zones, horizon_s)
        return [*kpis, *emergency_kpis(record)]

    def example(self) -> tuple[DrainageSpec, Path]:
        """Two basins, a pump and a weir: the SWMM example file of the library."""
        spec = DrainageSpec(network="two-basins.inp", rain=NetworkRain())
        return spec, _ROOT / "data" / "examples"


SYSTEM = Drainage()
