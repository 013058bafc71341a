"""The whole case: the town, its network with works and channels, the fleet, and the files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sim.drainage.network import Network
from sim.drainage.tables import write_tables

from .assumptions import Assumptions
from .base import base_draft
from .channels import add_channels
from .files import write_city, write_csv, write_river, write_storms
from .fleet.case import FleetCase, build_fleet
from .fleet.tables import write_fleet
from .town import Town, build_town
from .works import add_works
from .worksheet import Worksheet


@dataclass(frozen=True)
class Case:
    """What the generator made."""

    town: Town
    works: Worksheet
    network: Network
    fleet: FleetCase


def build_case(assumptions: Assumptions) -> Case:
    """Build town, base network, works, channels and fleet from the assumptions."""
    town = build_town(assumptions)
    draft = base_draft(town)
    works = add_works(town, draft)
    add_channels(town, draft)
    return Case(town, works, draft.network(town), build_fleet(town))


def write_case(case: Case, folder: Path) -> None:
    """Write all tables of the case into `folder`.

    Raises
    ------
    ValueError
        A row of the assumptions was never used: it would mislead whoever reads it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_city(case.town, folder)
    write_river(case.town, folder)
    write_storms(case.town, folder)
    scale = case.works.cost_scale()
    basis = case.works.basis
    write_csv(
        folder / "works.csv",
        ("id", "name_en", "name_zh", "kind", "cost_million_cny", "basis", "cost_scale", "tag"),
        (
            (w.id, w.name_en, w.name_zh, w.kind, f"{w.cost_million_cny:.2f}",
             basis.get(w.id, "open channel"), f"{scale:.4f}" if w.kind == "work" else "1",
             "assumed")
            for w in case.network.works
        ),
    )  # fmt: skip
    write_tables(case.network, folder / "network")
    write_fleet(case.fleet, folder / "fleet")
    stale = case.town.assumptions.unused()
    if stale:
        raise ValueError(f"rows of the assumptions that nothing uses: {stale}")
