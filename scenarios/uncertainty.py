"""Recession as a distribution over replications, with the chance of meeting what is allowed.

A zone that has not drained when a run ends is censored: its recession is longer than what was
observed, and it stays in every count. A zone that never stood under water has recession 0.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scenarios.intervals import Estimate, quantile, wilson
from scenarios.run import Prepared
from scenarios.schema import StoredRun
from scenarios.store import Store
from sim.kernel.errors import InputError
from sim.kernel.system import Kpi

MEASURES = ("recession_last_point_h", "recession_volume_h", "recession_mean_h")
PROBABILITIES = (0.1, 0.5, 0.9, 0.95)
CITY = ""
"""The entity of the slowest zone of each replication."""


@dataclass(frozen=True)
class Chance:
    """How many replications met the limit, and the 95 % interval of that chance.

    ``undecided`` ones had not drained when the run ended, before the limit had passed: the
    interval holds whatever they would have done.
    """

    met: int
    undecided: int
    of: int
    share: Estimate


@dataclass(frozen=True)
class Distribution:
    """One measure of recession of one zone over the replications.

    Attributes
    ----------
    entity
        The zone; empty for the slowest zone of each replication.
    limit_h
        What is allowed; none if nothing is, or if zones with different limits are together.
    hours
        Ascending; 0 where the zone stayed dry, infinity where it had not drained.
    statuses
        How many replications had which status.
    quantiles
        By probability.
    chance
        Of meeting the limit (of every zone meeting its own, for the slowest); none without one.
    """

    measure: str
    entity: str
    limit_h: float | None
    hours: tuple[float, ...]
    statuses: Mapping[str, int]
    quantiles: Mapping[float, Estimate]
    chance: Chance | None

    @property
    def not_drained(self) -> int:
        """In how many replications the zone had not drained when the run ended."""
        return sum(math.isinf(value) for value in self.hours)


@dataclass(frozen=True)
class Spread:
    """What the replications of a scenario say together.

    Attributes
    ----------
    observed_h
        From the end of rain to the end of the run: no longer recession can be seen.
    failed
        Replications without a result, which the figures leave out.
    distributions
        By measure; in each the slowest zone first, then the zones by their chance, worst first.
    """

    scenario: str
    runs: int
    failed: int
    observed_h: float
    distributions: Mapping[str, tuple[Distribution, ...]]


def spread(runs: Sequence[StoredRun], kpis: Sequence[Sequence[Kpi]], observed_h: float) -> Spread:
    """Return the distributions of recession over finished replications.

    Parameters
    ----------
    runs
        All replications, finished or not; only those done count, the others as failed.
    kpis
        KPIs of each run that is done, in the order of `runs`.
    observed_h
        Hours from the end of rain to the end of the run.

    Raises
    ------
    InputError
        If no replication is done, or none has a recession time.
    """
    done = [run for run in runs if run.status == "done"]
    if not done:
        raise InputError(
            "no finished replication", where="uncertainty", expected="at least one run that is done"
        )
    found: dict[str, tuple[Distribution, ...]] = {}
    for measure in MEASURES:
        by_zone: dict[str, list[Kpi]] = defaultdict(list)
        for one in kpis:
            for kpi in one:
                if kpi.name == measure:
                    by_zone[kpi.entity].append(kpi)
        if by_zone:
            zones = [_zone(measure, zone, by_zone[zone], observed_h) for zone in by_zone]
            zones.sort(key=_urgency)
            found[measure] = (_city(measure, by_zone, observed_h), *zones)
    if not found:
        raise InputError(
            "the runs have no recession time", where="uncertainty", value=done[0].scenario,
            expected="a scenario with a [drainage] section",
        )  # fmt: skip
    return Spread(done[0].scenario, len(done), len(runs) - len(done), observed_h, found)


def observed_h(prepared: Prepared) -> float:
    """Return the hours from the end of rain to the end of the run: what can be seen of recession.

    0 where it rains to the end.
    """
    ends = [
        rain.end_s
        for inputs in prepared.inputs.values()
        for rain in getattr(inputs, "rain", {}).values()
    ]
    return max(prepared.scenario.duration_s - max(ends, default=0.0), 0.0) / 3600.0


def check_random(prepared: Prepared) -> None:
    """Refuse a scenario whose replications would all be the same.

    Raises
    ------
    InputError
        If it leaves nothing to chance.
    """
    names = ("uncertainty", "pump_failures")
    for spec in prepared.scenario.sections.values():
        offered = [name for name in names if name in type(spec).model_fields]
        if not offered or any(getattr(spec, name) is not None for name in offered):
            return
    raise InputError(
        "nothing in this scenario is drawn, so its replications are all the same",
        where="drainage", value=prepared.scenario.name,
        expected="a [drainage.uncertainty] or [drainage.pump_failures] table",
        hint="for example --set drainage.uncertainty.rain_spread=0.2",
    )  # fmt: skip


def spread_of_runs(runs: Sequence[StoredRun], store: Store, observed_h: float) -> Spread:
    """Return the distributions over runs in the store; see `spread`."""
    done = (run for run in runs if run.status == "done")
    return spread(runs, [[kpi for _, kpi in store.kpis(run.id)] for run in done], observed_h)


def hours_of(kpi: Kpi) -> float:
    """Return a recession time: 0 where nothing was waterlogged, infinity where not drained or
    where it still rained when the run ended.

    Raises
    ------
    InputError
        If it still rained when the run ended, so that there is none.
    ValueError
        If it has no value for another reason.
    """
    if kpi.value is not None:
        return kpi.value
    if kpi.status == "dry":
        return 0.0
    if kpi.status in ("not_drained", "raining"):
        return math.inf
    if kpi.status == "raining":
        raise InputError(
            "it still rains when the run ends, so no recession time can be counted",
            where="duration_h", expected="a run that outlasts its rain", hint="simulate longer",
        )  # fmt: skip
    raise ValueError(f"{kpi.name} of {kpi.entity} has no value: {kpi.status}")


def _zone(measure: str, zone: str, kpis: Sequence[Kpi], observed_h: float) -> Distribution:
    limit_h = kpis[0].limit
    hours = [hours_of(kpi) for kpi in kpis]
    verdicts = [] if limit_h is None else [_meets(value, limit_h, observed_h) for value in hours]
    statuses = Counter(kpi.status for kpi in kpis)
    return _distribution(measure, zone, limit_h, hours, statuses, verdicts)


def _city(measure: str, by_zone: Mapping[str, Sequence[Kpi]], observed_h: float) -> Distribution:
    hours, statuses, verdicts = [], Counter[str](), []
    for replication in zip(*by_zone.values(), strict=True):
        slowest = max(replication, key=hours_of)
        hours.append(hours_of(slowest))
        met = [_meets(hours_of(k), k.limit, observed_h) for k in replication if k.limit is not None]
        if met:
            verdicts.append(False if False in met else None if None in met else True)
        over = any(k.status == "over_limit" for k in replication)
        statuses["over_limit" if over and slowest.status == "ok" else slowest.status] += 1
    limits = {kpis[0].limit for kpis in by_zone.values()}
    limit_h = limits.pop() if len(limits) == 1 else None
    return _distribution(measure, CITY, limit_h, hours, statuses, verdicts)


def _meets(hours: float, limit_h: float, observed_h: float) -> bool | None:
    """Whether a recession is within the limit; none if the run ended too early to tell."""
    if math.isinf(hours):
        return False if limit_h <= observed_h else None
    return hours <= limit_h


def _distribution(
    measure: str,
    entity: str,
    limit_h: float | None,
    hours: Sequence[float],
    statuses: Mapping[str, int],
    verdicts: Sequence[bool | None],
) -> Distribution:
    return Distribution(
        measure=measure,
        entity=entity,
        limit_h=limit_h,
        hours=tuple(sorted(hours)),
        statuses=dict(statuses),
        quantiles={p: quantile(hours, p) for p in PROBABILITIES},
        chance=_chance(verdicts) if verdicts else None,
    )


def _chance(verdicts: Sequence[bool | None]) -> Chance:
    met, undecided, of = verdicts.count(True), verdicts.count(None), len(verdicts)
    least, most = wilson(met, of), wilson(met + undecided, of)
    return Chance(met, undecided, of, Estimate(met / of, least.low, most.high))


def _urgency(one: Distribution) -> tuple[float, float, str]:
    share = one.chance.share.value if one.chance is not None else 1.0
    return (share, -one.quantiles[0.9].value, one.entity)
