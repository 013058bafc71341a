"""Which field of which element names which other element.

One table, from which both the check of unknown names and the renaming of replaced elements derive,
so that a reference cannot be checked and then forgotten when works are built.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from sim.drainage.elements import CrossSection, Inflow, Premise, Rule, Work, Zone

Families = tuple[str, ...]

NODES: Families = ("junctions", "storages", "outfalls")
LINKS: Families = ("conduits", "pumps", "orifices", "weirs", "outlets")
#: Families that share one set of ids: an id is unique within a group.
GROUPS: tuple[Families, ...] = (
    NODES, LINKS, ("subcatchments",), ("gauges",), ("curves",), ("series",), ("transects",),
    ("rules",), ("zones",), ("works",),
)  # fmt: skip
_CURVES: Families = ("curves",)
_SERIES: Families = ("series",)
_ZONES: Families = ("zones",)
_ENDS: dict[str, Families] = {"from_node": NODES, "to_node": NODES}
_FIELDS: Mapping[str, Mapping[str, Families]] = {
    "junctions": {"zone": _ZONES, "ponding_curve": _CURVES},
    "storages": {"zone": _ZONES, "curve": _CURVES},
    "outfalls": {"zone": _ZONES, "stage_series": _SERIES},
    "conduits": _ENDS,
    "pumps": {**_ENDS, "curve": _CURVES},
    "orifices": _ENDS,
    "weirs": _ENDS,
    "outlets": {**_ENDS, "curve": _CURVES},
    "subcatchments": {"gauge": ("gauges",), "outlet": (*NODES, "subcatchments"), "zone": _ZONES},
    "gauges": {"series": _SERIES},
    "inflows": {"node": NODES, "series": _SERIES},
}
_RULE_OBJECTS: Mapping[str, Families] = {"node": NODES, "link": LINKS, "gauge": ("gauges",)}
_SURVEYED = frozenset({"irregular", "street"})


class Reference(NamedTuple):
    """Field `field` of an element names `value`, to be found in one of the families `targets`."""

    field: str
    targets: Families
    value: str


def group_of(family: str) -> Families:
    """Return the families that share their ids with `family`."""
    return next((group for group in GROUPS if family in group), (family,))


def references(family: str, element: Any) -> Iterator[Reference]:
    """Yield what `element` of `family` names, apart from ``work`` and ``replaces``.

    A premise on the simulation itself names nothing; a section names a transect when it was
    surveyed and a shape curve when it is custom, and nothing otherwise.
    """
    for field, targets in _FIELDS.get(family, {}).items():
        value = getattr(element, field)
        if value is not None:
            yield Reference(field, targets, value)
    section = getattr(element, "section", None)
    if isinstance(section, CrossSection) and section.curve is not None:
        yield Reference("section.curve", _section_targets(section), section.curve)
    if isinstance(element, Rule):
        yield from _rule_references(element)


def renamed(family: str, element: Any, new_name: Callable[[Families, str], str]) -> Any:
    """Return `element` with every name it mentions passed through `new_name(targets, name)`."""
    changes: dict[str, Any] = {}
    for field, targets in _FIELDS.get(family, {}).items():
        value = getattr(element, field)
        if value is not None and new_name(targets, value) != value:
            changes[field] = new_name(targets, value)
    section = getattr(element, "section", None)
    if isinstance(section, CrossSection) and section.curve is not None:
        curve = new_name(_section_targets(section), section.curve)
        if curve != section.curve:
            changes["section"] = section.model_copy(update={"curve": curve})
    if isinstance(element, Rule):
        changes |= {
            "premises": tuple(_renamed_premise(p, new_name) for p in element.premises),
            "then": tuple(_renamed_action(a, new_name) for a in element.then),
            "otherwise": tuple(_renamed_action(a, new_name) for a in element.otherwise),
        }
    return element.model_copy(update=changes) if changes else element


def can_belong_to_works(element: Any) -> bool:
    """Return whether `element` is of a kind that a work can bring or replace."""
    return not isinstance(element, (Inflow, Zone, Work))


def _section_targets(section: CrossSection) -> Families:
    return ("transects",) if section.kind in _SURVEYED else _CURVES


def _rule_references(rule: Rule) -> Iterator[Reference]:
    for i, premise in enumerate(rule.premises):
        for field, target, value in (
            ("id", premise.object, premise.id),
            ("other_id", premise.other_object, premise.other_id),
        ):
            if target in _RULE_OBJECTS:
                yield Reference(f"premises[{i}].{field}", _RULE_OBJECTS[target], value)
    for branch in ("then", "otherwise"):
        for i, action in enumerate(getattr(rule, branch)):
            yield Reference(f"{branch}[{i}].link", LINKS, action.link)
            if action.curve is not None:
                yield Reference(f"{branch}[{i}].curve", _CURVES, action.curve)
            if action.series is not None:
                yield Reference(f"{branch}[{i}].series", _SERIES, action.series)


def _renamed_premise(premise: Premise, new_name: Callable[[Families, str], str]) -> Premise:
    changes: dict[str, str] = {}
    if premise.object in _RULE_OBJECTS:
        changes["id"] = new_name(_RULE_OBJECTS[premise.object], premise.id)
    if premise.other_object in _RULE_OBJECTS:
        changes["other_id"] = new_name(_RULE_OBJECTS[premise.other_object], premise.other_id)
    return premise.model_copy(update=changes)


def _renamed_action(action: Any, new_name: Callable[[Families, str], str]) -> Any:
    changes = {"link": new_name(LINKS, action.link)}
    if action.curve is not None:
        changes["curve"] = new_name(_CURVES, action.curve)
    if action.series is not None:
        changes["series"] = new_name(_SERIES, action.series)
    return action.model_copy(update=changes)
