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


@dataclass(frozen=True, eq=False)
class EventBlock:
    """Many events of one system, told compactly: `Recorder.events` takes them.

    Attributes
    ----------
    time_s, value : (n,) arrays
        As in `Recorder.event`; NaN for no value.
    names : three tuples of str
        The kinds, entities and details that occur.
    codes : three (n,) arrays of int
        For each event the number of its kind, entity and detail in `names`.
    """

    system: str
    time_s: FloatArray
    value: FloatArray
    names: tuple[Sequence[str], Sequence[str], Sequence[str]]
    codes: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]


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
        self._blocks: list[EventBlock] = []
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

    def events(self, block: EventBlock) -> None:
        """Add many events at once, as `event` would one by one; the arrays are kept, not copied.

        Raises
        ------
        ValueError
            If a time is not finite, a value is infinite, or the columns differ in length.
        """
        count = len(block.time_s)
        if any(len(column) != count for column in (*block.codes, block.value)):
            raise ValueError(f"events of {block.system}: columns of different lengths")
        if not np.isfinite(block.time_s).all() or np.isinf(block.value).any():
            raise ValueError(f"events of {block.system}: a time or value is not finite")
        self._blocks.append(block)

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
        entries = [
            (ledger.name, ledger.unit, entry.account, entry.side, entry.amount)
            for ledger in self._ledgers.values()
            for entry in ledger.entries
        ]
        return Record(
            events=self._event_table(),
            series={key: self._series[key].table() for key in sorted(self._series)},
            ledgers=frame(LEDGER_COLUMNS, _columns(entries, LEDGER_COLUMNS)),
        )

    def _event_table(self) -> pd.DataFrame:
        if not self._blocks:
            events = sorted(self._events, key=lambda event: event[0])
            return frame(EVENT_COLUMNS, _columns(events, EVENT_COLUMNS))
        import pandas as pd
        import pyarrow as pa

        single = _columns(self._events, EVENT_COLUMNS)
        times = [np.array(single[0], dtype=np.float64), *(b.time_s for b in self._blocks)]
        values = [np.array(single[4], dtype=np.float64), *(b.value for b in self._blocks)]
        time_s, value = np.concatenate(times), np.concatenate(values)
        # Stable: events of one moment stay in the order recorded, single ones first.
        order = np.argsort(time_s, kind="stable")
        columns: dict[str, object] = {"time_s": time_s[order], "value": value[order]}
        # A few hundred names and a code for each row: text is made once, by the library.
        told = [(b, ((b.system,), *b.names), (np.zeros(1, int), *b.codes)) for b in self._blocks]
        for number, name in enumerate(("system", "kind", "entity", "detail")):
            names: dict[str, int] = {}
            own = single[EVENT_COLUMNS.index(name)]
            codes = [np.array([names.setdefault(str(x), len(names)) for x in own], dtype=np.int32)]
            for block, texts, coded in told:
                known = [names.setdefault(text, len(names)) for text in texts[number]]
                of_rows = np.broadcast_to(coded[number], len(block.time_s))
                codes.append(np.array(known, dtype=np.int32)[of_rows])
            text = pa.array(list(names), type=pa.large_string())
            rows = pa.array(np.concatenate(codes)[order])
            column = pa.DictionaryArray.from_arrays(rows, text).cast(text.type)
            columns[name] = pd.Series(column, dtype="str")
        return pd.DataFrame({name: columns[name] for name in EVENT_COLUMNS})


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
