"""A whole drainage network: its elements, its variants by works, its consistency checks."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sim.drainage.elements import (
    Conduit,
    Curve,
    Inflow,
    Junction,
    Orifice,
    Outfall,
    Outlet,
    Pump,
    RainGauge,
    Rule,
    Series,
    Storage,
    Subcatchment,
    Transect,
    Weir,
    Work,
    Zone,
)
from sim.drainage.references import NODES, Families, can_belong_to_works, renamed
from sim.kernel.errors import InputError, InputErrors
from sim.kernel.schema import Frozen


class Network(Frozen):
    """Elements of one network, in the order they were filed. Every id is unique in its family:
    nodes (junctions, storages, outfalls), links, subcatchments, curves, series, gauges, ..."""

    junctions: tuple[Junction, ...] = ()
    storages: tuple[Storage, ...] = ()
    outfalls: tuple[Outfall, ...] = ()
    conduits: tuple[Conduit, ...] = ()
    pumps: tuple[Pump, ...] = ()
    orifices: tuple[Orifice, ...] = ()
    weirs: tuple[Weir, ...] = ()
    outlets: tuple[Outlet, ...] = ()
    subcatchments: tuple[Subcatchment, ...] = ()
    gauges: tuple[RainGauge, ...] = ()
    curves: tuple[Curve, ...] = ()
    series: tuple[Series, ...] = ()
    transects: tuple[Transect, ...] = ()
    inflows: tuple[Inflow, ...] = ()
    rules: tuple[Rule, ...] = ()
    zones: tuple[Zone, ...] = ()
    works: tuple[Work, ...] = ()

    @property
    def nodes(self) -> tuple[Junction | Storage | Outfall, ...]:
        return (*self.junctions, *self.storages, *self.outfalls)

    @property
    def links(self) -> tuple[Conduit | Pump | Orifice | Weir | Outlet, ...]:
        return (*self.conduits, *self.pumps, *self.orifices, *self.weirs, *self.outlets)

    def built(self, works: Collection[str]) -> Network:
        """Return the network as it stands once `works` (ids) are built, and no others.

        Elements of unbuilt works are left out; an element that a built work replaces is left out;
        what remains carries no ``work`` and no ``replaces``. Whatever named the replaced element
        names its replacement (a conduit ends at the larger storage that took a storage's place),
        unless two built elements replace the same one: then the name stays as it is, and
        `sim.drainage.checks.check_network` reports it. Inflows into a node of an unbuilt work are
        left out with it. Zones and the catalogue of works stay.

        Raises
        ------
        InputErrors
            `works` holds an id that is no work of this network.
        """
        known = {work.id for work in self.works}
        unknown = [
            InputError(
                "no work has this id",
                where="works",
                value=work,
                expected=f"one of {', '.join(sorted(known))}" if known else "no work at all",
                hint="the works of a network are listed in its table of works",
            )
            for work in sorted(set(works) - known)
        ]
        if unknown:
            raise InputErrors(unknown)
        return _built(self, frozenset(works))


def _built(network: Network, works: frozenset[str]) -> Network:
    kept: dict[str, list[Any]] = {}
    left_out: dict[str, set[str]] = {}
    successors: dict[str, dict[str, list[str]]] = {}
    for family in Network.model_fields:
        elements = getattr(network, family)
        if not elements or not can_belong_to_works(elements[0]):
            continue
        present = [e for e in elements if e.work is None or e.work in works]
        replaced: dict[str, list[str]] = {}
        for element in present:
            if element.replaces is not None:
                replaced.setdefault(element.replaces, []).append(element.id)
        kept[family] = [e for e in present if e.id not in replaced]
        left_out[family] = {e.id for e in elements} - {e.id for e in present}
        successors[family] = replaced

    def new_name(targets: Families, name: str) -> str:
        for family in targets:
            name = _last_successor(name, successors.get(family, {}))
        return name

    unbuilt_nodes = set[str]().union(*(left_out.get(family, set()) for family in NODES))
    kept["inflows"] = [
        flow for flow in network.inflows if new_name(NODES, flow.node) not in unbuilt_nodes
    ]
    plain = {"work": None, "replaces": None}
    return network.model_copy(
        update={
            family: tuple(
                renamed(
                    family,
                    element.model_copy(update=plain)
                    if getattr(element, "work", None) or getattr(element, "replaces", None)
                    else element,
                    new_name,
                )
                for element in elements
            )
            for family, elements in kept.items()
        }
    )


def _last_successor(name: str, successors: dict[str, list[str]]) -> str:
    """Follow `name` to what replaces it, and on, while there is exactly one successor."""
    met = {name}
    while len(successors.get(name, ())) == 1 and successors[name][0] not in met:
        name = successors[name][0]
        met.add(name)
    return name
