"""What chance decides in a run: demand, travel, service, breakdowns; each draw has its own key."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.kernel.draws import draw_key, entity_codes, normals, uniforms
from sim.kernel.streams import Streams

if TYPE_CHECKING:
    from sim.fleet.inputs import FleetInputs
    from sim.fleet.vehicle import Vehicle

Floats = NDArray[np.float64]

_LEGS_AHEAD = 32


def lognormal(normal: Any, cv: Any) -> Any:
    """Return lognormal factors with mean 1 and a coefficient of variation, as arrays or one."""
    variance = np.log1p(np.square(cv))
    return np.exp(np.sqrt(variance) * normal - variance / 2.0)


class Luck:
    """All draws of one run.

    Those of a point are keyed by point and day, those of a truck by truck and the number of the
    leg or breakdown: another plan, or another fleet, changes nobody else's luck.

    Attributes
    ----------
    demand, travel, service : (P, D) arrays
        Factors by point and day: of the amount, of the way there, of the service there.
    """

    def __init__(self, inputs: FleetInputs, streams: Streams) -> None:
        chance = inputs.spec.chance
        self._chance = chance
        self._truck_codes = inputs.truck_codes
        self._legs = np.empty((len(inputs.truck_codes), 0, 2))
        self._streams = streams
        count, days = len(inputs.points), inputs.days
        self.demand = self.travel = self.service = np.ones((count, days))
        if count and (inputs.day_cv.any() or chance.travel_cv > 0 or chance.service_cv > 0):
            draws = normals(draw_key(streams, "point and day"), inputs.point_codes, 0, days)
            if inputs.day_cv.any():
                self.demand = lognormal(draws[:, :, 0], inputs.day_cv[:, None])
            if chance.travel_cv > 0:
                self.travel = lognormal(draws[:, :, 1], chance.travel_cv)
            if chance.service_cv > 0:
                self.service = lognormal(draws[:, :, 2], chance.service_cv)
        self._keys = {name: draw_key(streams, name) for name in ("leg", "breakdown")}

    def _draws(self, purpose: str, entity: str, number: int) -> Floats:
        return uniforms(self._keys[purpose], entity_codes([entity]), number, 1)[0, 0]

    def leg(self, truck: Vehicle, number: int) -> float:
        """Return the factor of the time of a truck's n-th way to a site, charger or depot."""
        return self._leg(truck, number, 0, self._chance.travel_cv)

    def unload(self, truck: Vehicle, number: int) -> float:
        """Return the factor of the time of an unloading."""
        return self._leg(truck, number, 1, self._chance.unload_cv)

    def _leg(self, truck: Vehicle, number: int, which: int, cv: float) -> float:
        if cv <= 0.0:
            return 1.0
        while number >= self._legs.shape[1]:  # of all trucks at once, a few dozen legs ahead
            first, codes = self._legs.shape[1], self._truck_codes
            draws = normals(self._keys["leg"], codes, first, _LEGS_AHEAD)[:, :, :2]
            cvs = np.array([self._chance.travel_cv, self._chance.unload_cv])
            self._legs = np.concatenate([self._legs, lognormal(draws, cvs)], axis=1)
        return float(self._legs[truck.number, number, which])

    def life_s(self, truck: Vehicle, number: int) -> float:
        """Return the working time from a truck's n-th repair to its next breakdown."""
        mean = truck.type.mean_hours_to_failure
        if mean is None or not self._chance.breakdowns:
            return math.inf
        return -math.log1p(-self._draws("breakdown", truck.row.id, number)[0]) * mean * 3600.0

    def repair_s(self, truck: Vehicle, number: int) -> float:
        """Return a mechanic's time for a truck's n-th breakdown."""
        of = truck.type
        return self.repair(truck.row.id, number, of.median_repair_h, of.repair_spread)

    def repair(self, entity: str, number: int, median_h: float, spread: float) -> float:
        """Return a lognormal time of repair, s."""
        u = self._draws("breakdown", entity, number)
        normal = math.sqrt(-2.0 * math.log1p(-u[2])) * math.cos(2.0 * math.pi * u[3])
        return median_h * math.exp(spread * normal) * 3600.0

    def life_of(self, entity: str, number: int, mean_h: float) -> float:
        """Return the time to the next failure of a line or gun, s."""
        return -math.log1p(-self._draws("breakdown", entity, number)[0]) * mean_h * 3600.0

    def of_day(self, entity: str, day: int, cv: float) -> float:
        """Return the factor of a site's other deliveries on a day."""
        if cv <= 0.0:
            return 1.0
        u = self._draws("breakdown", f"others at {entity}", day)
        normal = math.sqrt(-2.0 * math.log1p(-u[0])) * math.cos(2.0 * math.pi * u[1])
        return float(lognormal(normal, cv))
