"""What we need of SWMM's report file: errors, warnings and the continuity tables."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_ROW = re.compile(
    r"^\s*(?P<name>[A-Za-z][^.]*?)\s*\.{2,}\s+(?P<first>-?\d\S*)(?:\s+(?P<second>-?\d\S*))?"
)
_ERROR = re.compile(r"^\s*ERROR\s+(\d+):\s*(.*)$")
_WARNING = re.compile(r"^\s*WARNING\s+(\d+):\s*(.*)$")
_RUNOFF = "Runoff Quantity Continuity"
_ROUTING = "Flow Routing Continuity"
_ERROR_ROW = "Continuity Error (%)"
# Three decimals of a volume: we read the finer of the two columns. Acre-feet are finer than
# 10^6 gallons; 10^6 litres, which only the routing table has, finer than hectare-metres.
_ACRE_FOOT_M3 = 43560 * 0.3048**3
_HECTARE_METRE_M3 = 1e4
_MEGALITRE_M3 = 1e3


@dataclass(frozen=True)
class Report:
    """The parsed report. Volumes in m3 by SWMM's own row names; errors in percent, None if the
    process was not simulated."""

    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    runoff_volumes_m3: dict[str, float] = field(default_factory=dict)
    routing_volumes_m3: dict[str, float] = field(default_factory=dict)
    runoff_error_percent: float | None = None
    routing_error_percent: float | None = None


def parse_report(text: str) -> Report:
    """Return the parts of the report this package uses."""
    errors: list[str] = []
    warnings: list[str] = []
    tables: dict[str, dict[str, float]] = {}
    table: dict[str, float] | None = None
    factor, column = 1.0, "first"
    lines = text.splitlines()
    for k, line in enumerate(lines):
        found = _ERROR.match(line)
        if found:
            # the line of the input that SWMM quotes follows
            quoted = lines[k + 1].strip() if k + 1 < len(lines) else ""
            errors.append(f"ERROR {found[1]}: {found[2].strip()} {quoted}".strip())
            continue
        found = _WARNING.match(line)
        if found:
            warnings.append(f"WARNING {found[1]}: {found[2].strip()}")
            continue
        title = next((name for name in (_RUNOFF, _ROUTING) if name in line), None)
        if title:
            table = tables.setdefault(title, {})
            column = "second" if "10^6 ltr" in line else "first"
            factor = _HECTARE_METRE_M3 if "hectare" in line else _ACRE_FOOT_M3
            factor = _MEGALITRE_M3 if column == "second" else factor
            continue
        if table is None:
            continue
        row = _ROW.match(line)
        if row:
            name = row["name"].strip()
            if name == _ERROR_ROW:
                table[name] = float(row["first"])
                table = None
            else:
                table[name] = float(row[column] or row["first"]) * factor
    runoff, routing = tables.get(_RUNOFF, {}), tables.get(_ROUTING, {})
    runoff_error = runoff.pop(_ERROR_ROW, None)
    routing_error = routing.pop(_ERROR_ROW, None)
    return Report(tuple(errors), tuple(warnings), runoff, routing, runoff_error, routing_error)
