"""[TRANSECTS] (HEC-2 lines) and [STREETS], both as surveyed sections in metres.

A street is turned into the transect SWMM itself would build from it (reference manual, volume II,
section 5.1): backing, curb, gutter and crown, mirrored for a two-sided street.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.drainage.elements import Transect
from sim.drainage.swmm.lexer import Row
from sim.drainage.swmm.reading import Reading, bad, keyword, number, text
from sim.kernel.errors import InputError


@dataclass
class _Draft:
    row: Row
    id: str
    roughness: tuple[float, float, float]
    left_bank_m: float
    right_bank_m: float
    length_factor: float
    x_factor: float
    y_shift: float
    stations: list[tuple[float, float]] = field(default_factory=list)


@dataclass(frozen=True)
class Survey:
    """A transect and the factor by which its main channel is longer than its flood plain."""

    transect: Transect
    length_factor: float = 1.0

    @property
    def height_m(self) -> float:
        elevations = [z for _, z in self.transect.stations]
        return max(elevations) - min(elevations)


def read_transects(reading: Reading) -> dict[str, Survey]:
    """Return the transects of the file by id."""
    surveys: dict[str, Survey] = {}
    roughness = [0.0, 0.0, 0.0]  # left, right, channel; a 0 keeps the value before
    drafts: list[_Draft] = []
    length = reading.units.length_m

    def one(row: Row) -> None:
        kind = keyword(row, 0, "the transect line", ("NC", "X1", "GR"))
        if kind == "NC":
            for k in range(3):
                given = number(row, k + 1, "Manning's n", minimum=0.0)
                roughness[k] = given or roughness[k]
            return
        if kind == "X1":
            left, right, channel = roughness
            name = reading.define("transect", row, text(row, 1, "the transect's id"))
            factors = [number(row, k, "a factor of the transect") for k in range(7, 10)]
            x_factor = factors[1] or 1.0
            drafts.append(
                _Draft(
                    row, name, (left or channel, channel, right or channel),
                    number(row, 3, "the left bank") * x_factor * length,
                    number(row, 4, "the right bank") * x_factor * length,
                    factors[0] or 1.0, x_factor, factors[2],
                )
            )  # fmt: skip
            return
        if not drafts:
            raise bad(row, "stations before the transect they belong to", row.text, "an X1 line")
        if len(row) % 2 == 0:
            raise bad(row, "a station lacks its distance", row[-1], "pairs elevation station")
        draft = drafts[-1]
        for k in range(1, len(row), 2):
            z = (number(row, k, "an elevation") + draft.y_shift) * length
            x = number(row, k + 1, "a station") * draft.x_factor * length
            if draft.stations and x < draft.stations[-1][0]:
                raise bad(row, "the stations do not increase", row[k + 1], "a larger distance")
            draft.stations.append((x, z))

    reading.each("TRANSECTS", one)
    for draft in drafts:
        try:
            surveys[draft.id] = _finished(draft)
        except InputError as problem:
            reading.problems.append(problem)
    return surveys


def _finished(draft: _Draft) -> Survey:
    elevations = [z for _, z in draft.stations]
    if len(draft.stations) < 3:
        raise bad(draft.row, "the transect has too few stations", len(elevations), "at least 3")
    if max(elevations) <= min(elevations):
        raise bad(draft.row, "the transect has no depth", elevations[0], "different elevations")
    if min(draft.roughness) <= 0:
        raise bad(draft.row, "the transect has no Manning's n", draft.id, "an NC line before it")
    if draft.left_bank_m > draft.right_bank_m:
        raise bad(draft.row, "the left bank lies right of the right bank", draft.id, "left < right")
    n_left, n_channel, n_right = draft.roughness
    # A meandering channel is longer than its flood plain: SWMM shortens the conduit to the flood
    # plain's length and raises the channel's n by the root of the ratio.
    return Survey(
        Transect(
            id=draft.id, stations=tuple(draft.stations), left_bank_m=draft.left_bank_m,
            right_bank_m=draft.right_bank_m, n_left=n_left,
            n_channel=n_channel * draft.length_factor**0.5, n_right=n_right,
        ),
        draft.length_factor,
    )  # fmt: skip


def read_streets(reading: Reading) -> dict[str, Survey]:
    """Return the streets by their id in [STREETS]; the transect's own id avoids clashes."""
    surveys: dict[str, Survey] = {}

    def one(row: Row) -> None:
        name = reading.define("street", row, text(row, 0, "the street's id"))
        length = reading.units.length_m
        crown, curb = (number(row, k, "a size", above=0.0) * length for k in (1, 2))
        slope = number(row, 3, "the cross slope", above=0.0) / 100
        n_road = number(row, 4, "Manning's n", above=0.0)
        dip = number(row, 5, "the gutter depression", default=0.0, minimum=0.0) * length
        gutter = number(row, 6, "the gutter width", default=0.0, minimum=0.0) * length
        sides = int(number(row, 7, "the number of sides", default=2, minimum=1, maximum=2))
        back = number(row, 8, "the backing width", default=0.0, minimum=0.0) * length
        back_slope, n_back = 0.0, n_road
        if back:
            back_slope = number(row, 9, "the backing slope", above=0.0) / 100
            n_back = number(row, 10, "the backing's Manning's n", above=0.0)
        half = _half_street(crown, curb, slope, dip, gutter, back, back_slope)
        top = max(z for _, z in half)
        if sides == 1:
            # the crown side ends in a wall, as high as the backing
            stations = [*half, (half[-1][0], top)] if half[-1][1] < top else half
            right_bank = stations[-1][0]
        else:
            middle = half[-1][0]
            stations = [*half, *[(2 * middle - x, z) for x, z in reversed(half[:-1])]]
            right_bank = 2 * middle - back
        surveys[name] = Survey(
            Transect(
                id=reading.free_name("transect", name), stations=tuple(stations),
                left_bank_m=back, right_bank_m=right_bank,
                n_left=n_back, n_channel=n_road, n_right=n_back,
            )
        )  # fmt: skip
        reading.note(row, "the street is represented by an equivalent transect")

    reading.each("STREETS", one)
    return surveys


def _half_street(
    crown: float, curb: float, slope: float, dip: float, gutter: float, back: float,
    back_slope: float,
) -> list[tuple[float, float]]:  # fmt: skip
    """Stations from the top of the backing to the crown; the gutter's bottom is at 0."""
    curb_top = curb + dip
    gutter_edge = dip + slope * gutter
    crown_top = gutter_edge + slope * (crown - gutter)
    top = max(curb_top + back_slope * back, crown_top)
    points = [(0.0, top), (back, curb_top), (back, 0.0), (back + gutter, gutter_edge),
              (back + crown, crown_top)]  # fmt: skip
    return [p for k, p in enumerate(points) if k == 0 or p != points[k - 1]]
