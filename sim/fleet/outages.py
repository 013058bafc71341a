"""What goes out of order in a run: as the table of outages says, and by chance."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import simpy

from sim.fleet.rows import Outage

if TYPE_CHECKING:
    from sim.fleet.model import FleetRun

Process = Generator[simpy.Event, object, None]


def begin_failures(model: FleetRun) -> None:
    """Start a process for each outage, and for each line and gun that can fail by chance."""
    outages: Any = model.tables["outages"]
    for outage in outages:
        model.env.process(_outage(model, outage))
    if not model.inputs.spec.chance.breakdowns:
        return
    for plant in model.plants.values():
        if plant.row.line_hours_to_failure is not None:
            for line in range(plant.row.lines):
                model.env.process(_line(model, plant, line))
    for name, row in model.charger_rows.items():
        if row.gun_hours_to_failure is not None:
            for gun in range(row.guns):
                model.env.process(_gun(model, name, gun))


def _line(model: FleetRun, plant: Any, line: int) -> Process:
    row, number, luck = plant.row, 0, model.luck
    name = f"{row.id} line {line}"
    while True:
        yield model.env.timeout(luck.life_of(name, number, row.line_hours_to_failure))
        plant.line_fails()
        number += 1
        seconds = luck.repair(name, number, row.line_median_repair_h, row.line_repair_spread)
        yield model.env.timeout(seconds)
        plant.line_works()


def _gun(model: FleetRun, charger: str, gun: int) -> Process:
    row, number, luck = model.charger_rows[charger], 0, model.luck
    name = f"{charger} gun {gun}"
    assert row.gun_hours_to_failure is not None
    while True:
        yield model.env.timeout(luck.life_of(name, number, row.gun_hours_to_failure))
        model.chargers[charger].queue.fail(gun)
        model.tell("gun_failed", charger)
        number += 1
        yield model.env.timeout(
            luck.repair(name, number, row.gun_median_repair_h, row.gun_repair_spread)
        )
        model.chargers[charger].queue.mend(gun)
        model.tell("gun_repaired", charger)


def _outage(model: FleetRun, outage: Outage) -> Process:
    env, lasts_s = model.env, outage.lasts_h * 3600.0
    yield env.timeout(outage.from_h * 3600.0)
    if outage.kind == "site":
        plant = model.plants[outage.id]
        plant.stop()
        model.dispatch.site_changed(outage.id, True)
        yield env.timeout(lasts_s)
        plant.resume()
        model.dispatch.site_changed(outage.id, False)
    elif outage.kind == "line":
        plant = model.plants[outage.id]
        plant.line_fails()
        yield env.timeout(lasts_s)
        plant.line_works()
    elif outage.kind == "charger":
        queue = model.chargers[outage.id].queue
        gun = next((g for g in range(queue.servers) if queue.works(g)), None)
        if gun is None:
            return
        queue.fail(gun)
        model.tell("gun_failed", outage.id)
        yield env.timeout(lasts_s)
        queue.mend(gun)
        model.tell("gun_repaired", outage.id)
    elif outage.kind == "truck":
        truck = next(t for t in model.trucks if t.row.id == outage.id)
        truck.break_down(lasts_s)
    else:
        signals = model.run.signals
        signals.publish("street_speed_factor", outage.id, outage.speed_factor)
        yield env.timeout(lasts_s)
        signals.publish("street_speed_factor", outage.id, 1.0)
