"""A smaller fleet than the tables': fewer trucks, fewer or more guns, in the same proportions."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from typing import Any

from sim.fleet.rows import Charger, Truck
from sim.fleet.spec import DailyPolicy, FleetSpec
from sim.fleet.tables import Tables
from sim.kernel.errors import InputError
from sim.kernel.row_files import Rows


def sized(tables: Tables, spec: FleetSpec) -> Tables:
    """Return the tables with as many trucks and guns as the specification says.

    Raises
    ------
    InputError
        There are not as many trucks, fewer with routes made for all of them, or no charger.
    """
    of = dict(tables.of)
    if spec.use_trucks is not None:
        of["trucks"] = _fewer_trucks(tables, spec, spec.use_trucks)
    if spec.use_guns is not None:
        of["chargers"] = _guns(tables, spec.use_guns)
    return replace(tables, of=of)


def _fewer_trucks(tables: Tables, spec: FleetSpec, count: int) -> Rows:
    rows = tables.of["trucks"]
    trucks: tuple[Truck, ...] = rows.elements
    if count > len(trucks):
        raise InputError(
            "the fleet has not as many trucks", where="fleet.use_trucks", value=count,
            expected=f"1 to {len(trucks)}", hint=f"add rows to {rows.file.name}", file=rows.file,
        )  # fmt: skip
    size = Counter((truck.type, truck.depot, truck.shift) for truck in trucks)
    seen: dict[tuple[str, str, str], int] = defaultdict(int)
    rank = []
    for number, truck in enumerate(trucks):
        group = (truck.type, truck.depot, truck.shift)
        # Halfway between two members, so that groups of one are not all first.
        rank.append(((seen[group] + 0.5) / size[group], number))
        seen[group] += 1
    kept = sorted(number for _, number in sorted(rank)[:count])
    _refuse_idle_routes(tables, spec, {trucks[k].id for k in kept})
    return Rows(rows.file, tuple(trucks[k] for k in kept), tuple(rows.lines[k] for k in kept))


def _refuse_idle_routes(tables: Tables, spec: FleetSpec, kept: set[str]) -> None:
    """Refuse routes and territories of trucks that are not kept: nobody would drive them."""
    if isinstance(spec.policy, DailyPolicy):
        return
    named: list[Any] = [*(tables["plan"] if spec.policy.kind == "plan" else tables["points"])]
    gone = sorted({row.truck for row in named if row.truck is not None} - kept)
    if gone:
        raise InputError(
            f"routes are made for {len(gone)} trucks that are left out", where="fleet.use_trucks",
            value=", ".join(gone[:5]), expected="routes for the trucks that are kept",
            hint='policy = { kind = "daily" } gives the routes out anew, or name another plan',
        )  # fmt: skip


def _guns(tables: Tables, count: int) -> Rows:
    """Give out guns by largest remainder (Hamilton's method); a charger without one is dropped."""
    rows = tables.of["chargers"]
    chargers: tuple[Charger, ...] = rows.elements
    total = sum(charger.guns for charger in chargers)
    if not chargers:
        raise InputError(
            "there is no charger to have guns", where="fleet.use_guns", value=count,
            expected="a table chargers.csv", file=rows.file,
        )  # fmt: skip
    quotas = [charger.guns * count / total for charger in chargers]
    guns = [int(quota) for quota in quotas]
    by_rest = sorted(range(len(chargers)), key=lambda k: (guns[k] - quotas[k], k))
    for k in by_rest[: count - sum(guns)]:
        guns[k] += 1
    changed: list[Any] = [
        charger.model_copy(
            update={
                "guns": number,
                # The connection is sized for the guns.
                "limit_kw": None
                if charger.limit_kw is None
                else charger.limit_kw * number / charger.guns,
            }
        )
        for charger, number in zip(chargers, guns, strict=True)
    ]
    kept = [k for k, number in enumerate(guns) if number > 0]
    return Rows(rows.file, tuple(changed[k] for k in kept), tuple(rows.lines[k] for k in kept))
