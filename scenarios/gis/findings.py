"""What an import did with what it was given: read, assumed, moved, refused, left unread."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from scenarios.export_csv import csv_bytes
from sim.kernel.errors import InputError

Kind = Literal[
    "read", "derived", "assumed", "unread", "snapped", "orphan", "ambiguous", "duplicate",
    "reversed", "merged", "refused", "warning",
]  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One line of the report. ``feature`` is empty for what concerns a whole layer."""

    kind: Kind
    layer: str
    feature: str
    column: str
    text: str
    amount: float | None = None


@dataclass
class Findings:
    """The report of one import, and the features it cannot use."""

    entries: list[Entry] = field(default_factory=list)
    errors: list[InputError] = field(default_factory=list)

    def note(
        self, kind: Kind, layer: str, text: str, *, feature: str = "", column: str = "",
        amount: float | None = None,
    ) -> None:  # fmt: skip
        """Add one line."""
        self.entries.append(Entry(kind, layer, feature, column, text, amount))

    def refuse(
        self, layer: str, feature: str, column: str, what: str, *, value: object = None,
        expected: str = "", hint: str = "", kind: Kind = "refused",
    ) -> None:  # fmt: skip
        """Add a feature that cannot be used, both as an error and as a line of the report."""
        where = f"layer {layer}, feature {feature}" + (f", column {column}" if column else "")
        self.errors.append(
            InputError(what, where=where, value=value, expected=expected, hint=hint)
            if value is not None
            else InputError(what, where=where, expected=expected, hint=hint)
        )
        text = what + (f" (got {value!r})" if value is not None else "")
        self.entries.append(Entry(kind, layer, feature, column, text))

    def counts(self) -> dict[str, int]:
        """Return how many lines there are of each kind."""
        return dict(Counter(entry.kind for entry in self.entries))

    def table(self) -> pd.DataFrame:
        """Return the report as a table."""
        names = ["kind", "layer", "feature", "column", "text", "amount"]
        rows = [[getattr(entry, name) for name in names] for entry in self.entries]
        return pd.DataFrame(rows, columns=names)

    def csv(self) -> bytes:
        """Return the report as CSV that is safe in a spreadsheet."""
        return csv_bytes(self.table())
