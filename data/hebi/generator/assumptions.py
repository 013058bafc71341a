"""The stated assumptions: every number the generator uses is a row of ``assumptions.csv`` or
``fleet_assumptions.csv``."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

COLUMNS = ("name", "value", "unit", "tag", "source", "system", "note")
TAGS = frozenset({"published", "sourced", "assumed"})


@dataclass(frozen=True)
class Row:
    """One assumption: what it is called, what it is, in which unit, and where it comes from."""

    name: str
    value: str
    unit: str
    tag: str
    source: str
    system: str
    note: str


@dataclass
class Assumptions:
    """The rows by name; remembers which ones were asked for, so that none can go stale."""

    rows: dict[str, Row]
    used: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, *paths: Path) -> Assumptions:
        """Read one table or several as one.

        Raises
        ------
        ValueError
            A column, tag or source is missing, or a name occurs twice; names file and line.
        """
        rows: dict[str, Row] = {}
        for path in paths:
            cls._add(path, rows)
        return cls(rows)

    @staticmethod
    def _add(path: Path, rows: dict[str, Row]) -> None:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise ValueError(f"{path}: columns {reader.fieldnames}; expected {COLUMNS}")
            for line, record in enumerate(reader, start=2):
                row = Row(**{column: (record[column] or "").strip() for column in COLUMNS})
                if row.tag not in TAGS:
                    raise ValueError(f"{path}:{line}: tag {row.tag!r}; expected one of {TAGS}")
                if not row.source or not row.value:
                    raise ValueError(f"{path}:{line}: {row.name}: value or source is empty")
                if row.name in rows:
                    raise ValueError(f"{path}:{line}: {row.name} occurs twice")
                rows[row.name] = row

    def text(self, name: str) -> str:
        """Return the value of row `name` as it stands."""
        if name not in self.rows:
            raise KeyError(f"assumptions.csv has no row {name!r}; add it with tag and source")
        self.used.add(name)
        return self.rows[name].value

    def number(self, name: str) -> float:
        """Return the value of row `name` as a number, in the row's unit."""
        return float(self.text(name))

    def count(self, name: str) -> int:
        """Return the value of row `name` as a whole number."""
        return int(self.text(name))

    def numbers(self, name: str) -> list[float]:
        """Return the value of row `name`, numbers separated by semicolons."""
        return [float(part) for part in self.text(name).split(";")]

    def texts(self, name: str) -> list[str]:
        """Return the value of row `name`, words separated by semicolons."""
        return [part.strip() for part in self.text(name).split(";")]

    def under(self, prefix: str) -> dict[str, str]:
        """Return all rows whose name starts with `prefix`, without it, in the order filed."""
        names = [name for name in self.rows if name.startswith(prefix)]
        return {name.removeprefix(prefix): self.text(name) for name in names}

    def unused(self) -> list[str]:
        """Return the names nobody asked for: a stale row misleads its reader."""
        return [name for name in self.rows if name not in self.used]
