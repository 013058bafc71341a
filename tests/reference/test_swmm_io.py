"""Import and export checked with SWMM itself: the rewritten file must run like the original."""

from __future__ import annotations

import csv
import datetime as dt
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel

from sim.drainage.elements import Conduit, CrossSection, Curve, Inflow, Junction, Outfall, Series
from sim.drainage.network import Network
from sim.drainage.swmm import Imported, SwmmResult, read_inp, run_swmm, write_inp
from sim.drainage.swmm.lexer import rows
from sim.kernel.errors import InputErrors

_ROOT = os.environ.get("CITYCLOCK_BENCH")
_FOLDER = Path(_ROOT) / "drainage" if _ROOT else None
needs_bench = pytest.mark.skipif(
    _FOLDER is None or not _FOLDER.is_dir(),
    reason="CITYCLOCK_BENCH does not point to the benchmark files",
)
FILES = sorted(path.name for path in _FOLDER.glob("*.inp")) if _FOLDER else []
# what of these files cannot be represented; all others must be imported
REFUSED = {
    "epa_Example7-Inlets.inp": {"INLET_USAGE"},
    "swmmio_inlet_drains.inp": {"INLET_USAGE"},
    "pystorms_delta.inp": {"INFILTRATION"},
    "epa_user2.inp": {"EVAPORATION", "XSECTIONS", "CONDUITS"},
    "epa_user3.inp": {"EVAPORATION"},
}
START = dt.datetime(2021, 7, 20)  # noqa: DTZ001  (SWMM knows no time zones)
# small files without knife-edge behaviour, so that rounding of units cannot grow
RUN_ALIKE = [
    "epa_extran1.inp", "epa_extran7.inp", "epa_Example3.inp", "epa_Type5_Pump_Test.inp",
    "epa_user1.inp", "synthetic_100.inp",
]  # fmt: skip


def _rewritten(found: Imported, path: Path) -> Path:
    o = found.options
    write_inp(
        found.network, path, start=o.start, duration_s=o.duration_s,
        report_step_s=o.report_step_s, title=o.title, options=o,
    )  # fmt: skip
    return path


def _differences(a: Any, b: Any, path: str = "") -> list[str]:
    """Where two networks differ by more than the rounding of a unit factor."""
    if isinstance(a, BaseModel) and type(a) is type(b):
        names = type(a).model_fields
        return [d for n in names for d in _differences(getattr(a, n), getattr(b, n), f"{path}.{n}")]
    if isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
        pairs = enumerate(zip(a, b, strict=True))
        return [d for k, (x, y) in pairs for d in _differences(x, y, f"{path}[{k}]")]
    if isinstance(a, float) and isinstance(b, float):
        return [] if abs(a - b) <= 1e-12 * max(1.0, abs(a)) else [f"{path}: {a!r} {b!r}"]
    return [] if a == b else [f"{path}: {a!r} {b!r}"]


def _assert_alike(one: SwmmResult, two: SwmmResult, depth_m: float, volume: float) -> None:
    """Maximum depths within `depth_m`, volumes of the balance within the fraction `volume`."""
    order = [two.node_ids.index(name) for name in one.node_ids]
    gap_m = np.abs(one.node_depth_m.max(0) - two.node_depth_m.max(0)[order])
    worst = int(gap_m.argmax())
    assert gap_m[worst] <= depth_m, f"{one.node_ids[worst]}: {gap_m[worst]:.4g} m"
    # inflow kinds are filed differently (a constant inflow is a dry-weather flow): compare sums
    for names in (("Dry Weather Inflow", "Wet Weather Inflow", "External Inflow"),
                  ("External Outflow",), ("Flooding Loss",)):  # fmt: skip
        first, second = (
            sum(r.report.routing_volumes_m3[name] for name in names) for r in (one, two)
        )
        # the report has three decimals of an acre-foot or a megalitre
        assert second == pytest.approx(first, rel=volume, abs=4.0), names


def test_every_element_survives_the_round_trip_in_swmm(tmp_path: Path) -> None:
    """All element kinds in feet, cfs and elevations against the same file rewritten in metres."""
    original = Path(__file__).with_name("all_elements.inp")
    found = read_inp(original)
    network = found.network
    families = ("junctions", "storages", "outfalls", "conduits", "pumps", "orifices", "weirs",
                "outlets", "subcatchments", "gauges", "curves", "series", "transects", "inflows",
                "rules")  # fmt: skip
    assert all(getattr(network, family) for family in families)
    copy = _rewritten(found, tmp_path / "copy.inp")
    again = read_inp(copy).network
    inflows = {"inflows": ()}
    assert _differences(network.model_copy(update=inflows), again.model_copy(update=inflows)) == []
    _assert_alike(run_swmm(original), run_swmm(copy), depth_m=0.005, volume=0.005)


def test_a_pond_fills_in_swmm_as_its_curve_says(tmp_path: Path) -> None:
    """Water poured onto a street with hardly an outlet: SWMM's volume against the curve's."""
    pond = ((0.0, 20.0), (0.1, 300.0), (0.4, 1500.0))
    network = Network(
        junctions=(Junction(id="J", invert_m=0.0, max_depth_m=2.0, ponding_curve="P"),),
        outfalls=(Outfall(id="O", invert_m=0.0),),
        conduits=(
            Conduit(id="C", from_node="J", to_node="O", length_m=10.0, roughness_n=0.5,
                    section=CrossSection(kind="circular", depth_m=0.01)),
        ),
        curves=(Curve(id="P", kind="ponding", points=pond),),
        series=(Series(id="Q", points=((0.0, 0.18), (1500.0, 0.18), (1501.0, 0.0))),),
        inflows=(Inflow(node="J", series="Q"),),
    )  # fmt: skip
    path = tmp_path / "pond.inp"
    write_inp(network, path, start=START, duration_s=7200.0, report_step_s=60.0)
    result = run_swmm(path)
    depth_m = float(result.node_depth_m[-1, result.node("J")])
    above_m = depth_m - 2.0
    assert 0.3 < above_m < 0.4
    # 20..300 m2 over the first 10 cm, then 300..1500 m2 over 30 cm
    second_m = above_m - 0.1
    volume_m3 = 2.0 * 1.167 + 0.1 * (20 + 300) / 2 + second_m * (300 + second_m / 0.3 * 600)
    poured_m3 = 0.18 * 1500.5
    assert volume_m3 == pytest.approx(poured_m3, rel=0.01)
    assert result.node_volume_m3[-1, result.node("J")] == pytest.approx(volume_m3, rel=1e-3)


@needs_bench
@pytest.mark.parametrize("name", FILES)
def test_every_file_is_imported_or_refused_by_section_and_line(name: str) -> None:
    assert _FOLDER is not None
    path = _FOLDER / name
    if name not in REFUSED:
        found = read_inp(path)
        with (_FOLDER / "MANIFEST.csv").open(encoding="utf-8", newline="") as file:
            listed = next(row for row in csv.DictReader(file) if row["file"] == name)
        network = found.network
        sizes = len(network.nodes), len(network.links), len(network.subcatchments)
        assert sizes == tuple(int(listed[k]) for k in ("nodes", "links", "subcatchments"))
        assert found.files[0] == path
        return
    with pytest.raises(InputErrors) as error:
        read_inp(path)
    sections = {row.number: row.section for row in rows(path.read_text("latin-1"), path)}
    places = [e.where for e in error.value.errors]
    for place in places:
        section, _, line = place.removeprefix("[").partition("] line ")
        assert sections[int(line)] == section
    assert {place[1:].split("]")[0] for place in places} == REFUSED[name]
    assert all(str(e.file) == str(path) for e in error.value.errors)


@needs_bench
@pytest.mark.parametrize(
    "name", [n for n in FILES if n not in REFUSED or REFUSED[n] == {"EVAPORATION"}]
)
def test_a_rewritten_file_reads_back_as_the_same_network(tmp_path: Path, name: str) -> None:
    assert _FOLDER is not None
    first = read_inp(_FOLDER / name, accept_ignored={"evaporation"})
    second = read_inp(_rewritten(first, tmp_path / "copy.inp"))
    assert second.options.duration_s == first.options.duration_s
    if name == "pyswmm_pump_setting.inp":
        # constant direct and dry-weather inflows of one node are one and the same after export
        totals = [{}, {}]  # type: list[dict[str, float]]
        for total, found in zip(totals, (first, second), strict=True):
            for inflow in found.network.inflows:
                total[inflow.node] = total.get(inflow.node, 0.0) + inflow.baseline_m3s
        assert totals[1] == pytest.approx(totals[0])
        first, second = (
            Imported(f.network.model_copy(update={"inflows": ()}), f.options, f.notes, f.files)
            for f in (first, second)
        )
    assert _differences(first.network, second.network) == []


@needs_bench
@pytest.mark.parametrize("name", RUN_ALIKE)
def test_a_rewritten_file_runs_in_swmm_like_the_original(tmp_path: Path, name: str) -> None:
    """SWMM rounds its unit factors to 0.01 %, so CFS files differ by that much at least."""
    assert _FOLDER is not None
    original = _FOLDER / name
    copy = _rewritten(read_inp(original), tmp_path / "copy.inp")
    _assert_alike(run_swmm(original), run_swmm(copy), depth_m=0.001, volume=0.002)
