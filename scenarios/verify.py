"""A stored run against EPA SWMM with the same lateral inflows: how large the gap is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from scenarios import document, gap
from scenarios.result import largest_ledger_error
from scenarios.run import Systems, prepare
from scenarios.store import Store
from sim.kernel.errors import InputError
from sim.kernel.recorder import Record, SeriesTable
from sim.kernel.streams import Streams
from sim.kernel.system import Inputs

if TYPE_CHECKING:
    from sim.drainage.inputs import DrainageInputs

SYSTEM = "drainage"
WET_M = 0.01
"""A point counts as flooded from this depth over the rim on."""

Reference = Callable[[Inputs, Record], Record]


@dataclass(frozen=True)
class GapRow:
    """One figure: what this run has, what SWMM has, how far apart, and what is allowed.

    ``unit`` is of the run's and the reference's figure, ``gap_unit`` of the gap. ``gap`` is none
    where there is no number: a side that never drained or never flooded.
    """

    name: str
    unit: str
    run: float | None
    reference: float | None
    gap: float | None
    gap_unit: str
    allowed: str
    ok: bool


def verify(
    run_id: str,
    store: Store,
    *,
    systems: Systems | None = None,
    reference: Reference | None = None,
) -> list[GapRow]:
    """Run the network of a finished run in SWMM and return the gap, figure by figure.

    Parameters
    ----------
    reference
        Makes the reference's record from the loaded inputs and the run's record;
        `sim.drainage.reference.run_reference` if none.

    Raises
    ------
    InputError
        If the run is not done, has no drainage, or what it read has changed since.
    """
    run = store.get(run_id)
    record = store.record(run.id)
    prepared = prepare(document.from_json(run.document, systems=systems), systems=systems)
    if SYSTEM not in prepared.inputs:
        raise InputError("this run has no drainage to verify", where="run", value=run.id)
    if prepared.hash != run.hash:
        raise InputError(
            "the files this run read have changed since", where="run", value=run.id,
            expected="the same files", hint="run the scenario again, then verify that run",
        )  # fmt: skip
    scenario, inputs = prepared.scenario, prepared.inputs[SYSTEM]
    if reference is None:
        from sim.drainage.reference import run_reference
        from sim.drainage.uncertainty import varied

        # the network as this replication drew it
        drawn = varied(cast("DrainageInputs", inputs), Streams(run.seed, run.replication))
        other = run_reference(drawn, record, scenario.duration_s, scenario.start)
    else:
        other = reference(inputs, record)
    threshold_m = float(getattr(scenario.sections[SYSTEM], "waterlogged_depth_m", 0.15))
    return gaps(record, other, threshold_m)


def gaps(run: Record, reference: Record, threshold_m: float) -> list[GapRow]:
    """Return the gap between two records of the same network.

    Allowed (free outfall; drowned or surcharged in brackets): efficiency of the outfall flow at
    least 0.99 (0.97), ponded volume within 3 % (5 %), end of recession within the larger of 2 min
    and 2 % of its hours after the rain, mean error of the largest depth 1 cm, Jaccard of the
    flooded points 0.95. Rows are judged by the strict figure.

    Parameters
    ----------
    run, reference
        With the series ``outfall_flow``, ``ponded_volume`` and ``ponded_depth``.
    threshold_m
        Depth above which a point counts as waterlogged.
    """
    return [
        _outfall(run, reference),
        _volume(run, reference),
        _recession(run, reference, threshold_m),
        *_depths(run, reference),
        GapRow(
            "continuity",
            "%",
            100 * largest_ledger_error(run),
            100 * _continuity_error(reference),
            None,
            "",
            "run: 1e-6 %",
            largest_ledger_error(run) <= 1e-8,
        ),  # fmt: skip
    ]


def _outfall(run: Record, reference: Record) -> GapRow:
    ours, theirs = _common(run, reference, "outfall_flow")
    time_s, flow = ours.time_s, ours.values.sum(axis=1)
    inside = (time_s >= theirs.time_s[0]) & (time_s <= theirs.time_s[-1])
    other = np.interp(time_s[inside], theirs.time_s, theirs.values.sum(axis=1))
    efficiency = gap.nash_sutcliffe(other, flow[inside])
    return GapRow(
        "outfall_nse", "", None, None, efficiency, "", ">= 0.99 (0.97)", efficiency >= 0.99
    )


def _volume(run: Record, reference: Record) -> GapRow:
    ours, theirs = (
        float(_series(record, "ponded_volume").of("total").max()) for record in (run, reference)
    )
    percent = 100 * gap.relative_gap(theirs, ours)
    return GapRow(
        "ponded_volume_max", "m3", ours, theirs, percent if math.isfinite(percent) else None, "%",
        "+-3 % (5 %)", abs(percent) <= 3.0,
    )  # fmt: skip


def _recession(run: Record, reference: Record, threshold_m: float) -> GapRow:
    tables = _common(run, reference, "ponded_depth")
    events = run.events
    rain_end_s = max(events.loc[events["kind"] == "rain_end", "time_s"], default=0.0)
    ours, theirs = (
        gap.recession_end_s(table.time_s, table.values, threshold_m) for table in tables
    )
    allowed = "max(2 min, 2 %)"
    if ours is None or theirs is None or math.isinf(ours) or math.isinf(theirs):
        # Never waterlogged, or not drained, on one side at least: equal or not, but no number.
        hours = [None if end is None or math.isinf(end) else end / 3600 for end in (ours, theirs)]
        return GapRow(
            "recession_end", "h", hours[0], hours[1], None, "min", allowed, ours == theirs
        )
    minutes = (ours - theirs) / 60
    ok = abs(ours - theirs) <= max(120.0, 0.02 * (theirs - rain_end_s))
    return GapRow("recession_end", "h", ours / 3600, theirs / 3600, minutes, "min", allowed, ok)


def _depths(run: Record, reference: Record) -> list[GapRow]:
    ours, theirs = _common(run, reference, "ponded_depth")
    error_cm = 100 * gap.max_depth_error_m(theirs.values, ours.values, WET_M)
    sets = [gap.flooded(table.values, table.entities, WET_M) for table in (ours, theirs)]
    share = gap.jaccard(*sets)
    return [
        GapRow("max_depth_error", "", None, None, error_cm, "cm", "<= 1 cm", error_cm <= 1.0),
        GapRow(
            "flooded_jaccard", "", float(len(sets[0])), float(len(sets[1])), share, "", ">= 0.95",
            share >= 0.95,
        ),
    ]  # fmt: skip


def _continuity_error(reference: Record) -> float:
    """Return SWMM's own continuity error, as a fraction of what came in.

    In its record the error is an account of its own, with which the ledger balances.
    """
    ledgers = reference.ledgers
    gap_m3 = ledgers.loc[ledgers["account"] == "swmm_continuity_error", "amount"].abs().sum()
    came_m3 = ledgers.loc[ledgers["side"].isin(("opening", "inflow")), "amount"].abs().sum()
    return float(gap_m3 / came_m3) if gap_m3 else largest_ledger_error(reference)


def _series(record: Record, quantity: str) -> SeriesTable:
    try:
        return record.series[SYSTEM, quantity]
    except KeyError:
        raise InputError("the record has no such series", where=f"{SYSTEM}.{quantity}") from None


def _common(run: Record, reference: Record, quantity: str) -> tuple[SeriesTable, SeriesTable]:
    """Return the series of both, with the entities both have, in the same order."""
    ours, theirs = _series(run, quantity), _series(reference, quantity)
    known = set(theirs.entities)
    shared = tuple(name for name in ours.entities if name in known)
    if not shared and (ours.entities or theirs.entities):
        raise InputError("the two records share no entity", where=f"{SYSTEM}.{quantity}")
    return _only(ours, shared), _only(theirs, shared)


def _only(table: SeriesTable, entities: tuple[str, ...]) -> SeriesTable:
    column = {name: index for index, name in enumerate(table.entities)}
    columns = np.array([column[name] for name in entities], dtype=np.intp)
    return SeriesTable(table.unit, entities, table.time_s, table.values[:, columns])
