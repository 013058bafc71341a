"""EPA SWMM as the reference engine: run one input in a child process, read everything in SI."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sim.drainage.swmm.rpt import Report, parse_report
from sim.drainage.swmm.rundir import prepare
from sim.drainage.swmm.units import FLOW_UNITS, Units, units_for
from sim.kernel.errors import CityClockError

Array = npt.NDArray[np.float64]
_WORKER = Path(__file__).with_name("worker.py")
_TAIL = 800  # characters of the child's own messages shown with a crash


class SwmmError(CityClockError):
    """SWMM refused the file, crashed, or did not finish in time."""


@dataclass(frozen=True)
class SwmmResult:
    """Results of one SWMM run in SI units.

    ``time_s`` (T,) counts from the start of the simulation, one entry per report step, the first
    one step after the start. Arrays of nodes, links and subcatchments have the shape (T, N) in the
    order of the ids. ``node_volume_m3`` includes ponded water; ``node_flooding_m3s`` is what leaves
    a node over its rim (into the pond where ponding is on, else out of the network).
    ``link_flow_m3s`` is positive from the link's first node to its second. ``system`` holds SWMM's
    system-wide series: flows in m3/s, ``volume_stored`` in m3, ``rainfall`` in mm/h, others in the
    file's units. ``elapsed_s`` is the CPU time of the solver alone.
    """

    time_s: Array
    node_ids: tuple[str, ...]
    node_depth_m: Array
    node_head_m: Array
    node_volume_m3: Array
    node_lateral_inflow_m3s: Array
    node_total_inflow_m3s: Array
    node_flooding_m3s: Array
    link_ids: tuple[str, ...]
    link_flow_m3s: Array
    link_depth_m: Array
    link_velocity_m_s: Array
    link_volume_m3: Array
    link_capacity: Array
    subcatchment_ids: tuple[str, ...]
    subcatchment_rain_mm_h: Array
    subcatchment_infiltration_mm_h: Array
    subcatchment_runoff_m3s: Array
    system: Mapping[str, Array]
    report: Report
    version: str
    elapsed_s: float

    def node(self, name: str) -> int:
        """Return the column of a node."""
        return self.node_ids.index(name)

    def link(self, name: str) -> int:
        """Return the column of a link."""
        return self.link_ids.index(name)


def run_swmm(
    inp_path: str | Path,
    *,
    timeout_s: float = 600.0,
    report_step_s: float | None = None,
) -> SwmmResult:
    """Run SWMM on one input file in a fresh process with one thread.

    Parameters
    ----------
    inp_path
        The input file; it is copied, never changed, and so are the files it names.
    timeout_s
        Wall-clock seconds after which the run is stopped.
    report_step_s
        Replaces the file's REPORT_STEP; whole seconds.

    Raises
    ------
    SwmmError
        With SWMM's own error lines, the end of a crash, or the time-out.
    sim.kernel.errors.InputError
        If the file or one it names cannot be read.
    """
    inp = Path(inp_path)
    with tempfile.TemporaryDirectory(prefix="cityclock-swmm-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        copy = prepare(inp, folder, report_step_s)
        rpt, out, npz = folder / "run.rpt", folder / "run.out", folder / "run.npz"
        # -P keeps this folder off the child's path, -W because the bindings warn on newer Pythons
        command = [sys.executable, "-P", "-W", "ignore", str(_WORKER)]
        command += [str(path) for path in (copy, rpt, out, npz)]
        try:
            child = subprocess.run(
                command, cwd=folder, timeout=timeout_s, capture_output=True, check=False,
                encoding="utf-8", errors="replace",
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise SwmmError(f"{inp}: SWMM did not finish within {timeout_s:g} s") from None
        text = rpt.read_text(encoding="utf-8", errors="replace") if rpt.exists() else ""
        report = parse_report(text)
        if report.errors:
            raise SwmmError(f"{inp}: SWMM refused the file\n  " + "\n  ".join(report.errors))
        if child.returncode != 0 or not npz.exists():
            said = (child.stderr.strip() or child.stdout.strip())[-_TAIL:]
            raise SwmmError(f"{inp}: SWMM stopped with exit code {child.returncode}\n{said}")
        with np.load(npz) as archive:
            return _result(dict(archive), report)


def _result(raw: Mapping[str, npt.NDArray[np.generic]], report: Report) -> SwmmResult:
    units = units_for(FLOW_UNITS[int(raw["units"][1])])
    length, flow, volume = units.length_m, units.flow_m3s, units.volume_m3

    def ids(family: str) -> tuple[str, ...]:
        return tuple(json.loads(raw[f"{family}_ids"].tobytes()))

    def si(name: str, factor: float) -> Array:
        return raw[name].astype(np.float64) * factor

    periods, step_s = int(raw["periods"]), float(raw["step_s"])
    version = int(raw["version"])
    return SwmmResult(
        time_s=np.arange(1, periods + 1, dtype=np.float64) * step_s,
        node_ids=ids("node"),
        node_depth_m=si("node_depth", length),
        node_head_m=si("node_head", length),
        node_volume_m3=si("node_volume", volume),
        node_lateral_inflow_m3s=si("node_lateral_inflow", flow),
        node_total_inflow_m3s=si("node_total_inflow", flow),
        node_flooding_m3s=si("node_flooding", flow),
        link_ids=ids("link"),
        link_flow_m3s=si("link_flow", flow),
        link_depth_m=si("link_depth", length),
        link_velocity_m_s=si("link_velocity", length),
        link_volume_m3=si("link_volume", volume),
        link_capacity=si("link_capacity", 1.0),
        subcatchment_ids=ids("subcatch"),
        subcatchment_rain_mm_h=si("subcatchment_rain", units.rain_mm),
        subcatchment_infiltration_mm_h=si("subcatchment_infiltration", units.rain_mm),
        subcatchment_runoff_m3s=si("subcatchment_runoff", flow),
        system=_system(raw, units),
        report=report,
        version=f"{version // 10000}.{version // 1000 % 10}.{version % 1000}",
        elapsed_s=float(raw["elapsed_s"]),
    )


def _system(raw: Mapping[str, npt.NDArray[np.generic]], units: Units) -> dict[str, Array]:
    factors = {
        "rainfall": units.rain_mm, "runoff_flow": units.flow_m3s,
        "dry_weather_inflow": units.flow_m3s, "gw_inflow": units.flow_m3s,
        "rdii_inflow": units.flow_m3s, "direct_inflow": units.flow_m3s,
        "total_lateral_inflow": units.flow_m3s, "flood_losses": units.flow_m3s,
        "outfall_flows": units.flow_m3s, "volume_stored": units.volume_m3,
    }  # fmt: skip
    names = [key.removeprefix("system_") for key in raw if key.startswith("system_")]
    return {
        name: raw[f"system_{name}"].astype(np.float64) * factors.get(name, 1.0) for name in names
    }
