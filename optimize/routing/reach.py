"""How far one type of truck gets: lower bounds of the way, time and energy to serve one stop."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimize.routing.problem import Problem, Stop
from optimize.routing.timetable import first_moment

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Tour:
    """The shortest way to a stop and home; ``unemptied`` is a dimension no site on it takes."""

    distance_m: float
    unemptied: int | None = None


@dataclass(frozen=True)
class Times:
    """Earliest arrival at a stop and earliest return, and the least time a route to it takes."""

    arrive_s: float
    back_s: float
    least_duration_s: float


class Reach:
    """What a truck of type ``kind`` can do at best; ways may lead over chargers and sites."""

    def __init__(self, problem: Problem, kind: int) -> None:
        self._problem = problem
        self._truck = truck = problem.trucks[kind]
        chargers = [
            c for c in problem.chargers
            if truck.battery_kwh is not None and c.technology < len(truck.charging)
        ]  # fmt: skip
        self._chargers = chargers
        self._at = np.array([c.place for c in chargers], dtype=int)
        hubs = [truck.start, truck.end, *self._at, *(s.place for s in problem.sites)]
        self._hubs = np.array(sorted(set(map(int, hubs))), dtype=int)
        travel = problem.travel
        self._metres = self._over_hubs(travel.distance_m)
        self._seconds = self._over_hubs(travel.duration_s)
        if truck.battery_kwh is not None:
            self._prepare_energy()

    def _over_hubs(self, table: Floats) -> tuple[Floats, Floats]:
        """Return the least from each hub (H, N) and to each hub (N, H), over any other hubs."""
        among = table[np.ix_(self._hubs, self._hubs)].copy()
        for k in range(len(self._hubs)):
            among = np.minimum(among, among[:, k, None] + among[None, k, :])
        out = np.full((len(self._hubs), table.shape[0]), math.inf)
        back = np.full((table.shape[0], len(self._hubs)), math.inf)
        for k, hub in enumerate(self._hubs):
            out = np.minimum(out, among[:, k, None] + table[None, hub, :])
            back = np.minimum(back, table[:, hub, None] + among[None, k, :])
        return out, back

    def _hub(self, place: int) -> int:
        return int(np.searchsorted(self._hubs, place))

    def _emptying(self, stop: Stop) -> tuple[list[list[int]], int | None]:
        """Return, by dimension to be emptied, the sites that can; or a dimension none can."""
        if not self._truck.must_end_empty:
            return [], None
        wanted = [d for d, amount in enumerate(stop.demand) if amount > 0.0]
        choices = []
        for d in wanted:
            sites = [
                i for i, site in enumerate(self._problem.sites)
                if site.accepts[d]
                and math.isfinite(float(self._metres[1][stop.place, self._hub(site.place)]))
            ]  # fmt: skip
            if not sites:
                return [], d
            choices.append(sites)
        return choices, None

    def _home(self, stop: Stop, to_hub: Floats, from_hub: Floats, standing: Floats) -> float:
        """Return the least from the stop home, over one site of those needed.

        A site for the dimension that is hardest to empty is on every way; others come on top.
        """
        end = self._hub(self._truck.end)
        choices, _ = self._emptying(stop)
        least = float(to_hub[stop.place, end])
        for sites in choices:
            ways = [
                float(to_hub[stop.place, self._hub(p)] + from_hub[self._hub(p), self._truck.end])
                + float(standing[i])
                for i in sites
                for p in (self._problem.sites[i].place,)
            ]
            least = max(least, min(ways))
        return least

    def shortest(self, stop: Stop) -> Tour:
        """Return the shortest way from the start to a stop and home."""
        out, back = self._metres
        there = float(out[self._hub(self._truck.start), stop.place])
        if not math.isfinite(there + float(back[stop.place, self._hub(self._truck.end)])):
            return Tour(math.inf)
        _, unemptied = self._emptying(stop)
        if unemptied is not None:
            return Tour(math.inf, unemptied)
        none = np.zeros(len(self._problem.sites))
        return Tour(there + self._home(stop, back, out, none))

    def earliest(self, stop: Stop) -> Times:
        """Return the earliest times at a stop, by the fastest hour of the day for the way home."""
        travel, truck = self._problem.travel, self._truck
        out, back = self._seconds
        there = float(out[self._hub(truck.start), stop.place])
        fastest = float(np.max(travel.speed_factor))
        leave = (
            max(truck.shift_s[0], stop.release_s) if not self._problem.sites else (truck.shift_s[0])
        )  # with sites, a later trip may wait for the release while the first one is driven
        arrive = max(leave + there / fastest, stop.release_s)
        begin = first_moment(stop.windows, arrive)
        unload = np.array([
            site.unload_s + sum(
                rate * amount
                for rate, amount, takes in zip(
                    site.unload_s_per_unit, stop.demand, site.accepts, strict=False
                )
                if takes
            )
            for site in self._problem.sites
        ])  # fmt: skip
        home = self._home(stop, back / fastest, out / fastest, unload)
        least = there / fastest + stop.service_s + home
        return Times(arrive, begin + stop.service_s + home, least)

    # --- energy -------------------------------------------------------------------------------

    def _prepare_energy(self) -> None:
        """Find the chargers an empty truck can get to, and the energy that brings it home."""
        truck = self._truck
        full = truck.battery_kwh or 0.0
        usable = full - truck.reserve_kwh
        start_kwh = full if truck.start_kwh is None else truck.start_kwh
        out, back = self._metres
        # Columns of chargers and of the end, rows of chargers and of the start; N places.
        self._to_charger = back[:, np.searchsorted(self._hubs, self._at)]
        self._from_charger = out[np.searchsorted(self._hubs, self._at)]
        self._from_start = out[self._hub(truck.start)]
        self._among = self._from_charger[:, self._at]
        legs = truck.kwh_per_m * self._among
        reached = truck.kwh_per_m * self._from_start[self._at] <= (
            start_kwh - truck.reserve_kwh + 1e-9
        )
        for _ in self._at:
            reached = reached | np.any(legs[reached] <= usable + 1e-9, axis=0)
        self._reached = reached
        self._start_kwh = start_kwh
        at_end = max(truck.reserve_kwh, truck.end_kwh)
        # Energy needed at each place to get home with nothing on board.
        self._home_kwh = truck.kwh_per_m * back[:, self._hub(truck.end)] + at_end
        home = self._chain(self._home_kwh[self._at] <= full + 1e-9, legs)
        if np.any(home):
            over = truck.kwh_per_m * self._to_charger[:, home].min(axis=1) + truck.reserve_kwh
            self._home_kwh = np.minimum(self._home_kwh, over)

    def _chain(self, good: NDArray[np.bool_], legs_kwh: Floats) -> NDArray[np.bool_]:
        """Return which chargers lead, over others, to a good one."""
        usable = (self._truck.battery_kwh or 0.0) - self._truck.reserve_kwh
        for _ in self._at:
            if not np.any(good):
                break
            good = good | np.any(legs_kwh[:, good] <= usable + 1e-9, axis=1)
        return good

    def energy_short_kwh(self, stop: Stop) -> tuple[float, str]:
        """Return how much energy lacks at best to serve a stop, and the charger nearest to it."""
        truck = self._truck
        full = truck.battery_kwh or 0.0
        arrive = self._start_kwh - truck.kwh_per_m * float(self._from_start[stop.place])
        if np.any(self._reached):
            best = float(np.min(self._from_charger[self._reached, stop.place]))
            arrive = max(arrive, full - truck.kwh_per_m * best)
        work = stop.energy_kwh + sum(
            rate * amount
            for rate, amount in zip(truck.compaction_kwh_per_unit, stop.demand, strict=False)
        )
        loaded = truck.kwh_per_m + sum(
            rate * amount for rate, amount in zip(truck.kwh_per_m_unit, stop.demand, strict=False)
        )
        needed = self._loaded_home_kwh(stop, loaded)
        name = ""
        if self._at.size:
            name = self._chargers[int(np.argmin(self._from_charger[:, stop.place]))].id
        return max(truck.reserve_kwh - arrive, work + needed - arrive), name

    def _loaded_home_kwh(self, stop: Stop, loaded_kwh_per_m: float) -> float:
        """Return the least energy on leaving a stop that brings the truck home by the rules."""
        truck = self._truck
        full = truck.battery_kwh or 0.0
        choices, _ = self._emptying(stop)
        sites = set(choices[0]).union(*choices) if choices else range(len(self._problem.sites))
        goals = [
            (place, float(self._home_kwh[place]))
            for place in (self._problem.sites[i].place for i in sites)
        ]
        if not choices:
            goals.append((truck.end, max(truck.reserve_kwh, truck.end_kwh)))
        back = self._metres[1]
        least = min(
            loaded_kwh_per_m * float(back[stop.place, self._hub(place)]) + kwh
            for place, kwh in goals
        )
        if not self._at.size:
            return least
        good = np.zeros(len(self._at), dtype=bool)
        for place, kwh in goals:
            good |= loaded_kwh_per_m * back[self._at, self._hub(place)] + kwh <= full + 1e-9
        good = self._chain(good, loaded_kwh_per_m * self._among)
        if np.any(good):
            near = float(np.min(self._to_charger[stop.place, good]))
            least = min(least, loaded_kwh_per_m * near + truck.reserve_kwh)
        return least
