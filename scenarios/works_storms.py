"""The storms a set of works is judged by: design storms, the scenario's own, another scenario's."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scenarios import document, trees
from scenarios.document import Scenario
from sim.drainage.spec import ChicagoRain, DrainageSpec
from sim.kernel.errors import InputError

SYSTEM = "drainage"
OWN = "own"
RAIN_MIN = 180.0
RECESSION_H = 9.0
FORMULA = "xinxiang"  # of the neighbouring city: none is published for Hebi
_YEARS = re.compile(r"T?(\d+(?:\.\d+)?)")


@dataclass(frozen=True)
class Storm:
    """A scenario that differs from the others in its rain, river and length only.

    ``years`` is the return period of a design storm, none for any other.
    """

    name: str
    years: float | None
    scenario: Scenario


def storms_of(scenario: Scenario, names: Sequence[str]) -> tuple[Storm, ...]:
    """Return the storms of these names, each once, on the scenario's network without works.

    Parameters
    ----------
    names
        ``"50"`` or ``"T50"``: the 3 h design storm of that return period with 9 h of recession,
        by the scenario's own formula if it has one, at the river level of the network itself.
        ``"own"``: the rain, river and length of the scenario. Else the name of another scenario,
        whose rain, river and length are taken.

    Raises
    ------
    InputError
        A name is neither, or the scenario has no drainage by tables of works.
    """
    if not isinstance(scenario.sections.get(SYSTEM), DrainageSpec):
        raise InputError("this scenario has no drainage", where="scenario", value=scenario.name)
    if not names:
        raise InputError("no storm", where="storms", expected="at least one")
    unbuilt = scenario.with_value(SYSTEM, "works", "none").with_value(SYSTEM, "engine", "native")
    found = {storm.name: storm for storm in (_storm(unbuilt, name) for name in names)}
    return tuple(found.values())


def _storm(scenario: Scenario, name: str) -> Storm:
    years = _YEARS.fullmatch(name)
    if years:
        return _design(scenario, float(years.group(1)))
    if name == OWN:
        return Storm(scenario.name, None, scenario)
    other = document.load(name)
    spec = other.sections.get(SYSTEM)
    if not isinstance(spec, DrainageSpec):
        raise InputError("this scenario has no drainage", where="storms", value=name)
    taken = trees.map_paths(
        json.loads(spec.model_dump_json(include={"rain", "rain_multiplier", "river"})),
        lambda path: _absolute(path, other.folder),
    )
    return Storm(name, None, _under(scenario, taken, other))


def _design(scenario: Scenario, years: float) -> Storm:
    if years <= 0:
        raise InputError("not a return period", where="storms", value=years, expected="above 0")
    own = scenario.sections[SYSTEM].rain  # type: ignore[attr-defined]
    rain = ChicagoRain(
        formula=own.formula if isinstance(own, ChicagoRain) else FORMULA,
        return_period_years=years,
        duration_min=RAIN_MIN,
    )
    taken = {"rain": json.loads(rain.model_dump_json()), "rain_multiplier": 1.0, "river": {}}
    length = replace(scenario, duration_h=RAIN_MIN / 60.0 + RECESSION_H)
    return Storm(f"T{years:g}", years, _under(scenario, taken, length))


def _under(scenario: Scenario, taken: Mapping[str, Any], length: Scenario) -> Scenario:
    for key, value in taken.items():
        scenario = scenario.with_value(SYSTEM, key, value)
    return replace(scenario, start=length.start, duration_h=length.duration_h)


def _absolute(path: str, folder: Path) -> str:
    return (folder / path).resolve().as_posix()
