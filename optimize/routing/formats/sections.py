"""Files of ``KEY: value`` lines and ``..._SECTION`` tables, as TSPLIB and its heirs write them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from optimize.routing.formats.lines import Floats, Line, number, read_lines, whole
from sim.kernel.errors import InputError, did_you_mean


@dataclass(frozen=True)
class Sections:
    """A file's specifications and tables, by name in capitals; each knows its lines."""

    file: Path
    specs: dict[str, Line]
    tables: dict[str, list[Line]]

    def check_known(self, specs: Iterable[str], tables: Iterable[str]) -> None:
        """Refuse what the reader would leave unread."""
        for kind, found, known in (
            ("specification", self.specs, tuple(specs)),
            ("section", self.tables, tuple(tables)),
        ):
            for name in found:
                if name not in known:
                    raise InputError(
                        f"unknown {kind}", where=name, value=name, file=self.file,
                        expected=f"one of {', '.join(known)}", hint=did_you_mean(name, known),
                    )  # fmt: skip

    def spec(self, name: str) -> tuple[str, str]:
        """Return the value of a specification, and where it stands."""
        if name not in self.specs:
            raise InputError(
                "a specification is missing", where=name, expected=f"{name}: value", file=self.file,
                hint=did_you_mean(name, tuple(self.specs)),
            )  # fmt: skip
        line = self.specs[name]
        return " ".join(line.words), f"line {line.number}, {name}"

    def size(self, name: str, *, least: int = 1) -> int:
        """Return a specification that is a whole number."""
        text, where = self.spec(name)
        return whole(text, self.file, where, least=least)

    def amount(self, name: str, *, above: float = 0.0) -> float:
        """Return a specification that is a number."""
        text, where = self.spec(name)
        return number(text, self.file, where, above=above)

    def table(self, name: str) -> list[Line]:
        """Return the rows of a section."""
        if name not in self.tables:
            raise InputError(
                "a section is missing", where=name, file=self.file,
                hint=did_you_mean(name, tuple(self.tables)),
            )  # fmt: skip
        return self.tables[name]

    def by_node(self, name: str, count: int, columns: int, *, least: float = -np.inf) -> Floats:
        """Return a section of ``node value ...`` rows as an array (count, columns).

        Nodes are 1 to `count`, each once, in any order.
        """
        values = np.full((count, columns), np.nan)
        met: dict[int, int] = {}
        for line in self.table(name):
            where = f"line {line.number}, {name}"
            if len(line.words) != columns + 1:
                raise InputError(
                    f"{len(line.words)} columns", where=where, value=" ".join(line.words),
                    expected=f"a node and {columns} numbers", file=self.file,
                )  # fmt: skip
            node = whole(line.words[0], self.file, where, least=1)
            if node > count:
                raise InputError(
                    "no such node", where=where, value=node, expected=f"1 to {count}",
                    file=self.file,
                )  # fmt: skip
            if node in met:
                raise InputError(
                    f"the same node as in line {met[node]}", where=where, value=node,
                    file=self.file,
                )  # fmt: skip
            met[node] = line.number
            values[node - 1] = [number(w, self.file, where, least=least) for w in line.words[1:]]
        if len(met) < count:
            lacking = next(node for node in range(1, count + 1) if node not in met)
            raise InputError(
                "a node is missing", where=name, value=lacking, file=self.file,
                expected=f"{count} rows, one for each node",
            )  # fmt: skip
        return values

    def nodes(self, name: str, count: int) -> list[int]:
        """Return a section that lists nodes, as indices from 0; a closing -1 may be there."""
        found: list[int] = []
        table = self.table(name)
        words = [(line, word) for line in table for word in line.words]
        for position, (line, word) in enumerate(words):
            where = f"line {line.number}, {name}"
            if word == "-1" and position == len(words) - 1:
                break
            node = whole(word, self.file, where, least=1)
            if node > count or node - 1 in found:
                raise InputError(
                    "no such node, or one named twice", where=where, value=node,
                    expected=f"1 to {count}, each once", file=self.file,
                )  # fmt: skip
            found.append(node - 1)
        return found


def read_sections(file: Path) -> Sections:
    """Read a file into its specifications and tables.

    Raises
    ------
    InputError
        Naming the line: something before any section that is no ``KEY: value``, a name given
        twice, or text behind ``EOF``.
    """
    specs: dict[str, Line] = {}
    tables: dict[str, list[Line]] = {}
    current: list[Line] | None = None
    ended = 0
    for line in read_lines(file):
        first = line.words[0]
        name = first.rstrip(":").upper()
        where = f"line {line.number}"
        if ended:
            raise InputError(
                f"text behind the EOF of line {ended}", where=where, value=" ".join(line.words),
                file=file,
            )  # fmt: skip
        if name == "EOF":
            ended = line.number
        elif name.endswith("_SECTION"):
            if name in tables:
                raise InputError("the same section twice", where=where, value=name, file=file)
            current = tables[name] = []
        elif ":" in " ".join(line.words[:2]) and not first[0].isdigit():
            key, _, value = " ".join(line.words).partition(":")
            key = key.strip().upper()
            if key in specs:
                raise InputError("the same name twice", where=where, value=key, file=file)
            specs[key] = Line(line.number, value.split())
            current = None
        elif current is not None:
            current.append(line)
        else:
            raise InputError(
                "neither a specification nor in a section", where=where,
                value=" ".join(line.words), expected="KEY: value, or a section", file=file,
            )  # fmt: skip
    return Sections(file, specs, tables)


def one_depot(sections: Sections, count: int) -> int:
    """Return the index of the only depot."""
    depots = sections.nodes("DEPOT_SECTION", count)
    if len(depots) != 1:
        raise InputError(
            "not one depot", where="DEPOT_SECTION", value=[d + 1 for d in depots],
            expected="one node, then -1", file=sections.file,
        )  # fmt: skip
    return depots[0]
