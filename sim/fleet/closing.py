"""The end of a run: logs become events, stocks are counted, ledgers closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.fleet import legs as L
from sim.fleet.demand import contents, see_all
from sim.kernel.recorder import EventBlock

if TYPE_CHECKING:
    from sim.fleet.model import FleetRun

Floats = NDArray[np.float64]

# What a truck is doing from the moment of the event until its next one; by kind of row.
ACTIVITIES = ("drive", "wait", "collect", "rest", "unload", "charge", "repair", "idle")
BATTERY = "battery"
# Events carry km, kg or kWh; waiting, resting and the like have no amount.
_FACTOR = np.array([1e-3, np.nan, 1.0, np.nan, 1.0, 1.0, np.nan, np.nan])


def close(model: FleetRun) -> None:
    """Bring everything up to the end of the run, record it and close the ledgers."""
    for charger in model.chargers.values():
        charger.settle()
    for truck in model.trucks:
        truck.close()
    for plant in model.plants.values():
        plant.look()
    rows, whose = _logs(model)
    _tell_activities(model, rows, whose)
    lying = _overflow(model)
    _waste(model, rows, lying)
    _energy(model, rows)
    model.tell("energy_cost", "", model.energy_cny)
    for truck in model.trucks:
        if truck.electric:
            battery = truck.type.battery_kwh or 1.0
            lowest = min((float(log[:, L.ENERGY].min()) for log in truck.log), default=battery)
            model.tell(
                "lowest_charge", truck.row.id, 100.0 * min(lowest, truck.start_kwh) / battery
            )


def _logs(model: FleetRun) -> tuple[Floats, NDArray[np.int64]]:
    logs = [log for truck in model.trucks for log in truck.log]
    numbers = [truck.number for truck in model.trucks for _ in truck.log]
    if not logs:
        return np.zeros((0, L.WIDTH)), np.zeros(0, dtype=np.int64)
    return np.concatenate(logs), np.repeat(numbers, [len(log) for log in logs])


def _tell_activities(model: FleetRun, rows: Floats, whose: NDArray[np.int64]) -> None:
    """Record what trucks did: an event where each activity begins, the battery where it ends."""
    kept = (rows[:, L.TO_S] > rows[:, L.FROM_S]) | (rows[:, L.AMOUNT] > 0.0)
    rows, whose = rows[kept], whose[kept]
    if not len(rows):
        return
    kind = rows[:, L.KIND].astype(np.int64)
    target = rows[:, L.TARGET].astype(np.int64)
    from_s, to_s = rows[:, L.FROM_S], rows[:, L.TO_S]
    # Where nothing follows at once, the truck is idle.
    stops = np.ones(len(rows), dtype=bool)
    stops[:-1] = (whose[1:] != whose[:-1]) | (np.abs(from_s[1:] - to_s[:-1]) > 1e-6)
    electric = np.array([truck.electric for truck in model.trucks])[whose]
    spends = electric & ((rows[:, L.SPENT : L.SPENT + 4] != 0.0).any(axis=1) | (kind == L.CHARGE))
    count, idle, battery = len(rows), int(stops.sum()), int(spends.sum())
    no_target = len(model.targets)
    block = EventBlock(
        "fleet",
        # Where one activity ends and the next begins, the battery is told first.
        np.concatenate([to_s[spends], from_s, to_s[stops]]),
        np.concatenate(
            [rows[spends, L.ENERGY], rows[:, L.AMOUNT] * _FACTOR[kind], np.full(idle, np.nan)]
        ),
        ((*ACTIVITIES, BATTERY), [t.row.id for t in model.trucks], [*model.targets, ""]),
        (
            np.concatenate([np.full(battery, len(ACTIVITIES)), kind, np.full(idle, L.IDLE)]),
            np.concatenate([whose[spends], whose, whose[stops]]),
            np.concatenate([np.full(battery, no_target), target, np.full(idle, no_target)]),
        ),
    )
    assert count == len(kind)
    model.run.recorder.events(block)


def _overflow(model: FleetRun) -> Floats:
    """Record overflow by point; return what lies at every point, kg."""
    bins, now, points = model.bins, model.env.now, model.inputs.points
    began = see_all(bins, now)
    for p in np.flatnonzero(began == began):
        model.run.recorder.event(float(began[p]), "fleet", "overflow", points[p].id)
    for p in np.flatnonzero(bins.points["over_s"] > 0.0):
        model.tell("overflow_kg", points[p].id, float(bins.points["over_kg"][p]))
        model.tell("overflow_h", points[p].id, float(bins.points["over_s"][p]) / 3600.0)
    return contents(bins, now)


def _waste(model: FleetRun, rows: Floats, lying: Floats) -> None:
    points = model.bins.points
    ledger = model.run.ledger("waste", "t")
    held = np.minimum(lying, points["capacity_kg"])
    ledger.opening("in_bins", float(points["opening_kg"].sum()) / 1e3)
    generated = lying + points["taken_kg"] - points["opening_kg"]
    ledger.inflow("generated", float(generated.sum()) / 1e3)
    ledger.closing("in_bins", float(held.sum()) / 1e3)
    ledger.closing("beside_bins", float((lying - held).sum()) / 1e3)
    for truck in model.trucks:
        ledger.opening("on_trucks", truck.row.start_kg / 1e3)
        ledger.closing("on_trucks", float(truck.load_kg.sum()) / 1e3)
    for plant in model.plants.values():
        ledger.opening("at_sites", plant.row.opening_t)
        ledger.inflow("from_others", plant.others_t)
        ledger.outflow("processed", plant.processed_t - plant.passed_t)
        ledger.closing("at_sites", plant.look() + plant.out_t)
        ledger.closing("hauled_on", plant.hauled_t)


def _energy(model: FleetRun, rows: Floats) -> None:
    electric = [truck for truck in model.trucks if truck.electric]
    if not electric:
        return
    ledger = model.run.ledger("energy", "kWh")
    for truck in electric:
        ledger.opening("in_batteries", truck.start_kwh)
        ledger.closing("in_batteries", truck.energy_kwh)
    for charger in model.chargers.values():
        ledger.inflow("from_grid", charger.grid_kwh)
    charged = rows[rows[:, L.KIND] == L.CHARGE, L.AMOUNT].sum()
    grid = sum(charger.grid_kwh for charger in model.chargers.values())
    ledger.outflow("charging_losses", grid - float(charged))
    for k, account in enumerate(("driving", "lifting", "compaction", "auxiliaries")):
        ledger.outflow(account, float(rows[:, L.SPENT + k].sum()))
