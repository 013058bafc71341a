"""The consistency check of a whole network: every defect in one go, nothing repaired."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sim.drainage.control_checks import rule_findings
from sim.drainage.element_checks import element_findings, profile_findings
from sim.drainage.findings import Finding
from sim.drainage.layout_checks import layout_findings, layout_warnings
from sim.drainage.network import Network
from sim.drainage.references import (
    GROUPS,
    Families,
    can_belong_to_works,
    group_of,
    references,
)
from sim.kernel.errors import InputErrors, did_you_mean

#: Looking for a similar name takes time; after this many unknown names none is looked for.
MOST_SUGGESTIONS = 20
_NONE = "with no works built"
_ALL = "with every work built"


def check_network(network: Network) -> list[str]:
    """Check `network` and return warnings, one line each, for what is legal but rarely meant.

    What depends on which works are built (references between elements, islands, outfalls, slopes)
    is checked for two variants, without any work and with all of them; to check another choice,
    pass `Network.built` of it.

    Raises
    ------
    InputErrors
        Every defect found: repeated ids, unknown names, works that replace something of another
        kind, self loops, islands, outfalls with several links, conduits above a rim or climbing
        steeply, curves and series out of order, negative areas, basins without area, nodes that
        start above their rim, pumps without their curve, rules that cannot be evaluated. Each says
        where (family/id/field), the value, what was expected and a hint.
    """
    defects = [*_repeated_ids(network), *_unknown_names(network), *_works(network)]
    defects += element_findings(network)
    ids = _ids(network)
    for rule in network.rules:
        defects += rule_findings(rule)
    warnings: list[Finding] = []
    variants = _variants(network)
    per_variant: dict[Finding, list[str]] = {}
    for label, variant in variants.items():
        slopes, slope_warnings = profile_findings(variant)
        found = [*_names_not_built(variant, network, ids), *layout_findings(variant), *slopes]
        for finding in dict.fromkeys(found):
            per_variant.setdefault(finding, []).append(label)
        warnings += [*slope_warnings, *layout_warnings(variant)]
    for finding, labels in per_variant.items():
        everywhere = len(labels) == len(variants)
        what = finding.what if everywhere else f"{finding.what} ({labels[0]})"
        defects.append(finding._replace(what=what))
    if defects:
        raise InputErrors([finding.error() for finding in dict.fromkeys(defects)])
    return [finding.sentence() for finding in dict.fromkeys(warnings)]


def _ids(network: Network) -> dict[str, dict[str, str | None]]:
    """Return, by family, the ids there are and the work each belongs to."""
    return {
        family: {e.id: getattr(e, "work", None) for e in getattr(network, family)}
        for group in GROUPS
        for family in group
    }


def _variants(network: Network) -> dict[str, Network]:
    in_works = any(
        element.work is not None or element.replaces is not None
        for _, element in _elements(network)
        if can_belong_to_works(element)
    )
    if not in_works:
        return {"": network}
    return {_NONE: network.built(()), _ALL: network.built([work.id for work in network.works])}


def _elements(network: Network) -> Iterator[tuple[str, Any]]:
    for family in Network.model_fields:
        for element in getattr(network, family):
            yield family, element


def _name_of(element: Any) -> str:
    """Return the id of an element; an inflow has none and goes by its node."""
    return str(getattr(element, "id", None) or getattr(element, "node", ""))


def _repeated_ids(network: Network) -> Iterator[Finding]:
    for group in GROUPS:
        first: dict[str, str] = {}
        for family in group:
            for element in getattr(network, family):
                if element.id in first:
                    yield Finding(
                        f"{family}/{element.id}/id",
                        f"this id is already taken in {first[element.id]}",
                        element.id,
                        f"an id that is unique among {', '.join(group)}",
                        "rename one of the two",
                    )
                else:
                    first[element.id] = family


def _unknown_names(network: Network) -> Iterator[Finding]:
    ids = _ids(network)
    suggested = 0
    for family, element in _elements(network):
        for field, targets, value in references(family, element):
            if any(value in ids[target] for target in targets):
                continue
            hint = ""
            if suggested < MOST_SUGGESTIONS:
                suggested += 1
                hint = did_you_mean(value, [name for target in targets for name in ids[target]])
            hint = hint or "check the spelling, or add what is named"
            yield Finding(
                f"{family}/{_name_of(element)}/{field}",
                "nothing has this id",
                value,
                f"an id from {_listed(targets)}",
                hint,
            )


def _works(network: Network) -> Iterator[Finding]:
    ids = _ids(network)
    for family, element in _elements(network):
        if not can_belong_to_works(element):
            continue
        place = f"{family}/{_name_of(element)}"
        work = getattr(element, "work", None)
        replaces = getattr(element, "replaces", None)
        if work is not None and work not in ids["works"]:
            yield Finding(
                f"{place}/work",
                "no work has this id",
                work,
                "an id from works",
                did_you_mean(work, list(ids["works"])) or "add it to the works",
            )
        if replaces is None:
            continue
        if work is None:
            yield Finding(
                f"{place}/replaces",
                "the element replaces another without belonging to a work",
                replaces,
                "a work, or no replaces",
                "without a work nothing is replaced: remove one of the two elements",
            )
        if replaces == _name_of(element):
            yield Finding(
                f"{place}/replaces",
                "the element replaces itself",
                replaces,
                f"the id of another of the {family}",
                "the new element has an id of its own",
            )
        elif replaces not in ids[family]:
            other = next((kind for kind in group_of(family) if replaces in ids[kind]), None)
            yield Finding(
                f"{place}/replaces",
                f"the element to replace is of another kind, in {other}"
                if other
                else "there is no such element to replace",
                replaces,
                f"an id from {family}",
                ("" if other else did_you_mean(replaces, list(ids[family])))
                or "an element is replaced by one of its own table",
            )


def _names_not_built(
    variant: Network, whole: Network, ids: dict[str, dict[str, str | None]]
) -> Iterator[Finding]:
    """Yield names that exist in the whole network but not in this variant of it."""
    if variant is whole:
        return
    present = _ids(variant)
    for family, element in _elements(variant):
        for field, targets, value in references(family, element):
            home = next((target for target in targets if value in ids[target]), None)
            if home is None or any(value in present[target] for target in targets):
                continue
            work = ids[home][value]
            yield Finding(
                f"{family}/{_name_of(element)}/{field}",
                f"the {home} element exists only once work {work} is built"
                if work is not None
                else f"the {home} element is replaced by several others",
                value,
                "an element that stands as long as this one does",
                "give this element the same work, or name one that stays",
            )


def _listed(targets: Families) -> str:
    return targets[0] if len(targets) == 1 else f"{', '.join(targets[:-1])} or {targets[-1]}"
