"""A fleet in several ways, side by side: how large it is, or what it does when the day goes wrong.

All arms of a replication share their keyed random draws, so differences are paired.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scenarios import batch
from scenarios.arms import Arms, named
from scenarios.compare import Paired, paired
from scenarios.document import Scenario
from scenarios.routes import (
    FIGURES,
    FOLDER,
    SYSTEM,
    Request,
    fleet_inputs,
    planned,
    propose,
    write_plan,
)
from scenarios.routes_problem import plan_rows
from scenarios.run import prepare
from scenarios.schema import StoredRun
from scenarios.store import Store
from sim.fleet.trace import activities
from sim.kernel.errors import Cancelled, InputError

Simulating = Callable[[str, float], None]
RESPONSES = ("off", "nearest", "optimised")
"""What happens to routes in mid-shift (`sim.fleet.spec.FleetSpec.replanning`)."""


@dataclass(frozen=True)
class Arm:
    """An arm's means over replications with half their 95 % interval, and against the first arm."""

    name: str
    runs: tuple[StoredRun, ...]
    figures: Mapping[str, Paired]
    against_first: Mapping[str, Paired]
    units: Mapping[str, str]


# --- how large ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Size:
    """A fleet of so many trucks and guns, and how it did.

    Attributes
    ----------
    service
        Stops served, % of those that were due: mean over replications with its interval.
    cny_per_day
        Running cost of the simulated days and capital by the day.
    efficient
        No other size serves as well for less.
    """

    trucks: int
    guns: int
    arm: Arm
    service: Paired
    missed: float
    cny_per_day: float
    efficient: bool


@dataclass(frozen=True)
class Capital:
    """What trucks and guns cost to own, CNY a day; (A) assumptions, shown beside the result.

    850 k CNY a truck over 8 years ((K) 0.6 to 1.1 M), 60 k CNY a gun with its civil works over
    10 years ((S) 30 to 50 k a 120 kW pile, (K) civil works about as much; two guns share a pile).
    """

    cny_per_truck_day: float = 850_000.0 / (8 * 365)
    cny_per_gun_day: float = 60_000.0 / (10 * 365)


@dataclass(frozen=True)
class Sizes:
    """What was found; ``recommended`` is the cheapest of the sizes that keep the service, if any
    does."""

    scenario: Scenario
    sizes: tuple[Size, ...]
    service_limit: float
    recommended: Size | None
    capital: Capital
    days: float


def study_sizes(
    scenario: Scenario,
    store: Store,
    trucks: Sequence[int],
    guns: Sequence[int],
    *,
    iterations: int = 300,
    replications: int = 5,
    service_limit: float = 99.0,
    capital: Capital | None = None,
    workers: int = batch.WORKERS,
    simulating: Simulating | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Sizes:
    """Plan routes for every fleet size, and simulate them with every number of guns.

    Parameters
    ----------
    iterations
        Of the search for the routes of each size.
    service_limit
        Stops served, %, that a fleet must reach to be recommended: the lower end of its 95 %
        interval over replications counts.

    Raises
    ------
    InputError
        If the scenario has no fleet, or not as many trucks.
    """
    batch.check_count(replications)
    fleet_inputs(scenario)
    if not trucks or not guns:
        raise InputError(
            "nothing to compare", where="trucks" if not trucks else "guns", expected="a number"
        )
    capital = capital or Capital()
    chosen: dict[str, Scenario] = {}
    pairs = [(t, g) for t in sorted(set(trucks)) for g in sorted(set(guns))]
    left: dict[int, int] = {}
    for t in sorted(set(trucks)):
        sized, left[t] = _planned_for(scenario, t, store, iterations, simulating, cancelled)
        for g in sorted(set(guns)):
            chosen[f"{t}x{g}"] = named(sized.with_value(SYSTEM, "use_guns", g), f"{t}x{g}")
    arms = run_arms(chosen, store, replications, workers, simulating, cancelled)
    days = scenario.duration_s / 86_400.0
    rows = []
    for (t, g), arm in zip(pairs, arms, strict=True):
        cost = arm.figures["cost_cny"].mean / days
        cost += t * capital.cny_per_truck_day + g * capital.cny_per_gun_day
        missed = arm.figures["stops_missed"].mean / days
        service = _service(arm, store, left[t] * days)
        rows.append((t, g, arm, service, missed + left[t], cost))
    sizes = tuple(
        Size(*row, efficient=not any(_dominates(other, row) for other in rows)) for row in rows
    )
    good = [size for size in sizes if _surely(size.service, service_limit)]
    best = min(good, key=lambda size: (size.cny_per_day, size.trucks, size.guns), default=None)
    return Sizes(scenario, sizes, service_limit, best, capital, days)


def _dominates(a: tuple[Any, ...], b: tuple[Any, ...]) -> bool:
    """Whether a serves at least as well as b for no more, and is better at one."""
    served = a[3].mean - b[3].mean
    return served >= 0.0 and a[5] <= b[5] and (served > 0.0 or a[5] < b[5])


def _planned_for(
    scenario: Scenario,
    trucks: int,
    store: Store,
    iterations: int,
    simulating: Simulating | None,
    cancelled: Callable[[], bool] | None,
) -> tuple[Scenario, int]:
    """Return the scenario with routes for so many trucks, and how many stops they leave out."""
    daily = scenario.with_value(SYSTEM, "policy", {"kind": "daily"})
    sized = daily.with_value(SYSTEM, "use_trucks", trucks)
    if simulating is not None:
        simulating(str(trucks), 0.0)
    request = Request("stricter", math.inf, iterations)
    fleet, solution, _, _ = propose(sized, request, cancelled=cancelled)
    if cancelled is not None and cancelled():
        raise Cancelled("the comparison was cancelled")
    file = write_plan(plan_rows(fleet, solution.plan), store.location.folder / FOLDER)
    return planned(sized, file), len(solution.plan.left_out)


def _service(arm: Arm, store: Store, left_out: float) -> Paired:
    """Return the share of stops served of those that were due, %, over the replications.

    Stops that no route was made for were due as well.
    """
    shares = []
    for run in arm.runs:
        kpis = {kpi.name: kpi.value or 0.0 for _, kpi in store.kpis(run.id) if not kpi.entity}
        due = kpis["stops_served"] + kpis["stops_missed"] + left_out
        shares.append(100.0 * kpis["stops_served"] / due if due else 100.0)
    return paired([0.0] * len(shares), shares)


def _surely(service: Paired, limit: float) -> bool:
    return service.mean - (service.half_width or 0.0) >= limit


# --- when the day goes wrong ----------------------------------------------------------------


@dataclass(frozen=True)
class ChangedRoute:
    """A truck whose day differs from the plan in force: stops got and lost, km before and now."""

    truck: str
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    km_before: float
    km_now: float

    @property
    def moved(self) -> int:
        return len(self.gained) + len(self.lost)


@dataclass(frozen=True)
class Response:
    """Ways to respond to a day's events; the first arm is the day without them."""

    scenario: Scenario
    arms: tuple[Arm, ...]
    changed: tuple[ChangedRoute, ...]

    @property
    def best(self) -> Arm:
        """The response to recommend: fewest stops missed, then least cost."""
        return best_response(self.arms)


UNDISTURBED = "undisturbed"


def best_response(arms: Sequence[Arm]) -> Arm:
    """Return the arm, but for the undisturbed first, that misses fewest stops, then costs least."""
    return min(
        arms[1:], key=lambda arm: (arm.figures["stops_missed"].mean, arm.figures["cost_cny"].mean)
    )


def study_response(
    scenario: Scenario,
    store: Store,
    *,
    replications: int = 5,
    workers: int = batch.WORKERS,
    simulating: Simulating | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Response:
    """Run a scenario with outages without them, and with every way to respond to them.

    The routes that change are those of the first replication, the best response against the
    undisturbed day.

    Raises
    ------
    InputError
        If the scenario has no fleet, or nothing goes wrong in it.
    """
    batch.check_count(replications)
    inputs = fleet_inputs(scenario)
    if inputs.spec.outages is None or not inputs.tables["outages"]:
        raise InputError(
            "nothing goes wrong in this scenario", where="fleet.outages", value=scenario.name,
            expected="a file of streets, sites, chargers or trucks that are out of order",
            hint="three-streets-flooded has three closed streets; extend it",
        )  # fmt: skip
    calm = scenario.with_value(SYSTEM, "outages", None)
    chosen = {UNDISTURBED: named(calm, UNDISTURBED)} | {
        how: named(scenario.with_value(SYSTEM, "replanning", how), how) for how in RESPONSES
    }
    arms = run_arms(chosen, store, replications, workers, simulating, cancelled)
    before, now = (store.record(arm.runs[0].id) for arm in (arms[0], best_response(arms)))
    done = [activities(record, scenario.duration_s) for record in (before, now)]
    return Response(scenario, arms, changed_routes(*done))


def changed_routes(before: Any, now: Any) -> tuple[ChangedRoute, ...]:
    """Return the trucks that serve other stops, most changed first.

    Parameters
    ----------
    before, now
        As from `sim.fleet.trace.activities`.
    """
    trucks = sorted({*before["truck"].unique(), *now["truck"].unique()})
    found = []
    for truck in trucks:
        mine = [table[table["truck"] == truck] for table in (before, now)]
        stops = [dict.fromkeys(one.loc[one["kind"] == "collect", "target"]) for one in mine]
        km = [float(one.loc[one["kind"] == "drive", "amount"].sum()) for one in mine]
        gained = tuple(stop for stop in stops[1] if stop not in stops[0])
        lost = tuple(stop for stop in stops[0] if stop not in stops[1])
        if gained or lost or list(stops[0]) != list(stops[1]):
            found.append(ChangedRoute(str(truck), gained, lost, *km))
    return tuple(sorted(found, key=lambda one: (-one.moved, one.truck)))


# --- arms -----------------------------------------------------------------------------------


def run_arms(
    chosen: Mapping[str, Scenario],
    store: Store,
    replications: int,
    workers: int,
    simulating: Simulating | None,
    cancelled: Callable[[], bool] | None,
) -> tuple[Arm, ...]:
    """Run scenarios as arms and return their figures, in order."""
    prepared = {name: prepare(arm) for name, arm in chosen.items()}  # all are checked first
    runner = Arms(store, len(chosen) * replications, workers, simulating, cancelled)
    runs = {name: runner.finish(name, one, replications) for name, one in prepared.items()}
    kpis = {
        name: [{k.name: k for _, k in store.kpis(run.id) if not k.entity} for run in mine]
        for name, mine in runs.items()
    }
    first = next(iter(kpis.values()))
    arms = []
    for name, mine in kpis.items():
        values = {figure: _values(mine, figure) for figure in FIGURES}
        base = {figure: _values(first, figure) for figure in FIGURES}
        arms.append(
            Arm(
                name, tuple(runs[name]),
                {f: paired([0.0] * len(v), v) for f, v in values.items() if v},
                {f: paired(base[f], v) for f, v in values.items() if v and base[f]},
                {k.name: k.unit for one in mine for k in one.values()},
            )
        )  # fmt: skip
    return tuple(arms)


def _values(kpis: Sequence[Mapping[str, Any]], figure: str) -> list[float]:
    """Return a figure by replication; nothing if any has none."""
    found = [one[figure].value for one in kpis if figure in one]
    if len(found) < len(kpis) or any(value is None or math.isnan(value) for value in found):
        return []
    return found
