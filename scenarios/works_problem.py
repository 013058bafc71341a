"""The works of a network as candidates: their costs, which exclude and which need each other."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from typing import Any

from optimize.works.problem import Candidate, Problem
from sim.drainage.network import Network
from sim.drainage.references import GROUPS, can_belong_to_works, references
from sim.kernel.errors import InputError


def problem_of(network: Network) -> Problem:
    """Return the works and channels of a network as a problem.

    Two works exclude each other when they replace the same element. A work needs another when an
    element of it names, or replaces, an element that only the other brings.

    Raises
    ------
    InputError
        The network has no works.
    """
    if not network.works:
        raise InputError(
            "the network has no works to choose from", where="drainage.network",
            expected="a folder of tables with works.csv and elements that belong to works",
        )  # fmt: skip
    brought_by, replaced_by = _homes(network)
    conflicts = {pair for works in replaced_by.values() for pair in combinations(sorted(works), 2)}
    needs: set[tuple[str, str]] = set()
    for family in Network.model_fields:
        for element in getattr(network, family):
            work = getattr(element, "work", None)
            if work is None:
                continue
            named = [ref.value for ref in references(family, element)]
            named += [element.replaces] if element.replaces is not None else []
            groups = [family, *(t for ref in references(family, element) for t in ref.targets)]
            homes = {brought_by.get((group, name)) for group in groups for name in named}
            needs |= {(work, home) for home in homes if home is not None and home != work}
    return Problem(
        tuple(Candidate(work.id, work.cost_million_cny) for work in network.works),
        tuple(sorted(conflicts)),
        tuple(sorted(needs)),
    )


def _homes(network: Network) -> tuple[dict[tuple[str, str], str], dict[tuple[str, str], set[str]]]:
    """Return, by (family, id), the work that brings an element and the works that replace it."""
    brought: dict[tuple[str, str], str] = {}
    replaced: dict[tuple[str, str], set[str]] = defaultdict(set)
    for family in (family for group in GROUPS for family in group):
        elements: tuple[Any, ...] = getattr(network, family)
        if not elements or not can_belong_to_works(elements[0]):
            continue
        for element in elements:
            if element.work is not None:
                brought[family, element.id] = element.work
                if element.replaces is not None:
                    replaced[family, element.replaces].add(element.work)
    return brought, replaced
