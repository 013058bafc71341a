"""A study of routes as files: the plan for the simulation, for other programs, and for maps."""

from __future__ import annotations

import shutil
from pathlib import Path

from optimize.routing.plan_json import plan_json
from optimize.routing.plan_tables import plan_csv
from scenarios.routes import Study
from sim.kernel.errors import InputError


def write_study(study: Study, folder: Path) -> list[Path]:
    """Write ``plan.csv`` (a scenario's ``fleet.plan``), ``visits.csv`` and ``plan.json``.

    Raises
    ------
    InputError
        If the folder cannot be written to.
    """
    problem, plan = study.fleet.problem, study.solution.plan
    texts = {"visits.csv": plan_csv(problem, plan), "plan.json": plan_json(problem, plan)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = [folder / "plan.csv"]
        shutil.copyfile(study.plan_file, written[0])
        for name, text in texts.items():
            written.append(folder / name)
            written[-1].write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"cannot be written: {error.strerror or error}", where="--out", file=folder
        ) from error
    return written
