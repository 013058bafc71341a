"""Two runs, or two sets of replications, side by side: only what differs, and the KPIs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scenarios import content, document
from scenarios.document import HasSpec
from scenarios.schema import StoredRun
from scenarios.store import Store
from sim.kernel.errors import InputError
from sim.kernel.system import Kpi

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Paired:
    """The difference B - A of pairs of replications.

    Attributes
    ----------
    mean
        Mean of the differences.
    half_width
        Half the width of the 95 % interval around it; none with fewer than two pairs.
    pairs
        How many pairs there are.
    """

    mean: float
    half_width: float | None
    pairs: int


@dataclass(frozen=True)
class KpiSummary:
    """One KPI over the replications of a scenario; mean and interval as in `KpiRow`."""

    system: str
    name: str
    entity: str
    unit: str
    limit: float | None
    value: float | None
    half_width: float | None
    status: str


@dataclass(frozen=True)
class KpiRow:
    """One KPI of both sides.

    ``a`` and ``b`` are means over the replications, none where a replication has no value: a mean
    over the rest would flatter a side whose worst runs never drained. ``status_a`` and
    ``status_b`` say what the replications were; ``difference`` is none unless all pairs have
    values.
    """

    system: str
    name: str
    entity: str
    unit: str
    limit: float | None
    a: float | None
    b: float | None
    status_a: str
    status_b: str
    difference: Paired | None


@dataclass(frozen=True)
class Comparison:
    """What differs between two scenarios and what that does.

    Attributes
    ----------
    parameters
        (path, value in A, value in B) of every parameter that differs; see
        `scenarios.content.diff`.
    rows
        KPIs in the order of A, then those only B has.
    code_differs
        Whether the two sides were computed by different code, so that not only the parameters
        can explain a difference.
    """

    parameters: list[tuple[str, Any, Any]]
    rows: list[KpiRow]
    code_differs: bool


def paired(a: Sequence[float], b: Sequence[float]) -> Paired:
    """Return the mean of ``b - a`` with its 95 % t interval.

    The pairs share their random numbers, so what both sides have in common cancels out.
    ``half_width = t(0.975, n - 1) s / sqrt(n)`` with s the standard deviation of the differences.

    Parameters
    ----------
    a, b
        Values by replication; (n,), n at least 1.
    """
    differences = [right - left for left, right in zip(a, b, strict=True)]
    count = len(differences)
    mean = math.fsum(differences) / count
    if count < 2:
        return Paired(mean, None, count)
    from scipy.special import stdtrit

    variance = math.fsum((d - mean) ** 2 for d in differences) / (count - 1)
    quantile = float(stdtrit(count - 1, 0.5 + CONFIDENCE / 2))
    return Paired(mean, quantile * math.sqrt(variance / count), count)


def compare(
    a: Sequence[StoredRun],
    b: Sequence[StoredRun],
    store: Store,
    *,
    systems: Mapping[str, HasSpec] | None = None,
) -> Comparison:
    """Compare finished runs of two scenarios.

    Two single runs are a pair whatever their numbers; otherwise replications are paired by number
    and those without a partner are left out.

    Raises
    ------
    InputError
        If a side has no finished run, or no replication is on both sides.
    """
    for side, runs in (("A", a), ("B", b)):
        if not runs or any(run.status != "done" for run in runs):
            status = runs[0].status if runs else "missing"
            raise InputError(
                "no finished run to compare",
                where=side,
                value=status,
                expected="runs that are done",
            )
    pairs = _pairs(a, b)
    kpis_a = [_by_key(store.kpis(left.id)) for left, _ in pairs]
    kpis_b = [_by_key(store.kpis(right.id)) for _, right in pairs]
    keys = dict.fromkeys(key for kpis in (*kpis_a, *kpis_b) for key in kpis)
    scenarios = [document.from_json(runs[0].document, systems=systems) for runs in (a, b)]
    return Comparison(
        parameters=content.diff(scenarios[0], scenarios[1]),
        rows=[_row(key, kpis_a, kpis_b) for key in keys],
        code_differs=len({run.code_digest for run in (*a, *b)}) > 1,
    )


def summarise(runs: Sequence[StoredRun], store: Store) -> list[KpiSummary]:
    """Return the KPIs of finished runs of one scenario, means over its replications."""
    found = [_by_key(store.kpis(run.id)) for run in runs if run.status == "done"]
    keys = dict.fromkeys(key for kpis in found for key in kpis)
    rows = []
    for key in keys:
        kpis = [by_key.get(key) for by_key in found]
        some = next(kpi for kpi in kpis if kpi is not None)
        values = _values(kpis)
        spread = paired([0.0] * len(values), values) if values else None
        rows.append(
            KpiSummary(
                system=key[0],
                name=key[1],
                entity=key[2],
                unit=some.unit,
                limit=some.limit,
                value=_mean(values),
                half_width=spread.half_width if spread else None,
                status=_statuses(kpis),
            )
        )
    return rows


_Key = tuple[str, str, str]


def _pairs(a: Sequence[StoredRun], b: Sequence[StoredRun]) -> list[tuple[StoredRun, StoredRun]]:
    if len(a) == len(b) == 1:
        return [(a[0], b[0])]
    right = {run.replication: run for run in b}
    pairs = [(run, right[run.replication]) for run in a if run.replication in right]
    if not pairs:
        raise InputError("the two sides share no replication", where="compare")
    return pairs


def _by_key(kpis: Sequence[tuple[str, Kpi]]) -> dict[_Key, Kpi]:
    return {(system, kpi.name, kpi.entity): kpi for system, kpi in kpis}


def _row(
    key: _Key, kpis_a: Sequence[Mapping[_Key, Kpi]], kpis_b: Sequence[Mapping[_Key, Kpi]]
) -> KpiRow:
    found_a, found_b = ([kpis.get(key) for kpis in side] for side in (kpis_a, kpis_b))
    some = next(kpi for kpi in (*found_a, *found_b) if kpi is not None)
    values_a, values_b = _values(found_a), _values(found_b)
    both = values_a is not None and values_b is not None
    return KpiRow(
        system=key[0],
        name=key[1],
        entity=key[2],
        unit=some.unit,
        limit=some.limit,
        a=_mean(values_a),
        b=_mean(values_b),
        status_a=_statuses(found_a),
        status_b=_statuses(found_b),
        difference=paired(values_a or (), values_b or ()) if both else None,
    )


def _values(kpis: Sequence[Kpi | None]) -> list[float] | None:
    values = [kpi.value for kpi in kpis if kpi is not None and kpi.value is not None]
    return values if len(values) == len(kpis) else None


def _mean(values: Sequence[float] | None) -> float | None:
    return math.fsum(values) / len(values) if values else None


def _statuses(kpis: Sequence[Kpi | None]) -> str:
    """Return the status of all, or ``2 ok, 1 not_drained`` where they differ."""
    counts = Counter("none" if kpi is None else kpi.status for kpi in kpis)
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(f"{count} {status}" for status, count in counts.most_common())
