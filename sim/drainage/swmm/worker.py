"""One SWMM run in a process of its own. Run as a script; imports nothing of this package.

SWMM holds its project in global variables, so one process may run it once; a crash of the C code
then costs only this process. Arguments: input, report, binary output, and the ``.npz`` to write.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from swmm.toolkit import output, shared_enum, solver

# name in the archive -> (family, SWMM's index of the variable)
VARIABLES = {
    "node_depth": ("node", "INVERT_DEPTH"),
    "node_head": ("node", "HYDRAULIC_HEAD"),
    "node_volume": ("node", "PONDED_VOLUME"),
    "node_lateral_inflow": ("node", "LATERAL_INFLOW"),
    "node_total_inflow": ("node", "TOTAL_INFLOW"),
    "node_flooding": ("node", "FLOODING_LOSSES"),
    "link_flow": ("link", "FLOW_RATE"),
    "link_depth": ("link", "FLOW_DEPTH"),
    "link_velocity": ("link", "FLOW_VELOCITY"),
    "link_volume": ("link", "FLOW_VOLUME"),
    "link_capacity": ("link", "CAPACITY"),
    "subcatchment_rain": ("subcatch", "RAINFALL"),
    "subcatchment_infiltration": ("subcatch", "INFIL_LOSS"),
    "subcatchment_runoff": ("subcatch", "RUNOFF_RATE"),
}
_ATTRIBUTES = {
    "node": "NodeAttribute",
    "link": "LinkAttribute",
    "subcatch": "SubcatchAttribute",
}
_ELEMENTS = {"node": "NODE", "link": "LINK", "subcatch": "SUBCATCH"}
_ORDER = ("subcatch", "node", "link")  # as the output file counts its elements


def main(inp: str, rpt: str, out: str, npz: str) -> None:
    started_s = time.process_time()
    solver.swmm_run(inp, rpt, out)
    elapsed_s = time.process_time() - started_s
    handle = output.init()
    output.open(handle, out)
    try:
        arrays = _arrays(handle)
    finally:
        output.close(handle)
    arrays["elapsed_s"] = np.float64(elapsed_s)
    with Path(npz).open("wb") as file:
        np.savez(file, **arrays)


def _arrays(handle: Any) -> dict[str, Any]:
    counts = dict(zip(_ORDER, output.get_proj_size(handle), strict=False))
    periods = output.get_times(handle, shared_enum.Time.NUM_PERIODS)
    system, flow = output.get_units(handle)[:2]
    arrays: dict[str, Any] = {
        "units": np.array([system, flow]),
        "step_s": np.float64(output.get_times(handle, shared_enum.Time.REPORT_STEP)),
        "start_day": np.float64(output.get_start_date(handle)),
        "periods": np.int64(periods),
        "version": np.int64(output.get_version(handle)),
    }
    for family, element in _ELEMENTS.items():
        kind = getattr(shared_enum.ElementType, element)
        ids = [output.get_elem_name(handle, kind, k) for k in range(counts[family])]
        arrays[f"{family}_ids"] = np.frombuffer(json.dumps(ids).encode(), np.uint8)
    for name, (family, attribute) in VARIABLES.items():
        code = getattr(getattr(shared_enum, _ATTRIBUTES[family]), attribute)
        read = getattr(output, f"get_{family}_attribute")
        values = np.empty((periods, counts[family]), np.float32)
        if counts[family]:
            for k in range(periods):
                values[k] = read(handle, k, code)
        arrays[name] = values
    for member in shared_enum.SystemAttribute:
        series = output.get_system_series(handle, member, 0, periods - 1) if periods else []
        arrays[f"system_{member.name.lower()}"] = np.array(series, np.float32)
    return arrays


if __name__ == "__main__":
    main(*sys.argv[1:5])
