"""Runs of the charger schedule."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.routing.night import night
from optimize.routing.charger_schedule.check import violations
from optimize.routing.charger_schedule.solve import solve
from optimize.routing.plan import Limits

GAP = 0.01
LIMITS_KW = (1e9, 2400.0, 1800.0)


@dataclass(frozen=True)
class NightRun:
    """A night solved to `GAP`."""

    limit_kw: float
    seed: int
    cost: float
    bound: float
    gap: float
    cpu_s: float
    uncharged: int
    violations: tuple[str, ...]


def run(limit_kw: float, seed: int, budget_s: float) -> NightRun:
    """Return a night's run, stopped after ``budget_s`` seconds."""
    problem = night(seed, limit_kw)
    began = time.process_time()
    found = solve(problem, Limits(seconds=budget_s), gap=GAP)
    spent = time.process_time() - began
    broken = tuple(violations(problem, found)[:3])
    left = len(found.uncharged)
    return NightRun(limit_kw, seed, found.cost, found.bound, found.gap, spent, left, broken)


def load(file: Path) -> dict[tuple[float, int], NightRun]:
    """Return the runs kept in a file."""
    found = {}
    if file.exists():
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            row["violations"] = tuple(row["violations"])
            kept = NightRun(**row)
            found[kept.limit_kw, kept.seed] = kept
    return found


def keep(file: Path, made: NightRun) -> None:
    """Append a run."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(asdict(made)) + "\n")
