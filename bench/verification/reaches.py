"""Both engines on the same network with long conduits cut into short reaches.

One conduit is one computational reach in SWMM and in our engine. Where it is many times longer than
wide, a wave spreads over all of it within a step, and two schemes spread it differently. In short
reaches both come near the equations they share, and what is left between them is the engines'.
"""

from __future__ import annotations

import hashlib
import math
import pickle
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path

import numpy as np

from bench.verification.cases import Case
from bench.verification.figures import Answer, Gap, gap, inner_ids, of_native, of_swmm
from bench.verification.native_runs import load, run_native
from sim.drainage.elements import Conduit, Junction, Series
from sim.drainage.native import NativeEngine
from sim.drainage.network import Network
from sim.drainage.swmm import SwmmResult, run_swmm, write_inp

LONGEST_M = 50.0
STEP_S = 1.0  # of both engines at most: a wave crosses a reach of 50 m in a few seconds
COURANT = 0.5
SMALLEST_STEP_S = 0.05
FILES = (
    "epa_extran1", "epa_extran4", "epa_extran6", "epa_extran7", "epa_test3", "epa_user1",
    "synthetic_100",
)  # fmt: skip
_HOLDS_M = 100.0  # the joints between reaches are closed pipe: nothing leaves there


@dataclass(frozen=True)
class InReaches:
    """A file in reaches: ``gap`` is us against SWMM, ``moved`` SWMM against itself as in the file.

    Both at the nodes that the file has. ``longest_m`` is the file's longest conduit.
    """

    gap: Gap
    moved: Gap
    longest_m: float
    reaches: int
    routing_error_percent: float


def cut(network: Network, longest_m: float = LONGEST_M) -> Network:
    """Return the network with every conduit cut into equal reaches of at most `longest_m`.

    The bed runs straight on. The first reach keeps the conduit's name, entry loss and flap gate,
    the last its exit loss; losses along the way are shared out.
    """
    inverts = {node.id: node.invert_m for node in network.nodes}
    joints: list[Junction] = []
    conduits: list[Conduit] = []
    for c in network.conduits:
        count = max(math.ceil(c.length_m / longest_m - 1e-9), 1)
        top = inverts[c.from_node] + c.inlet_offset_m
        fall = inverts[c.to_node] + c.outlet_offset_m - top
        names = [c.from_node, *(f"{c.id}~{k}" for k in range(1, count)), c.to_node]
        joints += [
            Junction(id=names[k], invert_m=top + fall * k / count, surcharge_depth_m=_HOLDS_M)
            for k in range(1, count)
        ]
        for k in range(count):
            first, last = k == 0, k == count - 1
            changes = {
                "id": c.id if first else f"{c.id}~c{k}",
                "from_node": names[k],
                "to_node": names[k + 1],
                "length_m": c.length_m / count,
                "inlet_offset_m": c.inlet_offset_m if first else 0.0,
                "outlet_offset_m": c.outlet_offset_m if last else 0.0,
                "entry_loss": c.entry_loss if first else 0.0,
                "exit_loss": c.exit_loss if last else 0.0,
                "average_loss": c.average_loss / count,
                "flap_gate": c.flap_gate and first,
            }
            conduits.append(c.model_copy(update=changes))
    return network.model_copy(
        update={"junctions": (*network.junctions, *joints), "conduits": tuple(conduits)}
    )


def _lateral(swmm: SwmmResult, network: Network) -> dict[str, Series]:
    """Return SWMM's reported lateral inflows as series, as our engine is given them."""
    time_s = np.concatenate(([0.0], swmm.time_s)).tolist()
    found = {}
    for node in network.nodes:
        flow = swmm.node_lateral_inflow_m3s[:, swmm.node(node.id)]
        if np.any(flow != 0.0):
            values = np.concatenate((flow[:1], flow)).tolist()
            found[node.id] = Series(
                id=f"lateral_{node.id}", points=tuple(zip(time_s, values, strict=True))
            )
    return found


def _by_swmm(
    case: Case, lateral: dict[str, Series], network: Network, cache: Path | None
) -> SwmmResult:
    options = replace(
        case.options, routing="DYNWAVE", routing_step_s=STEP_S, variable_step=COURANT,
        minimum_step_s=SMALLEST_STEP_S, lengthening_step_s=0.0,
    )  # fmt: skip
    bare = network.model_copy(update={"inflows": ()})
    with tempfile.TemporaryDirectory(prefix="cityclock-verify-") as name:
        inp = Path(name) / f"{case.name}.inp"
        write_inp(
            bare, inp, start=case.options.start.replace(tzinfo=UTC),
            duration_s=case.options.duration_s, report_step_s=case.report_step_s,
            lateral_inflows=lateral, use_subcatchments=False, options=options,
        )  # fmt: skip
        kept = None
        if cache is not None:
            digest = hashlib.sha256(inp.read_bytes()).hexdigest()[:16]
            kept = cache / f"{case.name}-reaches-{digest}.pickle"
            if kept.exists():
                result = pickle.loads(kept.read_bytes())
                assert isinstance(result, SwmmResult)
                return result
        result = run_swmm(inp, timeout_s=3600.0, report_step_s=case.report_step_s)
        if kept is not None:
            kept.write_bytes(pickle.dumps(result))
        return result


def _with_joints(swmm: SwmmResult, network: Network) -> SwmmResult:
    """Return SWMM's answer with dry columns for the joints, as a source of lateral inflows."""
    known = set(swmm.node_ids)
    more = tuple(node.id for node in network.nodes if node.id not in known)
    none = np.zeros((len(swmm.time_s), len(more)))
    return replace(
        swmm,
        node_ids=(*swmm.node_ids, *more),
        node_lateral_inflow_m3s=np.hstack((swmm.node_lateral_inflow_m3s, none)),
    )


def _at(answer: Answer, engine: NativeEngine, names: list[str]) -> Answer:
    """Return an answer of the cut network at the nodes of the file alone."""
    place = {name: k for k, name in enumerate(inner_ids(engine))}
    keep = [place[name] for name in names]
    return replace(answer, depth_m=answer.depth_m[:, keep], lost_m3=answer.lost_m3[keep])


def in_reaches(
    case: Case, swmm: SwmmResult, as_filed: Answer, names: list[str], rain_end_s: float,
    cache: Path | None = None,
) -> InReaches:  # fmt: skip
    """Run both engines on the cut network, with the inflows that SWMM reports for the file.

    Parameters
    ----------
    swmm, as_filed
        SWMM on the file as it is, whole and reduced.
    names
        The file's inner nodes, at which everything is compared.
    """
    filed = load(case)
    network = cut(filed.network)
    inputs = replace(filed, network=network)
    fine = _by_swmm(case, _lateral(swmm, filed.network), network, cache)
    run = run_native(inputs, case, _with_joints(swmm, network), longest_step_s=STEP_S)
    reference = _at(of_swmm(fine, inputs, run.engine), run.engine, names)
    ours = _at(of_native(run, inputs, reference.time_s), run.engine, names)
    return InReaches(
        gap=gap(reference, ours, names, rain_end_s),
        moved=gap(as_filed, reference, names, rain_end_s),
        longest_m=max(c.length_m for c in filed.network.conduits),
        reaches=len(network.conduits),
        routing_error_percent=fine.report.routing_error_percent or 0.0,
    )
