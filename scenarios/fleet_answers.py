"""Answers of the fleet's studies as JSON, and back.

A plan is kept by the ids of its problem; the problem is made anew from the scenario's files, and
the plan is checked again when it is read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from optimize.routing.check import check
from optimize.routing.plan import Solution
from optimize.routing.plan_json import parse_plan_json, plan_json
from scenarios import document
from scenarios.document import Scenario
from scenarios.fleet_arms import Arm, Capital, ChangedRoute, Response, Size, Sizes
from scenarios.routes import Figure, Request, Study, fleet_inputs
from scenarios.routes_problem import FleetModel, day_problem, expected_kg
from scenarios.store import Store
from sim.kernel.errors import InputError

Answer = Study | Sizes | Response

_FIGURES: TypeAdapter[tuple[Figure, ...]] = TypeAdapter(tuple[Figure, ...])
_SIZES: TypeAdapter[tuple[Size, ...]] = TypeAdapter(tuple[Size, ...])
_ARMS: TypeAdapter[tuple[Arm, ...]] = TypeAdapter(tuple[Arm, ...])
_CHANGED: TypeAdapter[tuple[ChangedRoute, ...]] = TypeAdapter(tuple[ChangedRoute, ...])
_CAPITAL: TypeAdapter[Capital] = TypeAdapter(Capital)


def to_json(answer: Answer) -> dict[str, Any]:
    """Return an answer as JSON, with its scenario."""
    about: dict[str, Any] = {"scenario": answer.scenario.to_json()}
    if isinstance(answer, Study):
        return about | {"kind": "routes"} | _study_to_json(answer)
    if isinstance(answer, Sizes):
        best = answer.recommended
        return about | {
            "kind": "sizes",
            "sizes": _SIZES.dump_python(answer.sizes, mode="json"),
            "recommended": None if best is None else answer.sizes.index(best),
            "service_limit": answer.service_limit,
            "capital": _CAPITAL.dump_python(answer.capital, mode="json"),
            "days": answer.days,
        }
    return about | {
        "kind": "response",
        "arms": _ARMS.dump_python(answer.arms, mode="json"),
        "changed": _CHANGED.dump_python(answer.changed, mode="json"),
    }


def from_json(data: Mapping[str, Any], request: Request | None, store: Store) -> Answer:
    """Return the answer; ``request`` is the question if routes were asked for.

    Raises
    ------
    InputError, InputErrors
        The scenario's files have changed so that the plan no longer fits them.
    """
    scenario = document.from_json(data["scenario"])
    read: Mapping[str, Callable[[], Answer]] = {
        "routes": lambda: _study(data, scenario, request or Request(), store),
        "sizes": lambda: _sizes(data, scenario),
        "response": lambda: Response(
            scenario,
            _ARMS.validate_python(data["arms"]),
            _CHANGED.validate_python(data["changed"]),
        ),
    }
    return read[data["kind"]]()


def _study_to_json(study: Study) -> dict[str, Any]:
    solution = study.solution
    return {
        "plan": json.loads(plan_json(study.fleet.problem, solution.plan)),
        "solution": {
            "trucks": solution.trucks, "cost": solution.cost,
            "bound": solution.bound if solution.bound == solution.bound else None,
            "stop_reason": solution.stop_reason, "seconds": solution.seconds,
            "iterations": solution.iterations, "engine": solution.engine,
        },
        "why": study.why,
        "plan_file": str(study.plan_file),
        "figures": _FIGURES.dump_python(study.figures, mode="json"),
        "runs": {arm: [run.id for run in runs] for arm, runs in study.runs.items()},
    }  # fmt: skip


def _study(data: Mapping[str, Any], scenario: Scenario, request: Request, store: Store) -> Study:
    inputs = fleet_inputs(scenario)
    model = FleetModel(inputs, request.margins)
    fleet = day_problem(model, request.day, expected_kg(inputs, request.day))
    plan = parse_plan_json(fleet.problem, json.dumps(data["plan"]))
    report = check(fleet.problem, plan)
    if not report.ok:
        raise InputError(
            "the plan does not fit the scenario any more: its files have changed", where="plan",
            value=str(report), hint="propose routes anew",
        )  # fmt: skip
    facts = dict(data["solution"])
    if facts["bound"] is None:
        facts["bound"] = float("nan")
    runs = {arm: [store.get(run) for run in ids] for arm, ids in data["runs"].items()}
    return Study(
        scenario, fleet, Solution(plan=plan, **facts), data["why"], report,
        Path(data["plan_file"]), _FIGURES.validate_python(data["figures"]), runs,
    )  # fmt: skip


def _sizes(data: Mapping[str, Any], scenario: Scenario) -> Sizes:
    sizes = _SIZES.validate_python(data["sizes"])
    best = data["recommended"]
    return Sizes(
        scenario, sizes, data["service_limit"], None if best is None else sizes[best],
        _CAPITAL.validate_python(data["capital"]), data["days"],
    )  # fmt: skip
