"""What is known of a truck at any moment, and the log of what it did."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.fleet import legs as L
from sim.fleet import rows as R
from sim.fleet.legs import Duty
from sim.kernel.planner import Task

if TYPE_CHECKING:
    from sim.fleet.model import FleetRun

Floats = NDArray[np.float64]
Way = tuple[Floats, Floats]

MID_LEG = -1  # a place that is none: on the way to somewhere, with ways of its own
_RUNNING = (L.WAIT, L.UNLOAD)  # auxiliaries are on while it stands like this
NO_DUTY = Duty(math.inf, math.inf, 0.0, math.inf, math.inf, math.inf)


class Outlook(NamedTuple):
    """Where and when a truck can take new orders, and what it has not begun."""

    place: int
    free_s: float
    way: Way
    load_kg: Floats
    energy_kwh: float
    tasks: tuple[Task, ...]


class Vehicle:
    """State and log of one truck.

    Attributes
    ----------
    place : int
        Where it stands: a place, a street node (from the number of places on), or ``MID_LEG``.
    energy_kwh, load_kg : float, (4,) array
        In the battery (0 without one), and on board by stream.
    log : list of (n, WIDTH) arrays
        What it did, as rows (see `sim.fleet.legs`).
    """

    def __init__(self, number: int, row: R.Truck, model: FleetRun) -> None:
        inputs = model.inputs
        self.number = number
        self.row = row
        self.kind = inputs.kinds[row.type]
        self.electric = self.kind.electric > 0.0
        self.of_kind = np.array(self.kind)
        self.type: R.TruckType = model.types[row.type]
        self.streams = tuple(R.STREAMS.index(s) for s in self.type.streams.split())
        self.depot = inputs.places[row.depot]
        self.place = self.depot
        self.way: Way | None = None
        battery = self.type.battery_kwh or 0.0
        self.energy_kwh = battery if row.start_kwh is None else min(row.start_kwh, battery)
        self.start_kwh = self.energy_kwh
        self.load_kg = np.zeros(4)
        self.load_kg[self.streams[0]] = row.start_kg
        self.driven_s = self.rested = self.worked_s = 0.0
        self.duty = NO_DUTY
        self.of_duty = np.array(self.duty)
        self.log: list[Floats] = []
        self.model = model

    def ways(self) -> Way:
        """Return the way from where it stands to every place, m and s."""
        return self.way if self.way is not None else self.model.travel.way_from(self.place)

    def state(self) -> Floats:
        """Return what `sim.fleet.legs.stretch` starts from."""
        load = self.load_kg
        return np.array([
            self.model.env.now, self.place, self.energy_kwh, self.driven_s, self.rested,
            load[0], load[1], load[2], load[3],
        ])  # fmt: skip

    def commit(self, rows: Floats, way: Way | None) -> None:
        """Make what the rows say come true; ``way`` if they end at no place."""
        self.worked_s += self.model.settle(rows)
        self.log.append(rows)
        last = rows[-1]
        self.place = int(last[L.PLACE])
        self.way = way if self.place == MID_LEG else None
        self.energy_kwh = float(last[L.ENERGY])
        self.driven_s, self.rested = float(last[L.DRIVEN_S]), float(last[L.RESTED])
        self.load_kg = last[L.LOAD : L.LOAD + 4].copy()

    def stood(
        self, kind: int, target: int, from_s: float, to_s: float, amount: float = 0.0
    ) -> None:
        """Log that it stood, doing what ``kind`` says."""
        if to_s <= from_s and amount == 0.0:
            return
        # At a charger everything is switched off.
        runs = kind in _RUNNING and target not in self.model.charger_codes
        aux = self.kind.auxiliary_kw * (to_s - from_s) / 3600.0 if runs else 0.0
        self.energy_kwh -= aux
        if to_s - from_s >= self.duty.rest_s:
            self.driven_s = 0.0
        load = self.load_kg
        self.log.append(np.array([[
            kind, target, from_s, to_s, amount, self.energy_kwh, self.place, self.driven_s,
            self.rested, load[0], load[1], load[2], load[3], 0.0, 0.0, 0.0, aux,
        ]]))  # fmt: skip

    def charged(self, target: int, from_s: float, to_s: float, kwh: float, energy: float) -> None:
        """Log a piece of charging at constant power; pieces of one power become one."""
        self.energy_kwh = energy
        if self.log:
            last = self.log[-1][-1]
            if last[L.KIND] == L.CHARGE and last[L.TO_S] == from_s and last[L.TARGET] == target:
                power = last[L.AMOUNT] / (last[L.TO_S] - last[L.FROM_S])
                if abs(power * (to_s - from_s) - kwh) <= 1e-9 * kwh:
                    last[L.TO_S], last[L.ENERGY] = to_s, energy
                    last[L.AMOUNT] += kwh
                    return
        self.stood(L.CHARGE, target, from_s, to_s, kwh)

    def cut(self, rows: Floats, way: Way | None) -> tuple[Floats, Way | None]:
        """Return the rows that are carried out whatever is ordered now, and the way from there.

        A drive goes on to the end of its street, or to its target where streets are not known;
        service and rest are finished; waiting ends at once.
        """
        now = self.model.env.now
        k = int(np.searchsorted(rows[:, L.TO_S], now, side="right"))
        if k >= len(rows):
            return rows, way
        row = rows[k]
        if row[L.FROM_S] >= now:
            return (rows[:k], None) if k else (self._not_begun(rows), self.way)
        done = (now - row[L.FROM_S]) / (row[L.TO_S] - row[L.FROM_S])
        if row[L.KIND] == L.WAIT:
            place = int(row[L.PLACE])
            return shortened(rows[: k + 1], done, place), self.way if k == 0 else None
        if row[L.KIND] == L.DRIVE:
            before = int(rows[k - 1, L.PLACE]) if k else self.place
            found = None
            if before != MID_LEG:
                found = self.model.travel.street_end(before, int(row[L.PLACE]), done, now)
            if found is not None:
                share, share_m, node = found
                return shortened(rows[: k + 1], share, node, share_m), None
        return rows[: k + 1], way if k + 1 == len(rows) else None

    def _not_begun(self, rows: Floats) -> Floats:
        row = np.zeros((1, L.WIDTH))
        now = self.model.env.now
        row[0, : L.SPENT] = (
            L.WAIT, rows[0, L.TARGET], now, now, 0.0, self.energy_kwh, self.place, self.driven_s,
            self.rested, *self.load_kg,
        )  # fmt: skip
        return row

    def until_breakdown(self, rows: Floats, life_s: float) -> tuple[Floats, Way | None, bool]:
        """Cut rows where its life of work ends: in a street, or after what it does there.

        Returns the rows, the way from there, and whether it breaks down.
        """
        if self.worked_s + rows[-1, L.TO_S] - rows[0, L.FROM_S] < life_s:
            return rows, None, False  # even if it were work all the time
        worked = self.worked_s + np.cumsum(_work(rows))
        k = int(np.searchsorted(worked, life_s))
        if k >= len(rows):
            return rows, None, False
        row, cut = rows[k], rows[: k + 1]
        if row[L.KIND] != L.DRIVE:
            return cut, None, True
        done = 1.0 - (worked[k] - life_s) / (row[L.TO_S] - row[L.FROM_S])
        before = int(rows[k - 1, L.PLACE]) if k else self.place
        to, travel = int(row[L.PLACE]), self.model.travel
        found = None
        if before != MID_LEG:
            found = travel.street_end(before, to, done, self.model.env.now)
        if found is not None:
            share, share_m, node = found
            return shortened(cut, share, node, share_m), None, True
        way_m, way_s = self.ways() if k == 0 else travel.way_from(before)
        left = (
            (1.0 - done) * way_m[to] + travel.distance_m[to],
            (1.0 - done) * way_s[to] + travel.duration_s[to],
        )
        return shortened(cut, done, MID_LEG), left, True


def _work(rows: Floats) -> Floats:
    works = (rows[:, L.KIND] == L.DRIVE) | (rows[:, L.KIND] == L.COLLECT)
    return np.where(works, rows[:, L.TO_S] - rows[:, L.FROM_S], 0.0)


def shortened(rows: Floats, share: float, place: int, share_m: float | None = None) -> Floats:
    """Return a copy of rows of which the last ends after a share of its time (and length)."""
    rows = rows.copy()
    row = rows[-1]
    share_m = share if share_m is None else share_m
    lasts = row[L.TO_S] - row[L.FROM_S]
    before = row[L.ENERGY] + row[L.SPENT : L.SPENT + 4].sum()
    if row[L.KIND] == L.DRIVE:
        row[L.DRIVEN_S] -= lasts * (1.0 - share)
    row[L.TO_S] = row[L.FROM_S] + lasts * share
    row[L.AMOUNT] *= share_m
    row[L.SPENT] *= share_m
    row[L.SPENT + 3] *= share
    row[L.ENERGY] = before - row[L.SPENT : L.SPENT + 4].sum()
    row[L.PLACE] = place
    return rows
