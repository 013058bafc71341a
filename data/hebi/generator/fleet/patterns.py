"""Streams, their patterns over the day and week, and what arises between two collections."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..assumptions import Assumptions

STREAMS = ("residual", "food", "recyclable", "hazardous")
PROFILES = ("homes", "shops")
KINDS = (("hour", 0), ("weekday", 1), ("month", 1))


@dataclass(frozen=True)
class Streams:
    """Amounts and densities by stream."""

    assumptions: Assumptions
    density: dict[str, float] = field(default_factory=dict)
    bin_m3: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, found in (("density", self.density), ("bin", self.bin_m3)):
            values = self.assumptions.numbers(f"stream.{name}")
            found |= dict(zip(STREAMS, values, strict=True))

    def kg_per_day(self, stream: str, people: float, shops: float) -> float:
        """Return the mean of a day."""
        number = self.assumptions.number
        return people * number(f"stream.{stream}.kg_per_person_day") + shops * number(
            f"stream.{stream}.kg_per_shop_day"
        )

    def weekdays(self, crew: str) -> str:
        """Return the weekdays on which a crew works (Monday is 1); residual crews every day."""
        if not crew:
            return "1234567"
        shift = self.assumptions.texts(f"crew.{crew}.shifts")[0]
        return self.assumptions.texts(f"shift.{shift}")[4]

    def most_days_between(self, crew: str) -> int:
        """Return the largest number of days from one collection to the next."""
        days = [int(day) for day in self.weekdays(crew)]
        return max(b - a for a, b in zip(days, [*days[1:], days[0] + 7], strict=True))

    def opening_days(
        self, stream: str, people: float, shops: float, hour: float, weekdays: str
    ) -> float:
        """Return how many mean days' waste lies there at midnight before Monday, if the last
        collection was at an hour of the day."""
        last = 7 - max(int(day) for day in weekdays)  # 0 if it was on Sunday
        homes_kg = self.kg_per_day(stream, people, 0)
        shops_kg = self.kg_per_day(stream, 0, shops)
        kg = sum(
            amount * ((1.0 - self._until(profile, hour)) + last)
            for profile, amount in zip(PROFILES, (homes_kg, shops_kg), strict=True)
        )
        return kg / (homes_kg + shops_kg) if kg > 0.0 else 0.0

    def _until(self, profile: str, hour: float) -> float:
        """Return the share of a day that has been put out by an hour."""
        hours = self.assumptions.numbers(f"profile.{profile}.hour")
        full = int(hour)
        at = sum(hours[:full]) + (hours[full] * (hour - full) if full < 24 else 0.0)
        return at / sum(hours)
