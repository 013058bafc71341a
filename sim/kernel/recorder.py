"""What happened in a run: one event log, time series and ledgers, written while it runs."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sim.kernel.ledger import Ledger

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float64]

EVENT_COLUMNS = ("time_s", "system", "kind", "entity", "value", "detail")
LEDGER_COLUMNS = ("ledger", "unit", "account", "side", "amount")
# System and quantity become part of a file name.
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, eq=False)
class SeriesTable:
    """One quantity of several entities over time.

    Attributes
    ----------
    unit
        Unit of the values.
    entities
        Identifiers, one per column; (E,).
    time_s
        Seconds since the start, not decreasing; (T,), read-only. A moment may occur twice, before
        and after a jump.
    values
        (T, E), read-only, row by row in memory, so that sums are rounded the same wherever the
        table came from.
    """

    unit: str
    entities: tuple[str, ...]
    time_s: FloatArray
    values: FloatArray

    def of(self, entity: str) -> FloatArray:
        """Values of one entity; (T,). KeyError if the table has no such entity."""
        try:
            column = self.entities.index(entity)
        except ValueError:
            raise KeyError(entity) from None
        return self.values[:, column]


@dataclass(frozen=True, eq=False)
class Record:
    """Everything a run leaves behind; KPIs, charts and replays are made from it alone.

    Attributes
    ----------
    events
        Columns time_s, system, kind, entity, value (NaN if the event has none), detail; in order
        of time.
    series
        Tables by (system, quantity), in alphabetical order.
    ledgers
        Columns ledger, unit, account, side (opening, inflow, outflow, closing), amount.
    """

    events: pd.DataFrame
    series: Mapping[tuple[str, str], SeriesTable]
    ledgers: pd.DataFrame

    def write(self, folder: Path) -> tuple[Path, ...]:
        """Write as Parquet; see `sim.kernel.record_files.write_record`."""
        from sim.kernel.record_files import write_record

        return write_record(self, folder)

    @classmethod
    def read(cls, folder: Path) -> Record:
        """Read what `write` wrote; see `sim.kernel.record_files.read_record`."""
        from sim.kernel.record_files import read_record

        return read_record(folder)

    def digest(self) -> str:
        """Hash of the whole content: equal if and only if two records are the same, bit by bit."""
        from sim.kernel.record_files import digest_record

        return digest_record(self)


class SeriesWriter:
    """Collects one series while the run goes on. Made by `Recorder.series`."""

    def __init__(self, name: str, unit: str, entities: tuple[str, ...]) -> None:
        self._name = name
        self._unit = unit
        self._entities = entities
        self._count = 0
        self._time_s = np.empty(64)
        self._values = np.empty((64, len(entities)))

    def append(self, time_s: float, values: npt.ArrayLike) -> None:
        """Add one row; the values are copied.

        Parameters
        ----------
        time_s
            Seconds since the start, not before the last row's.
        values
            One finite value per entity; (E,).

        Raises
        ------
        ValueError
            If the shape is wrong, time goes back, or a value is not finite.
        """
        row = np.asarray(values, dtype=np.float64)
        if row.shape != (len(self._entities),):
            raise ValueError(
                f"series {self._name}: values of shape {row.shape}, expected "
                f"({len(self._entities)},)"
            )
        last_s = self._time_s[self._count - 1] if self._count else -math.inf
        if not last_s <= time_s < math.inf:
            raise ValueError(f"series {self._name}: time {time_s} s after {last_s} s")
        if not np.isfinite(row).all():
            wrong = int(np.flatnonzero(~np.isfinite(row))[0])
            raise ValueError(
                f"series {self._name}: {row[wrong]} at {self._entities[wrong]}, {time_s} s"
            )
        if self._count == len(self._time_s):
            self._grow()
        self._time_s[self._count] = time_s
        self._values[self._count] = row
        self._count += 1

    def table(self) -> SeriesTable:
        """What was collected so far, as read-only views."""
        time_s, values = self._time_s[: self._count], self._values[: self._count]
        time_s.flags.writeable = False
        values.flags.writeable = False
        return SeriesTable(self._unit, self._entities, time_s, values)

    def _grow(self) -> None:
        # Doubling: a row costs one copy on average, and earlier tables keep their own memory.
        longer = 2 * len(self._time_s)
        time_s, values = np.empty(longer), np.empty((longer, len(self._entities)))
        time_s[: self._count] = self._time_s
        values[: self._count] = self._values
        self._time_s, self._values = time_s, values


class Recorder:
    """Collects events, series and ledgers of one run; `record` returns them."""

    def __init__(self) -> None:
        self._events: list[tuple[float, str, str, str, float, str]] = []
        self._series: dict[tuple[str, str], SeriesWriter] = {}
        self._ledgers: dict[str, Ledger] = {}

    def event(
        self,
        time_s: float,
        system: str,
        kind: str,
        entity: str = "",
        value: float | None = None,
        detail: str = "",
    ) -> None:
        """Add an event.

        A model that looks back over a step may record a moment in the past (a level crossed
        within the step): the log is put in order of time at the end, and events of one moment
        stay in the order recorded.

        Raises
        ------
        ValueError
            If time or value is not finite.
        """
        if not math.isfinite(time_s) or not (value is None or math.isfinite(value)):
            raise ValueError(f"event {system}.{kind} of '{entity}': time {time_s}, value {value}")
        number = math.nan if value is None else float(value)
        self._events.append((float(time_s), system, kind, entity, number, detail))

    def series(
        self, system: str, quantity: str, unit: str, entities: Sequence[str]
    ) -> SeriesWriter:
        """Start a series.

        Parameters
        ----------
        system, quantity
            Names of small letters, digits and underscores; together unique in the run.
        unit
            Unit of the values.
        entities
            Identifiers, one per column, no duplicates.

        Raises
        ------
        ValueError
            If a name is malformed or taken, or entities repeat.
        """
        for name in (system, quantity):
            if not _NAME.fullmatch(name):
                raise ValueError(f"series name '{name}': expected small letters, digits and _")
        if (system, quantity) in self._series:
            raise ValueError(f"series {system}.{quantity} exists already")
        if len(set(entities)) != len(entities):
            raise ValueError(f"series {system}.{quantity}: an entity occurs twice")
        writer = SeriesWriter(f"{system}.{quantity}", unit, tuple(entities))
        self._series[system, quantity] = writer
        return writer

    def ledger(self, name: str, unit: str) -> Ledger:
        """Start a ledger; ValueError if the name is taken."""
        if name in self._ledgers:
            raise ValueError(f"ledger {name} exists already")
        ledger = self._ledgers[name] = Ledger(name, unit)
        return ledger

    @property
    def ledgers(self) -> tuple[Ledger, ...]:
        """All ledgers, in the order started."""
        return tuple(self._ledgers.values())

    def record(self) -> Record:
        """Return what was recorded so far."""
        events = sorted(self._events, key=lambda event: event[0])
        entries = [
            (ledger.name, ledger.unit, entry.account, entry.side, entry.amount)
            for ledger in self._ledgers.values()
            for entry in ledger.entries
        ]
        return Record(
            events=frame(EVENT_COLUMNS, _columns(events, EVENT_COLUMNS)),
            series={key: self._series[key].table() for key in sorted(self._series)},
            ledgers=frame(LEDGER_COLUMNS, _columns(entries, LEDGER_COLUMNS)),
        )


def frame(names: Sequence[str], columns: Sequence[Sequence[object] | FloatArray]) -> pd.DataFrame:
    """Table of a record: ``time_s``, ``value`` and ``amount`` are float64, the others text.

    One function makes the tables of a fresh record and of one read from disk, so both have the
    same types.
    """
    import pandas as pd

    numeric = {"time_s", "value", "amount"}
    return pd.DataFrame(
        {
            name: pd.Series(column, dtype="float64" if name in numeric else "str")
            for name, column in zip(names, columns, strict=True)
        }
    )


def _columns(rows: Sequence[tuple[object, ...]], names: Sequence[str]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in names]
