"""The sixteen works, in the order of their numbers."""

from __future__ import annotations

from .base import Draft
from .town import Town
from .works_pumps import flap_gates, pump_stations, underpass_pumps
from .works_storage import basins, tanks
from .works_trunks import larger_outlets, relief_culvert, repaired_sewers, trunks_and_culverts
from .worksheet import Worksheet


def add_works(town: Town, draft: Draft) -> Worksheet:
    """Add the works to the draft; what they are is assumed, that they are 16 is published."""
    sheet = Worksheet(town, draft)
    stored_at: set[str] = set()
    number = 1
    pump_stations(sheet, number)
    number += sheet.count("works.pump_stations")
    underpass_pumps(sheet, f"W{number:02d}")
    flap_gates(sheet, f"W{number + 1:02d}")
    number += 2
    trunks_and_culverts(sheet, number)
    number += sheet.count("works.trunks") + sheet.count("works.culverts")
    larger_outlets(sheet, f"W{number:02d}")
    number += 1
    tanks(sheet, number, stored_at)
    number += sheet.count("works.tanks")
    basins(sheet, f"W{number:02d}", stored_at)
    relief_culvert(sheet, f"W{number + 1:02d}")
    repaired_sewers(sheet, f"W{number + 2:02d}")
    sheet.close()
    return sheet
