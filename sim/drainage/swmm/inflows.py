"""[INFLOWS] and [DWF]: flows that enter at nodes, with their time patterns."""

from __future__ import annotations

from collections.abc import Mapping

from sim.drainage.elements import Inflow
from sim.drainage.swmm.lexer import Row
from sim.drainage.swmm.reading import Reading, bad, made, number, optional, text
from sim.drainage.swmm.tables import Book, Scale, Table

_FIELDS = {
    "HOURLY": "pattern_hourly",
    "DAILY": "pattern_daily",
    "MONTHLY": "pattern_monthly",
    "WEEKEND": "pattern_weekend",
}


def read_inflows(
    reading: Reading, series: Book, patterns: Mapping[str, Table]
) -> tuple[Inflow, ...]:
    """Return direct inflows, then dry-weather flows.

    A second line for the same node replaces the first, as in SWMM. A series counts as 0 before
    its first and after its last point.
    """
    flow = reading.units.flow_m3s
    direct: dict[str, Inflow] = {}
    dry: dict[str, Inflow] = {}

    def is_flow(row: Row) -> bool:
        if text(row, 1, "FLOW or a pollutant").upper().startswith("FLOW"):
            return True
        reading.note(row, f"inflow of '{row[1]}': water quality is not imported")
        return False

    def inflow(row: Row) -> None:
        node = reading.refer("node", row, 0)
        if not is_flow(row):
            return
        used = None
        text(row, 2, "the series' id")
        if optional(row, 2) is not None:
            used = series.use(reading, reading.refer("series", row, 2), Scale("flow", 1.0, flow))
        pattern = [reading.refer("pattern", row, 7)] if optional(row, 7) else []
        if node in direct:
            reading.note(row, f"replaces the earlier inflow at node '{node}'")
        direct[node] = made(
            Inflow,
            node=node,
            series=used,
            scale=number(row, 5, "the scale factor", default=1.0),
            baseline_m3s=number(row, 6, "the baseline", default=0.0) * flow,
            **_patterns(row, [patterns[name] for name in pattern]),
        )

    def dry_weather(row: Row) -> None:
        node = reading.refer("node", row, 0)
        if not is_flow(row):
            return
        names = [reading.refer("pattern", row, k) for k in range(3, 7) if optional(row, k)]
        if node in dry:
            reading.note(row, f"replaces the earlier dry-weather flow at node '{node}'")
        dry[node] = made(
            Inflow,
            node=node,
            baseline_m3s=number(row, 2, "the average flow") * flow,
            **_patterns(row, [patterns[name] for name in names]),
        )

    reading.each("INFLOWS", inflow)
    reading.each("DWF", dry_weather)
    return (*direct.values(), *dry.values())


def _patterns(row: Row, tables: list[Table]) -> dict[str, tuple[float, ...]]:
    fields: dict[str, tuple[float, ...]] = {}
    for table in tables:
        name = _FIELDS[table.kind]
        if name in fields:
            raise bad(row, f"two {table.kind} patterns", table.id, "one pattern of each type")
        fields[name] = tuple(table.values)
    return fields
