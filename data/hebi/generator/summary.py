"""Figures that let a drainage engineer judge whether the synthetic network is plausible."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from .hydraulics import full_circle_flow_m3s
from .works_trunks import shortage

if TYPE_CHECKING:
    from .case import Case

PERCENTILES = (0, 5, 25, 50, 75, 95, 100)


def _spread(values: list[float], digits: int = 2) -> str:
    cells = np.percentile(np.array(values), PERCENTILES)
    return "  ".join(f"p{p} {v:.{digits}f}" for p, v in zip(PERCENTILES, cells, strict=True))


def summary(case: Case) -> str:
    """Return the plausibility figures as text."""
    town, network = case.town, case.network
    pipes = list(town.sewers.pipes.values())
    junctions = {j.id: j for j in network.junctions if j.work is None}
    streets = [c for c in network.conduits if c.level == "street"]
    level_m = {node.id: node.elevation_m for node in town.graph.nodes.values()}
    street_slopes = [
        100 * abs(level_m[s.from_node] - level_m[s.to_node]) / s.length_m
        for s in town.graph.streets
        if s.structure != "underpass"
    ]
    sizes: Counter[str] = Counter()
    volume_m3 = 0.0
    for pipe in pipes:
        twin = f" x{pipe.barrels}" if pipe.barrels > 1 else ""
        sizes[f"DN{pipe.diameter_m * 1000:04.0f}{twin}"] += round(pipe.length_m)
        volume_m3 += pipe.barrels * np.pi * pipe.diameter_m**2 / 4 * pipe.length_m
    rims = [n.elevation_m for n in town.graph.nodes.values() if not n.underpass]
    depths = [j.max_depth_m for j in junctions.values() if not j.id.startswith("JU")]
    curves = [dict(cell.ponding) for cell in town.cells.values()]
    area_ha = sum(s.area_ha for s in network.subcatchments)
    paved = sum(s.area_ha * s.impervious_percent for s in network.subcatchments) / area_ha
    works = [w for w in network.works if w.kind == "work"]
    channels = [w for w in network.works if w.kind == "channel"]
    lines = [
        "SYNTHETIC Hebi case, before the works unless said otherwise",
        f"area            {area_ha / 100:.4f} km2, {paved:.1f} % impervious, "
        f"{sum(z.people for z in town.zones)} people in {len(town.zones)} zones",
        f"streets         {len(town.graph.nodes)} nodes, {len(town.graph.streets)} streets, "
        f"{sum(s.length_m for s in town.graph.streets) / 1000:.1f} km, {len(streets)} carry water",
        f"street slope %  {_spread(street_slopes)}",
        f"street level m  {_spread(list(rims))}",
        f"below 2021 peak {sum(r < town.assumptions.number('works.gates_below') for r in rims)}"
        " junctions",
        f"sewers          {sum(p.length_m for p in pipes) / 1000:.1f} km in {len(pipes)} reaches, "
        f"{volume_m3:.0f} m3 ({volume_m3 / area_ha / 10:.1f} mm over the district)",
        f"sewer slope %   {_spread([100 * p.slope for p in pipes])}",
        f"sewer depth m   {_spread(depths)}",
        "sewer km        " + "  ".join(f"{k} {v / 1000:.1f}" for k, v in sorted(sizes.items())),
        f"ponding 0.15 m  {_spread([c[0.15] for c in curves], 0)} m2",
        f"ponding 0.5 m   {_spread([c[0.5] for c in curves], 0)} m2",
        f"ponding 1.0 m   {_spread([c[1.0] for c in curves], 0)} m2",
        "",
        "outfall  water  area ha  pipe          invert m  design m3/s  full m3/s  short",
    ]
    roughness = town.assumptions.number("calibration.sewer_roughness")
    for site in town.sewers.sites:
        pipe = town.sewers.pipes[site.terminal]
        full_m3s = pipe.barrels * full_circle_flow_m3s(pipe.diameter_m, pipe.slope, roughness)
        lines.append(
            f"{site.id:7}  {site.water:5}  {town.sewers.area_ha[site.terminal]:7.0f}  "
            f"{pipe.barrels} x DN{pipe.diameter_m * 1000:.0f}    "
            f"{town.sewers.invert_m[site.id]:8.2f}  {pipe.design_flow_m3s:11.1f}  "
            f"{full_m3s:9.1f}  {shortage(case.works, site):5.2f}"
        )
    lines += ["", f"works: {len(works)}, {sum(w.cost_million_cny for w in works):.1f} million CNY, "
              f"unit costs scaled by {case.works.cost_scale():.3f}"]  # fmt: skip
    lines += [
        f"  {w.id}  {w.cost_million_cny:6.1f}  {w.name_en} ({case.works.basis[w.id]})"
        for w in works
    ]
    lengths = [c.length_m for c in network.conduits if c.id.startswith("CH")]
    lines.append(
        f"channels: {len(channels)}, {sum(lengths) / 1000:.1f} km, "
        f"{sum(w.cost_million_cny for w in channels):.1f} million CNY (beside the works)"
    )
    return "\n".join(lines)
