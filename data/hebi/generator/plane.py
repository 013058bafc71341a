"""The local plane: metres east and north of the origin, and the WGS84 degrees they stand for."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, radians, sin, sqrt

from .assumptions import Assumptions


@dataclass(frozen=True)
class Plane:
    """A tangent plane at the origin (longitude and latitude in degrees)."""

    origin_lon: float
    origin_lat: float
    metres_per_degree_lon: float
    metres_per_degree_lat: float

    @classmethod
    def of(cls, assumptions: Assumptions) -> Plane:
        """Build the plane from the ellipsoid's radii of curvature at the origin."""
        lon = assumptions.number("plane.origin_lon")
        lat = assumptions.number("plane.origin_lat")
        semi_axis_m = assumptions.number("plane.wgs84_semi_major_axis")
        flattening = 1.0 / assumptions.number("plane.wgs84_inverse_flattening")
        e2 = flattening * (2.0 - flattening)
        w = 1.0 - e2 * sin(radians(lat)) ** 2
        meridian_m = semi_axis_m * (1.0 - e2) / (w * sqrt(w))
        normal_m = semi_axis_m / sqrt(w)
        degree = pi / 180.0
        return cls(lon, lat, normal_m * cos(radians(lat)) * degree, meridian_m * degree)

    def lon(self, x_m: float) -> float:
        """Return the longitude of a point `x_m` east of the origin."""
        return round(self.origin_lon + x_m / self.metres_per_degree_lon, 7)

    def lat(self, y_m: float) -> float:
        """Return the latitude of a point `y_m` north of the origin."""
        return round(self.origin_lat + y_m / self.metres_per_degree_lat, 7)

    def x_m(self, lon: float) -> float:
        """Return how far east of the origin a longitude is."""
        return (lon - self.origin_lon) * self.metres_per_degree_lon

    def y_m(self, lat: float) -> float:
        """Return how far north of the origin a latitude is."""
        return (lat - self.origin_lat) * self.metres_per_degree_lat
