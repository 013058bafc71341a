"""The list of works under construction: names, quantities times unit costs, the fixed total."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.drainage.elements import Conduit, CrossSection, Outfall, Work

from .base import STAGE, Draft, pipe_id
from .sewers import OutfallSite
from .town import Town


@dataclass
class Worksheet:
    """The draft the works add to, and what each of them costs before the total is fixed."""

    town: Town
    draft: Draft
    raw_million: dict[str, float] = field(default_factory=dict)
    names: dict[str, tuple[str, str]] = field(default_factory=dict)
    basis: dict[str, str] = field(default_factory=dict)

    def number(self, name: str) -> float:
        """Return an assumption."""
        return self.town.assumptions.number(name)

    def count(self, name: str) -> int:
        """Return an assumption that is a whole number."""
        return self.town.assumptions.count(name)

    def enter(self, work: str, name_en: str, name_zh: str, million: float, basis: str) -> None:
        """File a work with its cost from quantities, and what the cost is made of."""
        if work in self.names:
            raise ValueError(f"work {work} is filed twice")
        self.names[work] = (name_en, name_zh)
        self.raw_million[work] = million
        self.basis[work] = basis

    def cost_scale(self) -> float:
        """Return the factor that brings the sum of the works to the published total."""
        return self.number("works.total_cost") / sum(self.raw_million.values())

    def close(self) -> None:
        """Scale the costs to the published total and add the works to the draft."""
        scale = self.cost_scale()
        names = sorted(self.names)
        if len(names) != self.count("works.count"):
            raise ValueError(f"{len(names)} works; expected {self.count('works.count')}")
        costs = {name: round(self.raw_million[name] * scale, 1) for name in names}
        rest = self.number("works.total_cost") - sum(costs.values())
        largest = max(names, key=lambda name: (costs[name], name))
        costs[largest] = round(costs[largest] + rest, 1)
        for name in names:
            en, zh = self.names[name]
            self.draft.works.append(
                Work(id=name, name_en=en, name_zh=zh, kind="work", cost_million_cny=costs[name])
            )

    def add_outlet(self, work: str, site: OutfallSite, section: CrossSection, label: str) -> None:
        """Add a second outlet beside an existing one, with its own outfall and flap gate."""
        draft, old = self.draft, self.draft.conduit(pipe_id(site.terminal))
        outfall = next(o for o in draft.outfalls if o.id == site.id)
        aside_m = self.number("works.outlet_spacing")
        new_id = f"{work}-{label}-{site.id}"
        draft.outfalls.append(
            Outfall(
                id=new_id, work=work, invert_m=outfall.invert_m, x_m=site.x_m,
                y_m=round(site.y_m + aside_m, 2), boundary="series", stage_series=STAGE,
            )
        )  # fmt: skip
        draft.conduits.append(
            Conduit(
                id=f"{work}-P-{site.id}", work=work, from_node=site.terminal, to_node=new_id,
                length_m=old.length_m, roughness_n=self.number("works.new_roughness"),
                section=section, flap_gate=True,
            )
        )  # fmt: skip

    def replace_conduit(self, work: str, old: Conduit, **changes: object) -> None:
        """Replace a conduit by one that differs in `changes` once `work` is built."""
        if any(c.replaces == old.id for c in self.draft.conduits):
            raise ValueError(f"{work}: conduit {old.id} is already replaced by another work")
        fields = dict(old) | {"id": f"{work}-{old.id}", "work": work, "replaces": old.id} | changes
        self.draft.conduits.append(Conduit.model_validate(fields))
