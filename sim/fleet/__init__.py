"""The sanitation fleet: bins that fill, electric trucks, sites, chargers, and who goes where."""

from sim.fleet.system import SYSTEM

__all__ = ["SYSTEM"]
