"""Key figures of pump trucks, computed from a run's record alone."""

from __future__ import annotations

from sim.kernel.recorder import Record
from sim.kernel.system import Kpi, KpiDefinition, Label


def emergency_kpis(record: Record) -> list[Kpi]:
    """Return what the trucks did; nothing for a run without any.

    The response time of a point runs from the moment it is waterlogged to the first truck that
    pumps there; points that nobody came to have none.
    """
    events = record.events
    totals = events[events["kind"] == "truck_total"]
    if not len(totals):
        return []
    pumping = events[events["kind"] == "truck_pumping"].drop_duplicates("detail")
    risen = events[events["kind"] == "waterlogged"].groupby("entity")["time_s"]
    waits = []
    for point, began_s in zip(pumping["detail"], pumping["time_s"], strict=True):
        before = [t for t in risen.get_group(point) if t <= began_s]
        waits.append((began_s - before[-1]) / 3600.0)
    mean = sum(waits) / len(waits) if waits else None
    volume = float(totals["value"].sum())
    return [
        Kpi(name="trucks_pumped_m3", entity="", value=volume, unit="m3"),
        Kpi(name="points_pumped", entity="", value=float(len(waits)), unit=""),
        Kpi(
            name="truck_response_h", entity="", value=mean, unit="h",
            status="ok" if waits else "none",
        ),
    ]  # fmt: skip


EMERGENCY_DEFINITIONS = (
    KpiDefinition(
        name="trucks_pumped_m3",
        label=Label(en="Pumped by trucks", zh="泵车抽排量", unit="m3"),
        better="higher",
        description=Label(
            en="Water that the pump trucks took from the streets", zh="移动泵车从路面抽走的水量"
        ),
    ),
    KpiDefinition(
        name="points_pumped",
        label=Label(en="Points pumped", zh="抽排积水点数"),
        better="higher",
        description=Label(en="Points where a truck pumped", zh="有泵车抽排的积水点数"),
    ),
    KpiDefinition(
        name="truck_response_h",
        label=Label(en="Time to the first truck", zh="首车抽排响应时间", unit="h"),
        better="lower",
        description=Label(
            en="From waterlogging to the first pumping, mean over the points pumped",
            zh="自积水至首台泵车开始抽排，按有泵车抽排的积水点平均",
        ),
    ),
)
