"""Where trucks drove, drive by drive: lines on the streets, and where a truck is at a moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scenarios.fleet_ground import Floats, Ground, along
from scenarios.fleet_view import FleetView

if TYPE_CHECKING:
    import pandas as pd

_WHOLE = 0.995
"""A drive of at least this share of its way's length went all the way."""


@dataclass(frozen=True, eq=False)
class Leg:
    """One drive: its line, (k, 2), and when."""

    from_s: float
    to_s: float
    target: str
    line: Floats


def legs_of(view: FleetView, truck: str, done: pd.DataFrame) -> list[Leg]:
    """Return the drives of a truck in order.

    A drive that ends before its target (a street was closed ahead, or the truck broke down) is
    drawn as far as it went, the next one from there. Ways are those of the streets that outages
    close; water on the streets is not looked at.

    Parameters
    ----------
    done
        What the truck did, in order of time.
    """
    mine = done[done["truck"] == truck]
    begin = str(view.trucks[truck].depot)
    found: list[Leg] = []
    here: str | None = view.place_of.get(begin, begin)
    at: tuple[float, float] | None = None
    rows = list(
        zip(mine["kind"], mine["target"], mine["from_s"], mine["to_s"], mine["amount"], strict=True)
    )
    for k, (kind, target, from_s, to_s, km) in enumerate(rows):
        place = view.place_of.get(str(target))
        if kind != "drive":
            if place is not None and at is None:
                here = place
            continue
        ground = view.ground_at(float(from_s))
        if ground is None or place is None or place not in ground.xy_m:
            continue
        line = _way(ground, here, at, place)
        cut = k + 1 < len(rows) and rows[k + 1][0] in ("drive", "repair")
        share = _share(line, float(km)) if cut else 1.0
        if share < _WHOLE:
            line = _first(line, share)
            at = (float(line[-1, 0]), float(line[-1, 1]))
        else:
            here, at = place, None
        if len(line):
            found.append(Leg(float(from_s), float(to_s), str(target), line))
    return found


def _way(ground: Ground, here: str | None, at: tuple[float, float] | None, place: str) -> Floats:
    if at is not None:
        return ground.line_from(at, place)
    return ground.line(here or place, place)


def _share(line: Floats, km: float) -> float:
    metres = float(np.hypot(*np.diff(line, axis=0).T).sum()) if len(line) > 1 else 0.0
    return min(km * 1e3 / metres, 1.0) if metres > 0.0 else 1.0


def _first(line: Floats, share: float) -> Floats:
    """Return the first share of a line."""
    steps = np.hypot(*np.diff(line, axis=0).T)
    behind = np.concatenate([[0.0], np.cumsum(steps)]) / steps.sum()
    kept = line[behind < share]
    return np.vstack([kept, [along(line, share)]])


def position(legs: Sequence[Leg], time_s: float, home: tuple[float, float]) -> tuple[float, float]:
    """Return where a truck is: on its way, or where its last drive took it."""
    last = None
    for leg in legs:
        if leg.from_s > time_s:
            break
        last = leg
    if last is None:
        return home
    share = (time_s - last.from_s) / max(last.to_s - last.from_s, 1e-9)
    return along(last.line, min(share, 1.0))


def tracks(view: FleetView, trucks: Sequence[str], done: pd.DataFrame) -> Mapping[str, list[Leg]]:
    """Return the drives of several trucks, by truck."""
    return {truck: legs_of(view, truck, done) for truck in trucks}
