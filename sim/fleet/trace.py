"""What a record says of each truck, moment by moment: for Gantt charts, curves, maps and replays.

An event of an activity (``drive``, ``wait``, ``collect``, ``rest``, ``unload``, ``charge``,
``repair``, ``idle``) says what a truck does from then on until its next one; its value is km, kg
or kWh, its detail the point, site, charger or depot. ``battery`` says the energy, kWh; it changes
linearly between two of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.fleet.closing import ACTIVITIES, BATTERY
from sim.kernel.recorder import Record

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]


def activities(record: Record, horizon_s: float) -> pd.DataFrame:
    """Return what trucks did: columns truck, kind, target, from_s, to_s, amount.

    In order of truck and time; idle times are left out. ``amount`` is km of a drive, kg of
    collecting and unloading, kWh of charging, else NaN.
    """
    import pandas as pd

    events = record.events
    mine = events[events["kind"].isin(ACTIVITIES) & (events["system"] == "fleet")]
    trucks, names = pd.factorize(mine["entity"], sort=True)
    order = np.argsort(trucks, kind="stable")  # within a truck they are in order of time
    trucks, from_s = trucks[order], mine["time_s"].to_numpy()[order]
    to_s = np.full(len(mine), float(horizon_s))
    same = trucks[1:] == trucks[:-1]
    to_s[:-1][same] = from_s[1:][same]
    kinds, kind_names = pd.factorize(mine["kind"])
    kinds = kinds[order]
    idle = kind_names.get_indexer(["idle"])[0]
    kept = np.flatnonzero(kinds != idle)
    return pd.DataFrame(
        {
            "truck": pd.Series(names.array.take(trucks[kept])),
            "kind": pd.Series(kind_names.array.take(kinds[kept])),
            "target": pd.Series(mine["detail"].array.take(order[kept])),
            "from_s": from_s[kept],
            "to_s": to_s[kept],
            "amount": mine["value"].to_numpy()[order[kept]],
        }
    )


def charge_curves(record: Record) -> dict[str, tuple[Floats, Floats]]:
    """Return times, s, and energies, kWh, of each electric truck; linear in between."""
    events = record.events
    mine = events[(events["system"] == "fleet") & (events["kind"] == BATTERY)]
    return {
        str(truck): (group["time_s"].to_numpy(), group["value"].to_numpy())
        for truck, group in mine.groupby("entity", sort=True)
    }


@dataclass(frozen=True)
class Moment:
    """What a truck is doing at a moment of a replay.

    Attributes
    ----------
    share
        How much of the activity is behind it, 0 to 1: where it is on its way.
    load_kg
        On board, as far as collected and unloaded by then.
    energy_kwh
        NaN without a battery.
    """

    truck: str
    kind: str
    target: str
    share: float
    load_kg: float
    energy_kwh: float


class Replay:
    """A record played again: the state of every truck at any moment, from the events alone."""

    def __init__(self, record: Record, horizon_s: float) -> None:
        table = activities(record, horizon_s)
        self._of = {str(t): g.reset_index(drop=True) for t, g in table.groupby("truck", sort=True)}
        self._curves = charge_curves(record)
        self.trucks = tuple(self._of)

    def at(self, time_s: float) -> list[Moment]:
        """Return what every truck does at a moment; a truck that does nothing is ``idle``."""
        return [self._moment(truck, time_s) for truck in self.trucks]

    def _moment(self, truck: str, time_s: float) -> Moment:
        rows = self._of[truck]
        from_s, to_s = rows["from_s"].to_numpy(), rows["to_s"].to_numpy()
        kinds, amount = rows["kind"].to_numpy(), rows["amount"].to_numpy()
        over = to_s <= time_s
        load = float(amount[over & (kinds == "collect")].sum())
        load -= float(amount[over & (kinds == "unload")].sum())
        energy = float("nan")
        if truck in self._curves:
            energy = float(np.interp(time_s, *self._curves[truck]))
        k = int(np.searchsorted(from_s, time_s, side="right")) - 1
        if k < 0 or time_s >= to_s[k]:
            return Moment(truck, "idle", "", 0.0, load, energy)
        share = (time_s - from_s[k]) / (to_s[k] - from_s[k])
        return Moment(truck, str(kinds[k]), str(rows["target"][k]), float(share), load, energy)


def as_plan(record: Record, horizon_s: float, start_of_day_s: float = 0.0) -> list[list[str]]:
    """Return the routes as carried out, as rows of ``plan.csv`` with its header.

    Every stop, unloading and charging becomes a row of the day on which the shift begins, so that
    the plan can be carried out again, or be a plan in force for an optimiser.
    """
    table = activities(record, horizon_s)
    begins = record.events[record.events["kind"] == "shift_begins"]
    starts = {str(t): g["time_s"].to_numpy() for t, g in begins.groupby("entity")}
    kinds = {"collect": "stop", "unload": "site", "charge": "charger"}
    rows = [["truck", "day", "sequence", "kind", "target"]]
    counts: dict[tuple[str, int], int] = {}
    last: tuple[str, int, str, str] | None = None
    for truck, kind, target, from_s in zip(
        table["truck"], table["kind"], table["target"], table["from_s"], strict=True
    ):
        if kind not in kinds or truck not in starts:
            continue
        began = starts[truck][max(int(np.searchsorted(starts[truck], from_s, "right")) - 1, 0)]
        day = int((began + start_of_day_s) // 86_400.0)
        row = (truck, day, kinds[kind], target)
        if row == last and kind == "charge":
            continue  # another piece of the same charging
        last = row
        number = counts[truck, day] = counts.get((truck, day), 0) + 1
        rows.append([truck, str(day), str(number), kinds[kind], target])
    return rows
