"""Charging: curves, guns that share the power of their site, and what the energy costs.

A curve is energy against time, piecewise linear, so its power is constant between two knots. Where
a site's limit is below what its guns would take, every truck gets the same power, and what one
cannot take goes to the others. All powers are constant between two events, so energy is exact.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import simpy

from sim.fleet.demand import DAY_S
from sim.fleet.queues import Queue, Turn

_CLOSE_KWH = 1e-9
_CLOSE_S = 1e-6


@dataclass(frozen=True)
class Curve:
    """Energy in the battery against time on the charger.

    Attributes
    ----------
    energy_kwh, time_s : tuple of float
        Knots from empty to full; power does not grow from one piece to the next.
    """

    energy_kwh: tuple[float, ...]
    time_s: tuple[float, ...]

    def power_kw(self, energy_kwh: float) -> float:
        """Return the power a battery takes at an energy: of the piece above it."""
        k = bisect_right(self.energy_kwh, energy_kwh + _CLOSE_KWH) - 1
        k = min(max(k, 0), len(self.energy_kwh) - 2)
        gained = self.energy_kwh[k + 1] - self.energy_kwh[k]
        return gained / (self.time_s[k + 1] - self.time_s[k]) * 3600.0

    def knot_above(self, energy_kwh: float) -> float:
        """Return the energy at which the power changes next."""
        k = bisect_right(self.energy_kwh, energy_kwh + _CLOSE_KWH)
        return self.energy_kwh[min(k, len(self.energy_kwh) - 1)]

    def seconds(self, from_kwh: float, to_kwh: float) -> float:
        """Return how long charging takes at the curve's own power."""
        total, energy = 0.0, from_kwh
        while energy < to_kwh - _CLOSE_KWH:
            upto = min(self.knot_above(energy), to_kwh)
            total += (upto - energy) / self.power_kw(energy) * 3600.0
            energy = upto
        return total


class Tariff:
    """Price of energy by time of day.

    Parameters
    ----------
    steps
        (second of the day, CNY/kWh), the first at 0; at no cost if there is none.
    start_s
        Time of the day at the start of the run.
    """

    def __init__(self, steps: Sequence[tuple[float, float]], start_s: float) -> None:
        known = list(steps) or [(0.0, 0.0)]
        self._from_s = [at for at, _ in known]
        self._price = [price for _, price in known]
        self._start_s = start_s
        ends = [*self._from_s[1:], DAY_S]
        self._upto = [0.0]
        for at, end, price in zip(self._from_s, ends, self._price, strict=True):
            self._upto.append(self._upto[-1] + (end - at) * price)

    def _integral(self, time_s: float) -> float:
        days, of_day = divmod(time_s + self._start_s, DAY_S)
        k = bisect_right(self._from_s, of_day) - 1
        return days * self._upto[-1] + self._upto[k] + (of_day - self._from_s[k]) * self._price[k]

    def cost(self, from_s: float, to_s: float, power_kw: float) -> float:
        """Return what constant power costs from one moment to another, CNY."""
        return power_kw * (self._integral(to_s) - self._integral(from_s)) / 3600.0


class Charge(NamedTuple):
    """A piece of charging at constant power, as it is told to the truck."""

    from_s: float
    to_s: float
    kwh: float
    energy_kwh: float
    cny: float


class Session:
    """One truck's charging, from joining the queue until it leaves.

    Attributes
    ----------
    turn : Turn
        Its stay; ``turn.done`` fires when it is charged.
    energy_kwh : float
        In the battery, as of the last time the site was settled.
    """

    __slots__ = (
        "curve", "end_s", "energy_kwh", "from_s", "power_kw", "target_kwh", "tell", "turn",
        "want_kw",
    )  # fmt: skip

    def __init__(
        self, curve: Curve, energy_kwh: float, target_kwh: float, tell: Callable[[Charge], None]
    ) -> None:
        self.curve = curve
        self.energy_kwh = energy_kwh
        self.target_kwh = target_kwh
        self.tell = tell
        self.power_kw = self.want_kw = 0.0
        self.from_s = self.end_s = 0.0
        self.turn: Turn


class ChargingSite:
    """Guns, their queue, and the power they share.

    Parameters
    ----------
    env
        The clock.
    guns, limit_kw, efficiency
        How many there are; what they may take together from the grid; share that gets into the
        batteries.
    trucks
        The largest number that can be there at once.
    """

    def __init__(
        self,
        env: simpy.Environment,
        guns: int,
        limit_kw: float | None,
        efficiency: float,
        tariff: Tariff,
        trucks: int,
    ) -> None:
        self._env = env
        self._limit_kw = None if limit_kw is None else limit_kw * efficiency
        self._efficiency = efficiency
        self._tariff = tariff
        self._sessions: dict[int, Session] = {}
        self._active: dict[int, Session] = {}
        self._timer = 0
        self.queue = Queue(env, guns, trucks, on_begin=self._begun, on_break=self._broken_off)
        self.grid_kwh = 0.0

    @property
    def power_kw(self) -> float:
        """Power taken from the grid now."""
        return sum(one.power_kw for one in self._active.values()) / self._efficiency

    def charge(
        self,
        who: int,
        curve: Curve,
        energy_kwh: float,
        target_kwh: float,
        tell: Callable[[Charge], None],
    ) -> Session:
        """Let a truck queue for a gun and charge up to a target.

        ``tell`` is called with every piece of charging at constant power, when it is over.
        """
        session = Session(curve, energy_kwh, min(target_kwh, curve.energy_kwh[-1]), tell)
        self._sessions[who] = session
        turn = self.queue.join(who, float("inf"))
        assert turn is not None, "the queue has room for every truck"
        session.turn = turn
        return session

    def leave(self, who: int) -> None:
        """Let a truck go, waiting or charging; pieces so far have been told to it."""
        session = self._sessions.pop(who)
        if who in self._active:
            self._settle(self._active.pop(who))
            self.queue.finish(who)
            self._share()
        elif not session.turn.done.triggered:
            self.queue.leave(who)

    def _begun(self, who: int) -> None:
        session = self._sessions[who]
        session.from_s = session.end_s = self._env.now
        session.power_kw = 0.0
        self._active[who] = session
        self._share()

    def _broken_off(self, who: int) -> None:
        self._settle(self._active.pop(who))
        self._share()

    def _settle(self, session: Session) -> None:
        """Book what was charged since the last time."""
        now = self._env.now
        lasted = now - session.from_s
        kwh = session.power_kw * lasted / 3600.0
        if kwh > 0.0:
            mark = min(session.curve.knot_above(session.energy_kwh), session.target_kwh)
            after = session.energy_kwh + kwh
            if now >= session.end_s - _CLOSE_S:  # but for the rounding of the moment
                kwh, after = mark - session.energy_kwh, mark
            grid = session.power_kw / self._efficiency
            cost = self._tariff.cost(session.from_s, now, grid)
            session.energy_kwh = after
            self.grid_kwh += kwh / self._efficiency
            session.tell(Charge(session.from_s, now, kwh, after, cost))
        session.from_s = now

    def settle(self) -> None:
        """Book what was charged so far, at the end of the run or to look at it."""
        for session in self._active.values():
            self._settle(session)

    def _share(self) -> None:
        """Let go who is charged, and give the others their power until something changes."""
        now = self._env.now
        soon = now + _CLOSE_S
        full = []
        for who, one in self._active.items():
            if one.end_s <= soon:
                self._settle(one)
                one.want_kw = one.curve.power_kw(one.energy_kwh)
                if one.energy_kwh >= one.target_kwh - _CLOSE_KWH:
                    full.append(who)
        for who in full:
            del self._active[who], self._sessions[who]
        for who in full:
            self.queue.finish(who)  # may let the next one begin, which shares again
        self._timer += 1
        if not self._active:
            return
        sessions = list(self._active.values())
        limit = self._limit_kw
        powers = [one.want_kw for one in sessions]
        if limit is not None and sum(powers) > limit:
            left = len(sessions)
            for k in sorted(range(left), key=lambda k: sessions[k].want_kw):
                powers[k] = min(sessions[k].want_kw, limit / left)
                limit, left = limit - powers[k], left - 1
        for one, power in zip(sessions, powers, strict=True):
            if power != one.power_kw or one.end_s <= soon:
                self._settle(one)
                one.power_kw = power
                mark = min(one.curve.knot_above(one.energy_kwh), one.target_kwh)
                one.end_s = now + (mark - one.energy_kwh) / power * 3600.0
        timer = self._timer
        soonest_s = min(one.end_s for one in sessions)
        due = simpy.events.Timeout(self._env, max(soonest_s - now, 0.0))
        due.callbacks.append(lambda _: self._due(timer))

    def _due(self, timer: int) -> None:
        if timer == self._timer:
            self._share()
