"""Disposal sites: bays, a buffer in front of lines that process, what is hauled on, and stops.

The stock changes by what is tipped, at one moment, and by the lines at a constant rate between two
events, so it is known exactly at any moment without a clock of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator

import simpy

from sim.fleet.demand import DAY_S
from sim.fleet.queues import Queue
from sim.fleet.rows import Site

Process = Generator[simpy.Event, object, None]


class Plant:
    """One disposal site on the clock.

    Parameters
    ----------
    row
        What the table says of it.
    env
        The clock.
    start_s
        Time of the day at the start of the run.
    customers
        The largest number of trucks and haulers that can be there at once.
    tell
        Called with the kind of an event and its value.

    Attributes
    ----------
    received_t, processed_t, passed_t, hauled_t, others_t : float
        Tipped so far, processed and of that passed on (as of the last look), on haulers now, and
        delivered by others.
    closed : bool
        Whether it is stopped (not whether it is outside its hours).
    """

    def __init__(
        self,
        row: Site,
        env: simpy.Environment,
        start_s: float,
        customers: int,
        tell: Callable[[str, float | None], None],
    ) -> None:
        self.row = row
        self._env = env
        self._start_s = start_s
        self._tell = tell
        self.bays = Queue(env, row.bays, customers)
        self.lines_up = row.lines
        self.closed = False
        self.received_t = self.processed_t = self.passed_t = self.hauled_t = self.others_t = 0.0
        self._stock_t = row.opening_t
        self._out_t = 0.0  # processed, waiting to be hauled
        self._seen_s = 0.0
        self._room: simpy.Event | None = None
        self._out: simpy.Event | None = None
        self._full = False

    # -- stock ---------------------------------------------------------------------------------

    @property
    def rate_t_per_s(self) -> float:
        """What the lines process now if there is anything."""
        if self.closed:
            return 0.0
        return self.lines_up * self.row.t_per_day_per_line / DAY_S

    def look(self) -> float:
        """Bring the stock up to this moment and return it, t."""
        now = self._env.now
        done = min(self.rate_t_per_s * (now - self._seen_s), self._stock_t)
        if done > 0.0:
            self._stock_t -= done
            self.processed_t += done
            passed = done * self.row.onward_share if self.row.onward else 0.0
            self.passed_t += passed
            self._out_t += passed
        self._seen_s = now
        return self._stock_t

    @property
    def out_t(self) -> float:
        """Processed and waiting to be hauled on, t, as of the last look."""
        return self._out_t

    def tip(self, tonnes: float) -> None:
        """Receive a load."""
        stock = self.look()
        self.received_t += tonnes
        self._stock_t = stock + tonnes
        self._changed()

    def _changed(self) -> None:
        """Wake those who wait; tell when the buffer fills up and when there is room again."""
        limit = self.row.buffer_t
        if limit is not None:
            full = self._stock_t >= limit * (1.0 - 1e-12)
            if full != self._full:
                self._full = full
                self._tell("site_full" if full else "site_has_room", self._stock_t)
        for event in (self._room, self._out):
            if event is not None and not event.triggered:
                event.succeed()
        self._room = self._out = None

    def room_in_s(self, tonnes: float) -> float:
        """Return in how many seconds there is room for a load at the present rate; 0 if now.

        A load larger than the buffer finds room when the buffer is empty.
        """
        limit = self.row.buffer_t
        if limit is None:
            return 0.0
        over = self.look() + tonnes - max(limit, tonnes)
        if over <= 1e-9:
            return 0.0
        if not self._full:  # not to the last kilogram, but a load is turned away
            self._full = True
            self._tell("site_full", self._stock_t)
        return over / self.rate_t_per_s if self.rate_t_per_s > 0.0 else math.inf

    def room_changed(self) -> simpy.Event:
        """Event that fires when stock or rate changes otherwise than by processing."""
        if self._room is None:
            self._room = self._env.event()
        return self._room

    # -- opening hours and stops -----------------------------------------------------------------

    def opens_in_s(self) -> float:
        """Return in how many seconds unloading may begin by the opening hours; 0 if now."""
        of_day = (self._env.now + self._start_s) % DAY_S
        opens, closes = self.row.opens_h * 3600.0, self.row.closes_h * 3600.0
        if opens <= of_day <= closes:
            return 0.0
        return opens - of_day if of_day < opens else DAY_S - of_day + opens

    def stop(self) -> None:
        """Stop bays and lines; unloading under way is broken off."""
        self.look()
        self.closed = True
        for bay in range(self.row.bays):
            self.bays.fail(bay)
        self._tell("site_stopped", None)

    def resume(self) -> None:
        """Go on after a stop."""
        self.look()
        self.closed = False
        for bay in range(self.row.bays):
            self.bays.mend(bay)
        self._tell("site_resumed", None)
        self._changed()

    def line_fails(self) -> None:
        """Take one line out of operation."""
        self.look()
        self.lines_up -= 1
        self._tell("line_failed", float(self.lines_up))
        self._changed()

    def line_works(self) -> None:
        """Put one line back into operation."""
        self.look()
        self.lines_up += 1
        self._tell("line_repaired", float(self.lines_up))
        self._changed()

    # -- hauling on ------------------------------------------------------------------------------

    def haul(self, target: Plant, way_s: float, number: int) -> Process:
        """One hauler's life: wait for a lot, take it to the next site, unload, come back."""
        lot = self.row.haul_t
        while True:
            self.look()
            while self._out_t < lot * (1.0 - 1e-12):
                yield self._more_out(lot)
                self.look()
            self._out_t -= lot
            self.hauled_t += lot
            self._tell("hauled", lot)
            yield self._env.timeout(way_s)
            unload_s = target.row.unload_s + target.row.unload_s_per_t * lot
            turn = target.bays.join(number, unload_s)
            assert turn is not None, "the queue has room for every hauler"
            yield turn.done
            while (wait_s := target.room_in_s(lot)) > 0.0:
                yield target.wait_for_room(wait_s)
            target.tip(lot)
            self.hauled_t -= lot
            yield self._env.timeout(way_s)

    def _more_out(self, lot: float) -> simpy.Event:
        """Event for when there may be a lot, at the present rate or after a change."""
        if self._out is None:
            self._out = self._env.event()
        rate = self.rate_t_per_s * self.row.onward_share
        if self._stock_t > 0.0 and rate > 0.0:
            seconds = min((lot - self._out_t) / rate, self._stock_t / self.rate_t_per_s)
            return self._env.timeout(max(seconds, 1e-3)) | self._out
        return self._out

    def wait_for_room(self, seconds: float) -> simpy.Event:
        """Event for when there may be room: after so many seconds, or after a change."""
        if math.isinf(seconds):
            return self.room_changed()
        return self._env.timeout(max(seconds, 1e-3)) | self.room_changed()
