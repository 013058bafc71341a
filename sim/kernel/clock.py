"""One simulation clock with a calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import simpy
from simpy.events import EventPriority

from sim.kernel.errors import InputError

_LATE = EventPriority(2)  # SimPy knows 0 (urgent) and 1 (normal)


class Clock:
    """Simulated seconds since a moment of the calendar.

    Parameters
    ----------
    start
        Calendar moment of second 0, with a time zone.

    Attributes
    ----------
    env : simpy.Environment
        The event queue all systems share; its unit is the second.
    start : datetime
        As given.

    Raises
    ------
    InputError
        If ``start`` has no time zone.
    """

    def __init__(self, start: datetime) -> None:
        _require_zone(start, "start")
        self.env = simpy.Environment()
        self.start = start

    @property
    def now_s(self) -> float:
        """Seconds since the start."""
        return float(self.env.now)

    def calendar(self, time_s: float) -> datetime:
        """Calendar moment of a simulated second, in the zone of the start.

        Elapsed seconds are added in UTC: adding them to local time would be an hour off after a
        change to or from daylight saving time. Exact to a microsecond.
        """
        moment = self.start.astimezone(UTC) + timedelta(seconds=time_s)
        return moment.astimezone(self.start.tzinfo)

    def seconds(self, moment: datetime) -> float:
        """Simulated second of a calendar moment with a time zone; negative before the start.

        Raises
        ------
        InputError
            If ``moment`` has no time zone.
        """
        _require_zone(moment, "moment")
        return (moment.astimezone(UTC) - self.start.astimezone(UTC)).total_seconds()

    def settled(self, time_s: float) -> simpy.Event:
        """Event at a moment, behind every ordinary event of that moment.

        A continuous model waits for it, so that it goes on with what all events of the moment
        have set, in whatever order they were filed.
        """
        event = simpy.Event(self.env)
        event._ok, event._value = True, None
        self.env.schedule(event, priority=_LATE, delay=max(time_s - self.env.now, 0.0))
        return event


def _require_zone(moment: datetime, where: str) -> None:
    if moment.utcoffset() is None:
        raise InputError(
            "calendar moment without a time zone",
            where=where,
            value=moment.isoformat(),
            expected="an offset, e.g. 2021-07-17T08:00:00+08:00",
        )
