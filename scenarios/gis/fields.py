"""Values of the features of one layer, by the mapping: in SI, with every gap accounted for."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt

from scenarios.gis.findings import Findings
from scenarios.gis.mapping import UNITS, LayerSource, Number, Text
from scenarios.gis.vector import Layer
from sim.kernel.csv_rows import number_hint, parse_number
from sim.kernel.errors import InputError, did_you_mean

Floats = npt.NDArray[np.float64]


class Features:
    """The features of a layer, their ids, and which of them have been refused."""

    def __init__(self, layer: Layer, source: LayerSource, findings: Findings) -> None:
        self.layer = layer
        self.name = layer.name
        self.findings = findings
        self.refused = np.zeros(len(layer), dtype=bool)
        self._used: set[str] = set()
        self._ignored = set(source.ignore)
        for column in source.ignore:
            self._column(column, "ignore")
        self.ids = self._read_ids(source.id, getattr(source, "prefix", ""))

    def __len__(self) -> int:
        return len(self.layer)

    def refuse(self, i: int, column: str, what: str, **rest: Any) -> None:
        """Leave feature `i` out of the network and say why."""
        self.refused[i] = True
        self.findings.refuse(self.name, self.ids[i], column, what, **rest)

    # --- reading ---------------------------------------------------------------------------

    def names(self, column: str, field: str) -> list[str]:
        """Return identifiers as text; empty where the cell is."""
        return [_as_id(value) for value in self._column(column, field)]

    def text(
        self, source: Text, field: str, allowed: tuple[str, ...], *, needed: bool = True
    ) -> list[str]:  # fmt: skip
        """Return words, translated, checked against `allowed`; empty where there are none."""
        if source.column is None:
            self._assume_all(field, source.default)
            self._check_default(field, source.default, allowed)
            return [str(source.default)] * len(self)
        if source.default is not None:
            self._check_default(field, source.default, allowed)
        found, gaps = [], []
        for i, value in enumerate(self._column(source.column, field)):
            word = _as_id(value)
            word = source.values.get(word, word)
            if not word:
                gaps.append(i)
                word = source.default or ""
            elif word not in allowed:
                known = [*source.values, *allowed]
                self.refuse(
                    i, source.column, "a word without a meaning", value=word,
                    expected=f"one of {', '.join(known)}",
                    hint=did_you_mean(word, known)
                    or f"give its meaning in {self.name}.{field}.values",
                )  # fmt: skip
            found.append(word)
        self._account_for(gaps, source.column, field, source.default, needed=needed)
        return found

    def numbers(
        self, source: Number | None, field: str, dimension: str, *,
        above: float | None = None, at_least: float | None = None, at_most: float = math.inf,
        needed: bool = True,
    ) -> Floats:  # fmt: skip
        """Return numbers in SI; NaN where there are none or the feature was refused for it.

        Parameters
        ----------
        dimension
            ``length``, ``area`` or ``number``: what the unit must measure.
        above, at_least, at_most
            What is possible, in SI. Outside of it, a wrong unit is the likeliest cause.
        needed
            Whether a feature without a value is refused.
        """
        if source is None:
            return np.full(len(self), math.nan)
        factor, measured = UNITS[source.unit]
        if measured != dimension:
            units = [unit for unit, (_, what) in UNITS.items() if what == dimension]
            raise InputError(
                f"this unit does not measure a {dimension}", where=f"{self.name}.{field}.unit",
                value=source.unit, expected=f"one of {', '.join(units)}",
            )  # fmt: skip
        default = math.nan if source.default is None else source.default * factor
        limits = _out_of_range(default, above, at_least, at_most)
        if limits:
            raise InputError(
                "outside of what is possible", where=f"{self.name}.{field}.default",
                value=source.default, expected=f"{limits} (SI), here in {source.unit}",
            )  # fmt: skip
        if source.column is None:
            self._assume_all(field, f"{source.default:g} {source.unit}")
            return np.full(len(self), default)
        found, gaps = np.full(len(self), math.nan), []
        for i, value in enumerate(self._column(source.column, field)):
            if _is_gap(value):
                gaps.append(i)
                found[i] = default
                continue
            try:
                found[i] = self._number(value, source) * factor
            except ValueError as error:
                self.refuse(
                    i, source.column, str(error), value=value,
                    expected=f"a number in {source.unit}" if source.unit != "1" else "a number",
                    hint=number_hint(value) if isinstance(value, str) else "",
                )  # fmt: skip
                continue
            said = _out_of_range(found[i], above, at_least, at_most)
            if said:
                self.refuse(
                    i, source.column, "outside of what is possible", value=value,
                    expected=f"{said} (SI), here in {source.unit}",
                    hint=f"is the unit of {self.name}.{field} right?",
                )  # fmt: skip
        said_default = None if source.default is None else f"{source.default:g} {source.unit}"
        self._account_for(gaps, source.column, field, said_default, needed=needed)
        return found

    def report_unread(self) -> None:
        """List the columns that nothing was read from."""
        for column, values in self.layer.columns.items():
            if column in self._used:
                continue
            filled = sum(not _is_gap(value) for value in values)
            meant = "left out as the mapping says" if column in self._ignored else "not mapped"
            self.findings.note(
                "unread", self.name, f"{meant}; {filled} of {len(values)} cells are filled",
                column=column, amount=filled,
            )  # fmt: skip

    # --- inside ----------------------------------------------------------------------------

    def _column(self, column: str, field: str) -> list[Any]:
        if column not in self.layer.columns:
            known = list(self.layer.columns)
            raise InputError(
                "the layer has no such column", where=f"{self.name}.{field}", value=column,
                file=self.layer.file, expected=f"one of {', '.join(known)}",
                hint=_truncated(column, known) or did_you_mean(column, known),
            )  # fmt: skip
        if field != "ignore":
            self._used.add(column)
        return self.layer.columns[column]

    def _read_ids(self, column: str, prefix: str) -> list[str]:
        found = [prefix + name if name else "" for name in self.names(column, "id")]
        counts = Counter(found)
        first: dict[str, int] = {}
        self.ids = [name or f"number {i + 1}" for i, name in enumerate(found)]
        for i, name in enumerate(found):
            if not name:
                self.refuse(i, column, "the feature has no id", expected="a text of its own")
            elif counts[name] > 1:
                where = first.setdefault(name, i)
                # All of them: which one is meant cannot be told.
                self.refuse(
                    i, column, f"{counts[name]} features have this id", value=name,
                    expected="an id of its own", kind="duplicate",
                    hint=f"this is feature number {i + 1}, the first is number {where + 1}",
                )  # fmt: skip
        return self.ids

    def _number(self, value: Any, source: Number) -> float:
        if isinstance(value, bool):
            raise ValueError("not a number")
        if isinstance(value, (int, float)):
            number = float(value)
            if not math.isfinite(number):
                raise ValueError("not a finite number")
            return number
        text = str(value).strip()
        if text in source.values:
            return source.values[text]
        return parse_number(text)

    def _assume_all(self, field: str, value: object) -> None:
        self.findings.note(
            "assumed", self.name, f"{value} for all {len(self)} features", column=field,
            amount=len(self),
        )  # fmt: skip

    def _check_default(self, field: str, default: str | None, allowed: tuple[str, ...]) -> None:
        if default not in allowed:
            raise InputError(
                "not one of the choices", where=f"{self.name}.{field}.default", value=default,
                expected=", ".join(allowed), hint=did_you_mean(str(default), allowed),
            )  # fmt: skip

    def _account_for(
        self, gaps: list[int], column: str, field: str, default: str | None, *, needed: bool
    ) -> None:
        if default is not None:
            for i in gaps:
                self.findings.note(
                    "assumed", self.name, f"{default}: the cell is empty", feature=self.ids[i],
                    column=field,
                )  # fmt: skip
        elif needed:
            for i in gaps:
                self.refuse(
                    i, column, "the cell is empty", expected="a value",
                    hint=f"a default in {self.name}.{field} would be used, and listed as assumed",
                )  # fmt: skip


def _is_gap(value: Any) -> bool:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    return isinstance(value, str) and not value.strip()


def _as_id(value: Any) -> str:
    """Return an identifier as it reads in the layer: '001' stays, 7 and 7.0 become '7'."""
    if _is_gap(value):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _out_of_range(value: float, above: float | None, at_least: float | None, at_most: float) -> str:
    low = f"more than {above:g}" if above is not None else ""
    if at_least is not None:
        low = f"{at_least:g} or more"
    wrong = (
        (above is not None and value <= above)
        or (at_least is not None and value < at_least)
        or value > at_most
    )
    if not wrong:
        return ""
    high = f"at most {at_most:g}" if math.isfinite(at_most) else ""
    return " and ".join(part for part in (low, high) if part)


def _truncated(column: str, known: list[str]) -> str:
    """Hint at the ten characters a Shapefile keeps of a name."""
    cut = next((name for name in known if len(name) == 10 and column.startswith(name)), "")
    return f"a Shapefile keeps ten characters of a name: '{cut}'" if cut else ""
