"""Siting on public instances, beside spopt in the same run: ``python -m bench.verify_siting``.

Every measurement is made in a process of its own, so that its memory is its own, and kept in a
file; what is there is not measured again. spopt lives in an environment of its own, whose Python
is named by SPOPT_PYTHON; without it its columns stay empty.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

from bench.verification.siting_page import write_page

PAGE = Path(__file__).resolve().parents[1] / "docs" / "verification" / "siting.md"
LARGE = "BDS1000_BDS10000A"
SPOPT = {"pmed40": 300, "pmed20": 300, "pmed16": 120, "pmed38": 120}
"""Files, and CBC's time limit in seconds."""
COVERS = {(1.0, 100): 10, (0.75, 300): 10, (1.5, 50): 10, (3.0, 20): 20, (2.0, 40): 25,
          (1.5, 150): 20, (2.0, 90): 20, (3.0, 40): 20}  # fmt: skip
TARGETS = {1.0: 30, 1.5: 30, 3.0: 30}
_PEER = """
import json, os, resource, sys, time
import numpy as np, pulp
from spopt.locate import MCLP, PMedian
kind, file, count, radius, limit = sys.argv[1:]
stored = np.load(file)
solver = pulp.PULP_CBC_CMD(msg=False, timeLimit=int(limit), threads=1)
base = os.times(); began = sum(base[:2]) + sum(base[2:4])
if kind == "median":
    model = PMedian.from_cost_matrix(stored["distance"], stored["weights"], p_facilities=int(count))
else:
    model = MCLP.from_cost_matrix(stored["distance"], stored["weights"], float(radius), int(count))
now = os.times(); built = sum(now[:4])
try:
    model = model.solve(solver, results=False)
except RuntimeError:
    pass
now = os.times()
value = pulp.value(model.problem.objective)
print(json.dumps({
    "value": value, "status": pulp.LpStatus[model.problem.status], "seconds": sum(now[:4]) - began,
    "building": built - began, "memory_mb": max(
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024,
}))
"""


def _bench() -> Path:
    folder = os.environ.get("CITYCLOCK_BENCH")
    if folder is None:
        sys.exit("CITYCLOCK_BENCH names no folder: set it to the one that holds siting/")
    return Path(folder) / "siting"


def _problem(kind: str, name: str, option: str):  # type: ignore[no-untyped-def]
    from optimize.siting.formats.cap import read_cap
    from optimize.siting.formats.mclp import read_mclp
    from optimize.siting.formats.pmed import read_pmed
    from optimize.siting.problem import CoverageTarget, MaximalCover

    if kind == "pmed":
        return read_pmed(_bench() / "pmed" / f"{name}.txt")
    if kind == "cap":
        return read_cap(_bench() / "cap" / f"{name}.txt", float(option) if option else None)
    area = read_mclp(_bench() / "mclp" / f"{name}.txt")
    if kind == "target":
        return CoverageTarget(area, float(option), 0.986, of_coverable=True)
    radius, count = option.split()
    return MaximalCover(area, int(count), float(radius))


def measure_one(kind: str, name: str, option: str, seconds: float) -> None:
    """Solve one instance and print what came of it as JSON: the child process of `_ours`."""
    from optimize.siting.answer import Limits
    from optimize.siting.check import violations
    from optimize.siting.covering.instance import build
    from optimize.siting.problem import CoverageTarget, MaximalCover
    from optimize.siting.solve import solve

    problem = _problem(kind, name, option)
    _warm(kind)
    before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    building = None
    if isinstance(problem, MaximalCover | CoverageTarget):
        began = time.process_time()
        build(problem.area, problem.radius)
        building = time.process_time() - began
    began = time.process_time()
    answer = solve(problem, Limits(seconds=seconds), seed=1, clock=time.process_time)
    spent = time.process_time() - began
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps({
            "value": answer.value, "bound": answer.bound, "gap": answer.gap,
            "status": answer.status, "reason": answer.stop_reason, "seconds": spent,
            "building": building, "memory_mb": peak_mb, "own_mb": peak_mb - before_mb,
            "sites": len(answer.sites), "wrong": violations(problem, answer),
        })
    )  # fmt: skip


def _warm(kind: str) -> None:
    """Load the compiled code with a small problem, so that its loading is not counted."""
    import numpy as np

    from optimize.siting.answer import Limits
    from optimize.siting.problem import Area, Capacitated, MaximalCover, PMedian, straight_line
    from optimize.siting.solve import solve

    draw = np.random.default_rng(0)
    xy, names = draw.random((80, 2)), tuple(str(k) for k in range(80))
    area = Area(names, names, draw.integers(1, 9, 80).astype(float), straight_line(xy, xy))
    if kind == "pmed":
        solve(PMedian(area, 9), Limits(5))
    elif kind == "cap":
        solve(Capacitated(area, np.full(80, 3.0), np.full(80, 60.0)), Limits(5))
    else:
        solve(MaximalCover(area, 9, 0.1), Limits(5))


def _ours(kind: str, name: str, option: str, seconds: float) -> dict[str, object]:
    command = [sys.executable, "-m", "bench.verify_siting", "--one", kind, name, option]
    done = subprocess.run(
        [*command, str(seconds)], capture_output=True, text=True, check=False,
        timeout=20 * seconds + 120,
    )  # fmt: skip
    if done.returncode:
        sys.exit(done.stderr)
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def _peer(kind: str, name: str, option: str, limit: int, folder: Path) -> dict[str, object]:
    import numpy as np

    problem = _problem(kind, name, option)
    stored = folder / "instance.npz"
    np.savez(stored, distance=problem.area.distance, weights=problem.area.weights)
    script = folder / "peer.py"
    script.write_text(_PEER, encoding="utf-8")
    what, radius = ("median", "0") if kind == "pmed" else ("cover", str(problem.radius))
    done = subprocess.run(
        [os.environ["SPOPT_PYTHON"], str(script), what, str(stored), str(problem.count), radius,
         str(limit)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        return {"status": done.stderr.strip().splitlines()[-1][:120], "value": None}
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def _cases() -> list[tuple[str, str, str, str, float]]:
    """Kind, name, option, best known value, seconds of every instance."""
    cases: list[tuple[str, str, str, str, float]] = []
    with (_bench() / "pmed" / "bks.csv").open(encoding="utf-8") as file:
        cases += [("pmed", row["instance"], "", row["optimum"], 60) for row in csv.DictReader(file)]
    with (_bench() / "mclp" / "bks.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            name, radius, count = row["instance"].split()
            option = f"{radius[2:]} {count[2:]}"
            if name.startswith("GR"):
                continue  # graphs in a format of their own
            file_name = f"SJC_{name}" if name.startswith("SJC") else name
            seconds = COVERS.get((float(radius[2:]), int(count[2:])), 10)
            cases.append(("mclp", file_name, option, row["best"], seconds))
    cases += [("target", LARGE, str(radius), "", seconds) for radius, seconds in TARGETS.items()]
    with (_bench() / "cap" / "bks.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if " " not in row["instance"]:
                cases.append(("cap", row["instance"], row["capacity"], row["optimum"], 300))
    return cases


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", nargs=4, metavar=("KIND", "NAME", "OPTION", "SECONDS"))
    parser.add_argument("--kept", type=Path, default=Path(".verify-siting.json"))
    parser.add_argument("--only", nargs="*", help="kinds: pmed mclp target cap peer")
    parser.add_argument("--page", type=Path, default=PAGE)
    given = parser.parse_args() if __name__ == "__main__" else parser.parse_args([])
    if given.one:
        kind, name, option, seconds = given.one
        measure_one(kind, name, option, float(seconds))
        return
    kept: dict[str, dict[str, object]] = (
        json.loads(given.kept.read_text(encoding="utf-8")) if given.kept.exists() else {}
    )

    def keep(key: str, found: dict[str, object]) -> None:
        kept[key] = found
        given.kept.write_text(json.dumps(kept, indent=1), encoding="utf-8")
        print(key, found.get("value"), found.get("status"), found.get("seconds"), flush=True)

    cases = _cases()
    for kind, name, option, best, seconds in cases:
        key = f"{kind}|{name}|{option}"
        if key not in kept and (not given.only or kind in given.only):
            keep(key, {**_ours(kind, name, option, seconds), "best": best})
    if "SPOPT_PYTHON" in os.environ and (not given.only or "peer" in given.only):
        beside = [("pmed", name, "", limit) for name, limit in SPOPT.items()]
        beside += [("mclp", LARGE, f"{r} {p}", 60) for r, p in ((1.0, 100), (2.0, 40))]
        for kind, name, option, limit in beside:
            key = f"spopt|{kind}|{name}|{option}"
            if key not in kept:
                keep(key, _peer(kind, name, option, limit, given.kept.resolve().parent))
    given.page.write_text(write_page(kept), encoding="utf-8")
    print(f"written: {given.page}")


if __name__ == "__main__":
    main()
