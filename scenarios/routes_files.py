"""A study of routes as files: the plan for the simulation, for other programs, and for maps."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pyproj import Transformer

from optimize.routing.plan import Plan
from optimize.routing.plan_json import plan_json
from optimize.routing.plan_tables import plan_csv, plan_geojson
from scenarios.routes import Study
from sim.kernel.errors import InputError

if TYPE_CHECKING:
    from optimize.routing.assemble import Assembled
    from optimize.routing.problem import Floats


def write_study(study: Study, folder: Path) -> list[Path]:
    """Write ``plan.csv`` (a scenario's ``fleet.plan``), ``visits.csv`` and ``plan.json``.

    Raises
    ------
    InputError
        If the folder cannot be written to.
    """
    problem, plan = study.fleet.problem, study.solution.plan
    texts = {"visits.csv": plan_csv(problem, plan), "plan.json": plan_json(problem, plan)}
    written = _write(texts, folder)
    shutil.copyfile(study.plan_file, folder / "plan.csv")
    return [folder / "plan.csv", *written]


def write_solution(found: Assembled, plan: Plan, folder: Path) -> list[Path]:
    """Write ``visits.csv``, ``plan.json`` and, where places have coordinates, ``routes.geojson``.

    Raises
    ------
    InputError
        If the folder cannot be written to.
    """
    problem = found.problem
    texts = {"visits.csv": plan_csv(problem, plan), "plan.json": plan_json(problem, plan)}
    if found.crs is not None and np.isfinite(problem.travel.xy_m).any():
        to_degrees = Transformer.from_crs(found.crs, "EPSG:4326", always_xy=True)

        def lon_lat(xy_m: Floats) -> Floats:
            return np.column_stack(to_degrees.transform(xy_m[:, 0], xy_m[:, 1]))

        texts["routes.geojson"] = plan_geojson(problem, plan, lon_lat, found.journeys)
    return _write(texts, folder)


def _write(texts: dict[str, str], folder: Path) -> list[Path]:
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            written.append(folder / name)
            written[-1].write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"cannot be written: {error.strerror or error}", where="--out", file=folder
        ) from error
    return written
