"""A run of a fleet as charts, tables and exports need it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios import document
from scenarios.assumptions import assumptions_of
from scenarios.document import Assumption, Scenario
from scenarios.fleet_ground import Ground, ground_of
from scenarios.routes import SYSTEM
from scenarios.run import prepare
from scenarios.schema import StoredRun
from scenarios.store import Store
from sim.fleet import rows as R
from sim.fleet.inputs import FleetInputs
from sim.fleet.trace import Floats, activities, charge_curves
from sim.kernel.errors import InputError
from sim.kernel.recorder import Record
from sim.kernel.system import Kpi

if TYPE_CHECKING:
    import pandas as pd

DAY_S = 86_400.0


@dataclass(frozen=True)
class Battery:
    """What an electric truck holds and keeps in reserve, kWh."""

    kwh: float
    reserve_kwh: float


@dataclass(frozen=True, eq=False)
class FleetView:
    """A finished run and what it ran on.

    Attributes
    ----------
    done
        What trucks did, as `sim.fleet.trace.activities` says it.
    curves
        Energy by truck, as `sim.fleet.trace.charge_curves` says it.
    ground
        None where the case knows distances only, so that nothing can be drawn on a map.
    changed
        The files of the scenario are not those of the run any more.
    """

    run: StoredRun
    scenario: Scenario
    inputs: FleetInputs
    record: Record
    kpis: tuple[Kpi, ...]
    done: pd.DataFrame
    curves: Mapping[str, tuple[Floats, Floats]]
    ground: Ground | None
    assumptions: Mapping[str, Assumption]
    changed: bool = False

    @property
    def start(self) -> datetime:
        return self.inputs.start

    @property
    def horizon_s(self) -> float:
        return self.inputs.horizon_s

    @property
    def tables(self) -> Any:
        """The case's tables; rows by name of table."""
        return self.inputs.tables

    @cached_property
    def trucks(self) -> Mapping[str, R.Truck]:
        """Trucks by id, in the order of their table."""
        return {row.id: row for row in self.tables["trucks"]}

    @cached_property
    def batteries(self) -> Mapping[str, Battery]:
        """Batteries of the electric trucks."""
        types = {row.id: row for row in self.tables["truck_types"]}
        rows = {truck: types[row.type] for truck, row in self.trucks.items()}
        return {
            truck: Battery(row.battery_kwh, row.reserve_kwh)
            for truck, row in rows.items()
            if row.battery_kwh is not None
        }

    @cached_property
    def place_of(self) -> Mapping[str, str]:
        """The place of each point, site, charger and depot by its id."""
        tables = self.tables
        found = {row.depot: row.depot for row in tables["trucks"]}
        for name in ("chargers", "sites", "points"):
            found |= {row.id: row.place for row in tables[name]}
        return found

    def day(self, number: int) -> tuple[float, float]:
        """Return when a day of the run begins and ends, s since the start; nights belong to the
        day their shift begins on, so that a day is shown until 8 in the morning of the next."""
        begin = number * DAY_S - self.inputs.start_of_day_s
        return begin, min(begin + DAY_S + 8 * 3600.0, self.horizon_s)

    def of_day(self, number: int) -> pd.DataFrame:
        """Return what trucks did in the shifts that begin on a day."""
        begin, end = self.day(number)
        done = self.done
        inside = (done["from_s"] < end) & (done["to_s"] > begin)
        mine = done[inside]
        return mine[_shift_day(mine, self._shift_begins, self.inputs.start_of_day_s) == number]

    @cached_property
    def _shift_begins(self) -> Mapping[str, Floats]:
        events = self.record.events
        begins = events[(events["kind"] == "shift_begins") & (events["system"] == SYSTEM)]
        return {str(t): g["time_s"].to_numpy() for t, g in begins.groupby("entity")}

    def closed_at(self, time_s: float) -> tuple[str, ...]:
        """Return the streets that an outage closes at a moment."""
        return tuple(
            row.id
            for row in self.tables["outages"]
            if row.kind == "street"
            and row.speed_factor == 0.0
            and row.from_h * 3600.0 <= time_s < (row.from_h + row.lasts_h) * 3600.0
        )

    @cached_property
    def closed_ever(self) -> tuple[str, ...]:
        """Streets that an outage closes at any time."""
        rows = self.tables["outages"]
        names = (row.id for row in rows if row.kind == "street" and row.speed_factor == 0.0)
        return tuple(dict.fromkeys(names))

    def ground_at(self, time_s: float) -> Ground | None:
        """Return the ground with the streets of a moment."""
        if self.ground is None:
            return None
        closed = self.closed_at(time_s)
        if closed not in self._grounds:
            self._grounds[closed] = self.ground.without(closed)
        return self._grounds[closed]

    @cached_property
    def _grounds(self) -> dict[tuple[str, ...], Ground]:
        return {}

    def counts(self, kind: str) -> Mapping[str, int]:
        """Return how often an event happened, by entity."""
        events = self.record.events
        mine = events[(events["kind"] == kind) & (events["system"] == SYSTEM)]
        return {str(name): int(n) for name, n in mine["entity"].value_counts().items()}

    def sums(self, kind: str) -> Mapping[str, float]:
        """Return the sum of an event's values by entity."""
        events = self.record.events
        mine = events[(events["kind"] == kind) & (events["system"] == SYSTEM)]
        return {str(n): float(v) for n, v in mine.groupby("entity")["value"].sum().items()}

    @cached_property
    def fared(self) -> Mapping[str, str]:
        """Return how every point fared: served, overflowed, missed, or both."""
        missed, over = self.counts("missed"), self.counts("overflow")
        words = {(False, False): "served", (True, False): "overflowed", (False, True): "missed"}
        return {
            point.id: words.get((point.id in over, point.id in missed), "both")
            for point in self.inputs.points
        }

    def kpi(self, name: str, entity: str = "") -> Kpi | None:
        """Return a key figure, of the whole fleet unless an entity is named."""
        wanted = (k for k in self.kpis if k.name == name and k.entity == entity)
        return next(wanted, None)


def clock(hours: float) -> str:
    """Return an hour of the day; beyond midnight with the days that have passed."""
    days, minutes = divmod(round(hours * 60.0), 1440)
    text = f"{minutes // 60:02d}:{minutes % 60:02d}"
    return f"{text} +{days}" if days else text


def _shift_day(done: pd.DataFrame, begins: Mapping[str, Floats], start_of_day_s: float) -> Floats:
    """Return the day on which the shift of each row began; charging afterwards belongs to it."""
    days = np.floor((done["from_s"].to_numpy() + start_of_day_s) / DAY_S)
    for truck, rows in done.groupby("truck").indices.items():
        began = begins.get(str(truck))
        if began is not None and len(began):
            from_s = done["from_s"].to_numpy()[rows]
            k = np.maximum(np.searchsorted(began, from_s, side="right") - 1, 0)
            days[rows] = np.floor((began[k] + start_of_day_s) / DAY_S)
    return np.asarray(days)


def fleet_view(store: Store, run: StoredRun) -> FleetView:
    """Read a finished run.

    Raises
    ------
    InputError
        If the run has no fleet, is not done, or its files are missing or damaged.
    """
    scenario = document.from_json(run.document)
    prepared = prepare(scenario)
    inputs = prepared.inputs.get(SYSTEM)
    if not isinstance(inputs, FleetInputs):
        raise InputError("this run has no fleet", where="run", value=run.id)
    record = store.record(run.id)
    return FleetView(
        run=run,
        scenario=scenario,
        inputs=inputs,
        record=record,
        kpis=tuple(kpi for system, kpi in store.kpis(run.id) if system == SYSTEM),
        done=activities(record, inputs.horizon_s),
        curves=charge_curves(record),
        ground=ground_of(scenario),
        assumptions=assumptions_of(scenario),
        changed=prepared.hash != run.hash,
    )
