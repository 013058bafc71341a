"""A station on the clock: customers wait for their turn and are told when service is over."""

from __future__ import annotations

from collections.abc import Callable

import simpy

from sim.fleet import station as rules
from sim.fleet.station import NOBODY, new_station


class Turn:
    """One customer's stay at a station.

    Attributes
    ----------
    begun, done : simpy.Event
        Fire when service first begins and when it is complete; ``done`` has the value False if
        the customer left before.
    began_s : float
        When service first began; NaN before.
    served_s : float
        Seconds of service so far, up to the last time it ended or was broken off.
    server : int
        Where it is served, or ``NOBODY``.
    """

    __slots__ = ("_since_s", "_timer", "began_s", "begun", "done", "served_s", "server")

    def __init__(self, env: simpy.Environment) -> None:
        self.begun = env.event()
        self.done = env.event()
        self.began_s = float("nan")
        self.server = NOBODY
        self.served_s = 0.0
        self._timer = 0
        self._since_s = 0.0


class Queue:
    """Servers with a queue, on SimPy's clock; the rules are those of `sim.fleet.station`.

    Parameters
    ----------
    env
        The clock.
    servers
        How many there are.
    customers
        The largest number that can be there at once.
    places
        How many may wait; no limit if none.
    on_begin, on_break
        Called with the customer when service begins or goes on, and when it is broken off.
    """

    def __init__(
        self,
        env: simpy.Environment,
        servers: int,
        customers: int,
        places: int | None = None,
        on_begin: Callable[[int], None] | None = None,
        on_break: Callable[[int], None] | None = None,
    ) -> None:
        self._env = env
        self._state = new_station(servers, customers)
        self._places = customers if places is None else places
        self._turns: dict[int, Turn] = {}
        self._on_begin = on_begin
        self._on_break = on_break
        self.servers = servers
        self.up = servers

    @property
    def waiting(self) -> int:
        """Customers in the queue."""
        return int(self._state.counts[0])

    def works(self, server: int) -> bool:
        """Return whether a server is not out of service."""
        return bool(self._state.who[server] != rules.DOWN)

    def busy_with(self) -> list[int]:
        """Return the customers in service, by server."""
        return [int(who) for who in self._state.who if who >= 0]

    def join(self, who: int, work_s: float, rank: int = 0, preempts: bool = False) -> Turn | None:
        """Let a customer join; none if the queue is full.

        ``work_s`` may be infinite: then `finish` ends the service.
        """
        now_s = self._env.now
        turn = Turn(self._env)
        server, victim = rules.join(self._state, who, rank, work_s, now_s, self._places, preempts)
        if server == rules.REFUSED:
            return None
        self._turns[who] = turn
        if victim != NOBODY:
            self._interrupted(victim)
        if server >= 0:
            self._begin(server, who)
        return turn

    def finish(self, who: int) -> None:
        """End a customer's service now, whatever work is left."""
        turn = self._turns.pop(who)
        turn._timer += 1
        server = turn.server
        turn.served_s += self._env.now - turn._since_s
        turn.done.succeed(True)
        self._next(rules.finish(self._state, server, self._env.now), server)

    def leave(self, who: int) -> bool:
        """Let a waiting customer go; false if it is in service or not here."""
        turn = self._turns.get(who)
        if turn is None or rules.leave(self._state, who) < 0.0:
            return False
        del self._turns[who]
        turn.done.succeed(False)
        return True

    def is_waiting(self, who: int) -> bool:
        """Return whether a customer is in the queue, be it for the first time or broken off."""
        turn = self._turns.get(who)
        return turn is not None and turn.server == NOBODY

    def fail(self, server: int) -> int:
        """Take a server out of service; return the customer broken off, or ``NOBODY``."""
        if self._state.who[server] == rules.DOWN:
            return NOBODY
        self.up -= 1
        victim, other = rules.fail(self._state, server, self._env.now)
        if victim != NOBODY:
            self._interrupted(victim)
            if other >= 0:
                self._begin(other, victim)
        return int(victim)

    def mend(self, server: int) -> None:
        """Put a server back into service."""
        if self._state.who[server] != rules.DOWN:
            return
        self.up += 1
        self._next(rules.mend(self._state, server, self._env.now), server)

    def _next(self, who: int, server: int) -> None:
        if who != NOBODY:
            self._begin(server, who)

    def _begin(self, server: int, who: int) -> None:
        turn = self._turns[who]
        turn.server = server
        turn._timer += 1
        turn._since_s = self._env.now
        if turn.began_s != turn.began_s:  # NaN: for the first time
            turn.began_s = self._env.now
            turn.begun.succeed()
        work_s = float(self._state.work_s[server])
        if work_s != float("inf"):
            timer, end = turn._timer, simpy.events.Timeout(self._env, work_s)
            end.callbacks.append(lambda _: self._over(who, turn, timer))
        if self._on_begin is not None:
            self._on_begin(who)

    def _over(self, who: int, turn: Turn, timer: int) -> None:
        # Whoever was broken off since then has another end, or none yet.
        if turn._timer == timer and not turn.done.triggered:
            self.finish(who)

    def _interrupted(self, who: int) -> None:
        turn = self._turns[who]
        turn.served_s += self._env.now - turn._since_s
        turn.server = NOBODY
        turn._timer += 1
        if self._on_break is not None:
            self._on_break(who)
