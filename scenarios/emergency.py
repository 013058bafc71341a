"""Ways to use pump trucks, side by side: where they wait and who is served first.

Every arm runs the same scenario with the same keyed draws (detection by point, duty and failures
by truck), so the differences between arms are paired by replication.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scenarios import batch
from scenarios.arms import Arms, Progress, named
from scenarios.compare import Paired, paired
from scenarios.document import Scenario
from scenarios.emergency_curves import SavedCurves, saved_curves
from scenarios.emergency_sites import On, Siting, site_trucks
from scenarios.run import Prepared, prepare
from scenarios.schema import StoredRun
from scenarios.store import Store
from sim.drainage.emergency_inputs import EmergencyInputs
from sim.drainage.inputs import DrainageInputs
from sim.drainage.spec import DrainageSpec
from sim.kernel.errors import InputError

SYSTEM = "drainage"
NONE = "none"
ARMS: Mapping[str, tuple[str, str]] = {
    "depot_nearest": ("depot", "nearest_first"),
    "depot_worst": ("depot", "worst_first"),
    "site_nearest": ("prepositioned", "nearest_first"),
    "site_worst": ("prepositioned", "worst_first"),
}
"""Where trucks start, and who is served first."""


@dataclass(frozen=True)
class ArmResult:
    """One arm. ``saved`` is against no trucks, ``against_depot`` against the same order from the
    depots; both in depth-hours (m h), positive where less water stands; none where it has none.
    """

    name: str
    runs: tuple[StoredRun, ...]
    figures: Mapping[str, float | None]
    saved: Paired | None
    against_depot: Paired | None


@dataclass(frozen=True)
class Study:
    """What a comparison found."""

    scenario: Scenario
    inputs: EmergencyInputs
    trucks: int
    replications: int
    on: On
    siting: Siting
    arms: tuple[ArmResult, ...]
    curves: SavedCurves

    def arm(self, name: str) -> ArmResult:
        return next(arm for arm in self.arms if arm.name == name)


def study_trucks(
    scenario: Scenario,
    store: Store,
    *,
    trucks: int | None = None,
    replications: int = 5,
    on: On = "flooded",
    workers: int = batch.WORKERS,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Study:
    """Run a scenario without trucks and in every arm, and compare them.

    Runs that are in the store already are taken from it.

    Parameters
    ----------
    trucks
        So many of the fleet; all if none.
    replications
        Of every arm; at least 1, and 2 or more for an interval.
    on
        Sites are chosen by travel on the flooded roads, or on dry ones.
    workers
        Processes that simulate; 0 simulates here, without progress.

    Raises
    ------
    InputError
        If the scenario has no pump trucks, or not as many.
    Cancelled
        If ``cancelled`` said so; what is done stays in the store.
    RunFailed
        If a run failed.
    """
    batch.check_count(replications)
    fleet = _fleet(scenario, trucks)
    count = len(fleet.trucks)
    bare = prepare(named(scenario.with_value(SYSTEM, "emergency", None), NONE))
    # Without trucks nothing may be left to chance: then all replications are one.
    repeats = replications if _is_random(bare) else 1
    total = repeats + len(ARMS) * replications
    watch = Arms(store, total, workers, progress, cancelled)
    bare_runs = watch.finish(NONE, bare, repeats)
    records = [store.record(run.id) for run in bare_runs]
    siting = site_trucks(fleet, records, count, on=on)
    arms = {NONE: (bare_runs * replications)[:replications]}
    for name in ARMS:
        prepared = prepare(arm_scenario(scenario, name, count, siting.sites))
        arms[name] = watch.finish(name, prepared, replications)
    return Study(
        scenario=scenario,
        inputs=fleet,
        trucks=count,
        replications=replications,
        on=on,
        siting=siting,
        arms=_compare(arms, store),
        curves=saved_curves(arms, NONE, store),
    )


def arm_scenario(scenario: Scenario, arm: str, trucks: int, sites: Sequence[str]) -> Scenario:
    """Return the scenario with the trucks used as an arm says."""
    start, order = ARMS[arm]
    changes: dict[str, Any] = {"start": start, "order": order, "trucks": trucks}
    changes["sites"] = list(sites) if start == "prepositioned" else []
    spec = _emergency(scenario)
    return named(scenario.with_value(SYSTEM, "emergency", {**spec, **changes}), arm)


def _emergency(scenario: Scenario) -> dict[str, Any]:
    spec = scenario.sections.get(SYSTEM)
    if not isinstance(spec, DrainageSpec) or spec.emergency is None:
        raise InputError(
            "this scenario has no pump trucks", where="drainage.emergency", value=scenario.name,
            expected="a table with depots and streets",
            hint="hebi-2021-pump-trucks has one; extend it",
        )  # fmt: skip
    return spec.emergency.model_dump(mode="json")


def _fleet(scenario: Scenario, trucks: int | None) -> EmergencyInputs:
    """The scenario's roads, points and the trucks taken, waiting at their depots."""
    changes: dict[str, Any] = {"start": "depot", "sites": []}
    if trucks is not None:
        changes["trucks"] = trucks
    chosen = scenario.with_value(SYSTEM, "emergency", {**_emergency(scenario), **changes})
    inputs = prepare(chosen).inputs[SYSTEM]
    if not isinstance(inputs, DrainageInputs) or inputs.emergency is None:
        raise AssertionError("a drainage section with trucks loads as one")
    return inputs.emergency


def _is_random(prepared: Prepared) -> bool:
    """Whether replications of a scenario without trucks differ."""
    spec = prepared.scenario.sections[SYSTEM]
    return (
        any(getattr(spec, name, None) is not None for name in ("pump_failures", "uncertainty"))
        or len(prepared.inputs) > 1
    )


# --- figures --------------------------------------------------------------------------------

FIGURES = (
    "depth_hours", "ponded_volume_max_m3", "flooded_points", "trucks_pumped_m3", "points_pumped",
    "truck_response_h",
)  # fmt: skip


def _compare(arms: Mapping[str, Sequence[StoredRun]], store: Store) -> tuple[ArmResult, ...]:
    kpis = {
        name: [
            {kpi.name: kpi.value for _, kpi in store.kpis(run.id) if not kpi.entity} for run in runs
        ]
        for name, runs in arms.items()
    }
    hours = {name: [float(one["depth_hours"] or 0.0) for one in kpis[name]] for name in kpis}
    results = []
    for name, runs in arms.items():
        from_depot = next(
            (k for k, how in ARMS.items() if how == ("depot", ARMS.get(name, ("", ""))[1])), None
        )
        results.append(
            ArmResult(
                name=name,
                runs=tuple(runs),
                figures={key: _mean([one.get(key) for one in kpis[name]]) for key in FIGURES},
                saved=None if name == NONE else paired(hours[name], hours[NONE]),
                against_depot=(
                    None
                    if from_depot in (None, name)
                    else paired(hours[name], hours[str(from_depot)])
                ),
            )
        )
    return tuple(results)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if len(known) == len(values) and known else None
