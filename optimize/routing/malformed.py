"""What is wrong with a problem whatever the plan: every figure, each complaint with its place."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from optimize.routing.problem import Problem, Travel, TruckType, Windows
from sim.kernel.errors import InputError

_MOST_TOLD = 10


def malformed(problem: Problem) -> list[InputError]:
    """Return everything about a problem that cannot be meant, in the order of its fields."""
    found = [*_travel(problem.travel)]
    if found:
        return found  # nothing else can be looked at without places
    found += _unique(problem.dimensions, "dimensions")
    found += _unique([stop.id for stop in problem.stops], "stops")
    found += _unique([site.id for site in problem.sites], "sites")
    found += _unique([charger.id for charger in problem.chargers], "chargers")
    found += _unique([truck.id for truck in problem.trucks], "trucks")
    found += _stops(problem)
    found += _sites(problem)
    found += _chargers(problem)
    if not problem.trucks:
        found.append(InputError("there is no truck", where="trucks", expected="one type at least"))
    for i, truck in enumerate(problem.trucks):
        found += _truck(problem, truck, f"trucks[{i}] {truck.id}")
    found += _amount(problem.deviation_cost, "deviation_cost")
    found += _holes(problem)
    return found


def _unique(names: Sequence[str], where: str) -> list[InputError]:
    found = [
        InputError(f"the same id {times} times", where=where, value=name, expected="unique ids")
        for name, times in Counter(names).items()
        if times > 1
    ]
    if "" in names:
        found.append(InputError("an id is empty", where=where))
    return found


def _amount(
    value: float, where: str, *, least: float = 0.0, most: float = math.inf, finite: bool = True
) -> list[InputError]:
    if least <= value <= most and (math.isfinite(value) or not finite):
        return []
    expected = f"at least {least:g}" + (f" and at most {most:g}" if math.isfinite(most) else "")
    what = "negative" if value < 0.0 <= least else "out of range"
    return [
        InputError(what if not math.isnan(value) else "not a number", where=where, value=value,
                   expected=("a finite number, " if finite else "") + expected)
    ]  # fmt: skip


def _amounts(
    values: Sequence[float], count: int, where: str, *, finite: bool = True
) -> list[InputError]:
    if len(values) != count:
        return [
            InputError(
                "not one for each dimension of load", where=where, value=len(values),
                expected=f"{count} numbers",
            )
        ]  # fmt: skip
    return [
        error
        for d, value in enumerate(values)
        for error in _amount(value, f"{where}[{d}]", finite=finite)
    ]


def _place(place: int, problem: Problem, where: str) -> list[InputError]:
    count = len(problem.travel.places)
    if 0 <= place < count:
        return []
    return [
        InputError(
            "there is no such place", where=where, value=place, expected=f"0 to {count - 1}",
        )
    ]  # fmt: skip


def _windows(windows: Windows, where: str) -> list[InputError]:
    if not windows:
        return [InputError("there is no window", where=where, expected="one at least")]
    found = []
    before = -math.inf
    for k, (begin, end) in enumerate(windows):
        if math.isnan(begin) or math.isnan(end) or math.isinf(begin):
            found.append(InputError("not a moment", where=f"{where}[{k}]", value=(begin, end)))
        elif end < begin:
            found.append(
                InputError(
                    "the window ends before it begins", where=f"{where}[{k}]", value=(begin, end),
                    hint="swap the two, or split a window over midnight",
                )
            )  # fmt: skip
        elif begin <= before:
            found.append(
                InputError(
                    "windows overlap or are out of order", where=f"{where}[{k}]",
                    value=(begin, end), hint="sort and join them",
                )
            )  # fmt: skip
        before = end
    return found


# --- travel ---------------------------------------------------------------------------------


def _travel(travel: Travel) -> Iterable[InputError]:
    count = len(travel.places)
    yield from _unique(travel.places, "travel.places")
    for name, shape in (
        ("xy_m", (count, 2)), ("distance_m", (count, count)), ("duration_s", (count, count)),
    ):  # fmt: skip
        table = np.asarray(getattr(travel, name))
        if table.shape != shape:
            yield InputError(
                "not as large as the places say", where=f"travel.{name}", value=table.shape,
                expected=str(shape),
            )  # fmt: skip
            return
        if name == "xy_m":
            continue
        yield from _cells(travel, name, np.isnan(table), "not a number")
        yield from _cells(travel, name, table < 0.0, "negative")
        yield from _cells(
            travel, name, np.diag(np.diag(table) != 0.0), "not 0 from a place to itself"
        )
    gap = np.isinf(travel.distance_m) != np.isinf(travel.duration_s)
    yield from _cells(travel, "duration_s", gap, "a gap in one table and none in the other")
    knots, factor = np.asarray(travel.factor_from_s), np.asarray(travel.speed_factor)
    if knots.ndim != 1 or knots.shape != factor.shape or knots.size == 0:
        yield InputError("not one speed factor for each moment", where="travel.speed_factor")
    elif knots[0] != 0.0 or np.any(np.diff(knots) <= 0.0) or not np.all(np.isfinite(knots)):
        yield InputError(
            "not moments in order", where="travel.factor_from_s", value=knots.tolist(),
            expected="0 first, then rising",
        )  # fmt: skip
    elif not np.all((factor > 0.0) & np.isfinite(factor)):
        yield InputError(
            "a speed factor that is not over 0", where="travel.speed_factor",
            value=factor.tolist(), hint="close streets by infinite distances instead",
        )  # fmt: skip


def _cells(travel: Travel, name: str, wrong: np.ndarray, what: str) -> Iterable[InputError]:
    """Complain of the first few cells, and tell how many more there are."""
    cells = np.argwhere(wrong)
    for k, (i, j) in enumerate(cells[:_MOST_TOLD]):
        more = len(cells) - _MOST_TOLD
        yield InputError(
            what, where=f"travel.{name} from {travel.places[i]} to {travel.places[j]}",
            value=float(getattr(travel, name)[i, j]),
            hint=f"and {more} more cells" if more > 0 and k == _MOST_TOLD - 1 else "",
        )  # fmt: skip


def _holes(problem: Problem) -> list[InputError]:
    """Return pairs of places in use with a way there and none back."""
    travel = problem.travel
    count = len(travel.places)
    used = {stop.place for stop in problem.stops}
    used |= {site.place for site in problem.sites} | {c.place for c in problem.chargers}
    used |= {place for truck in problem.trucks for place in (truck.start, truck.end)}
    among = np.array(sorted(place for place in used if 0 <= place < count), dtype=int)
    way = np.isfinite(travel.distance_m)
    holes = np.zeros_like(way)
    holes[np.ix_(among, among)] = (~way & way.T)[np.ix_(among, among)]
    return [
        InputError(
            "there is a way back and none there", where=error.where, value=error.value,
            hint=error.hint or "keep places that all reach each other, or fill the gap",
        )
        for error in _cells(travel, "distance_m", holes, "")
    ]  # fmt: skip


# --- what is visited ------------------------------------------------------------------------


def _stops(problem: Problem) -> list[InputError]:
    found = []
    for i, stop in enumerate(problem.stops):
        where = f"stops[{i}] {stop.id}"
        found += _place(stop.place, problem, f"{where}: place")
        found += _amounts(stop.demand, len(problem.dimensions), f"{where}: demand")
        found += _amount(stop.service_s, f"{where}: service_s")
        found += _amount(stop.energy_kwh, f"{where}: energy_kwh")
        found += _amount(stop.release_s, f"{where}: release_s", least=-math.inf)
        found += _amount(stop.penalty, f"{where}: penalty", finite=False)
        found += _windows(stop.windows, f"{where}: windows")
        for kind in (stop.truck_types or ()) if problem.trucks else ():
            if not 0 <= kind < len(problem.trucks):
                found.append(
                    InputError("there is no such truck type", where=f"{where}: truck_types",
                               value=kind, expected=f"0 to {len(problem.trucks) - 1}")
                )  # fmt: skip
    return found


def _sites(problem: Problem) -> list[InputError]:
    found = []
    dimensions = len(problem.dimensions)
    for i, site in enumerate(problem.sites):
        where = f"sites[{i}] {site.id}"
        found += _place(site.place, problem, f"{where}: place")
        if len(site.accepts) != dimensions:
            found.append(
                InputError("not one for each dimension of load", where=f"{where}: accepts",
                           value=site.accepts, expected=f"{dimensions} times true or false")
            )  # fmt: skip
        elif dimensions and not any(site.accepts):
            found.append(InputError("the site accepts nothing", where=f"{where}: accepts"))
        found += _amount(site.unload_s, f"{where}: unload_s")
        if site.unload_s_per_unit:
            found += _amounts(site.unload_s_per_unit, dimensions, f"{where}: unload_s_per_unit")
        found += _windows(site.windows, f"{where}: windows")
    return found


def _chargers(problem: Problem) -> list[InputError]:
    found = []
    for i, charger in enumerate(problem.chargers):
        where = f"chargers[{i}] {charger.id}"
        found += _place(charger.place, problem, f"{where}: place")
        found += _windows(charger.windows, f"{where}: windows")
        found += _amount(charger.technology, f"{where}: technology")
        if charger.guns is not None:
            found += _amount(charger.guns, f"{where}: guns", least=1.0)
    return found


# --- trucks ---------------------------------------------------------------------------------


def _truck(problem: Problem, truck: TruckType, where: str) -> list[InputError]:
    dimensions = len(problem.dimensions)
    found = _place(truck.start, problem, f"{where}: start")
    found += _place(truck.end, problem, f"{where}: end")
    found += _amounts(truck.capacity, dimensions, f"{where}: capacity")
    for name in ("day_capacity", "kwh_per_m_unit", "compaction_kwh_per_unit", "start_load"):
        values = getattr(truck, name)
        if values:
            finite = name != "day_capacity"
            found += _amounts(values, dimensions, f"{where}: {name}", finite=finite)
    if truck.start_load and len(truck.start_load) == len(truck.capacity) == dimensions:
        for d, (load, most) in enumerate(zip(truck.start_load, truck.capacity, strict=True)):
            if load > most:
                found += _amount(load, f"{where}: start_load[{d}]", most=most)
    if truck.count is not None:
        found += _amount(truck.count, f"{where}: count")
    for name in ("overtime_s", "kwh_per_m", "cost_fixed", "cost_per_m", "cost_per_s",
                 "cost_per_kwh", "cost_per_overtime_s"):  # fmt: skip
        found += _amount(getattr(truck, name), f"{where}: {name}")
    for name in ("most_distance_m", "most_duration_s"):
        found += _amount(getattr(truck, name), f"{where}: {name}", finite=False)
    if truck.most_stops is not None:
        found += _amount(truck.most_stops, f"{where}: most_stops")
    found += _windows((truck.shift_s,), f"{where}: shift_s")
    for k, rest in enumerate(truck.breaks):
        found += _windows(((rest.earliest_s, rest.latest_s),), f"{where}: breaks[{k}]")
        found += _amount(rest.duration_s, f"{where}: breaks[{k}].duration_s")
    if truck.driving_rule is not None:
        rule = truck.driving_rule
        found += _amount(rule.driving_s, f"{where}: driving_rule.driving_s", least=1e-9)
        found += _amount(rule.rest_s, f"{where}: driving_rule.rest_s")
    return found + _battery(truck, where)


def _battery(truck: TruckType, where: str) -> list[InputError]:
    full = truck.battery_kwh
    if full is None:
        if truck.charging:
            return [InputError("charging curves and no battery", where=f"{where}: charging")]
        return []
    found = _amount(full, f"{where}: battery_kwh", least=1e-9)
    found += _amount(truck.reserve_kwh, f"{where}: reserve_kwh", most=full)
    found += _amount(truck.end_kwh, f"{where}: end_kwh", most=full)
    if truck.start_kwh is not None:
        found += _amount(truck.start_kwh, f"{where}: start_kwh", least=truck.reserve_kwh, most=full)
    for k, curve in enumerate(truck.charging):
        energy, time = np.asarray(curve.energy_kwh), np.asarray(curve.time_s)
        place = f"{where}: charging[{k}]"
        if energy.size != time.size or energy.size < 2:
            found.append(InputError("not a time for each of two energies or more", where=place))
            continue
        if not (np.all(np.isfinite(energy)) and np.all(np.isfinite(time))):
            found.append(InputError("not finite numbers", where=place, value=energy.tolist()))
        elif energy[0] != 0.0 or time[0] != 0.0 or energy[-1] != full:
            found.append(
                InputError("does not run from nothing at 0 s to full", where=place,
                           value=(energy.tolist(), time.tolist()), expected=f"0 to {full:g} kWh")
            )  # fmt: skip
        elif np.any(np.diff(energy) <= 0.0) or np.any(np.diff(time) < 0.0):
            found.append(
                InputError("the curve does not rise", where=place,
                           value=(energy.tolist(), time.tolist()))
            )  # fmt: skip
        else:
            per_kwh = np.diff(time) / np.diff(energy)
            if np.any(np.diff(per_kwh) < -1e-9 * np.abs(per_kwh[1:])):
                found.append(
                    InputError("the curve is not concave: charging gets faster", where=place,
                               value=(energy.tolist(), time.tolist()),
                               expected="ever more seconds a kWh")
                )  # fmt: skip
    return found
