"""Our routing engine and its peers on public files: ``python -m bench.verify_routing``.

Runs already in the file of runs are not repeated, so a long comparison can be interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from bench.routing import nights
from bench.routing.cases import FAMILIES, cases
from bench.routing.page import whole
from bench.routing.runs import Store, run
from optimize.routing.engines import ENGINES

DOCS = Path(__file__).resolve().parents[1] / "docs" / "verification"
PEERS = ("ortools", "pyvrp")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--family", action="append", choices=[*FAMILIES, "nights"])
    parser.add_argument("--instances", nargs="*", default=[], help="names; all if none")
    parser.add_argument("--seconds", type=float, default=60.0, help="of processor time a run")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--engines", nargs="*", default=["core"], choices=list(ENGINES))
    parser.add_argument("--peers", action="store_true", help=f"also {', '.join(PEERS)}")
    parser.add_argument("--runs", type=Path, default=DOCS / "routing.jsonl")
    parser.add_argument("--page", type=Path, default=DOCS / "routing.md")
    parser.add_argument("--only-page", action="store_true", help="write the page from earlier runs")
    # The list of benchmarks calls this without arguments of its own.
    given = parser.parse_args(sys.argv[1:] if "verify_routing" in sys.argv[0] else [])
    bench = os.environ.get("CITYCLOCK_BENCH")
    if bench is None:
        sys.exit("CITYCLOCK_BENCH names no folder: set it to the one that holds routing/")
    store = Store(given.runs)
    engines = list(dict.fromkeys([*given.engines, *(PEERS if given.peers else ())]))
    families = given.family or [*FAMILIES, "nights"]
    for family in families if not given.only_page else ():
        if family == "nights":
            continue
        for case in cases(Path(bench) / "routing", family):
            if given.instances and case.name not in given.instances:
                continue
            for engine in engines:
                for seed in range(1, given.seeds + 1):
                    key = (family, case.name, engine, given.seconds, seed)
                    if key in store.runs:
                        continue
                    made = run(case, engine, given.seconds, seed)
                    store.add(made)
                    said = made.refused or "; ".join(made.violations) or f"{made.gap_percent:.2f} %"
                    print(
                        f"{family:21} {case.name:15} {engine:8} {made.trucks:4d} "
                        f"{made.cost:12.2f} {made.left_out:4d} left {made.cpu_s:7.1f} s  {said}",
                        flush=True,
                    )
    kept = given.runs.with_name("nights.jsonl")
    found = nights.load(kept)
    if "nights" in families and not given.only_page:
        for limit_kw in nights.LIMITS_KW:
            for seed in range(1, given.seeds + 1):
                if (limit_kw, seed) not in found:
                    found[limit_kw, seed] = nights.run(limit_kw, seed, given.seconds)
                    nights.keep(kept, found[limit_kw, seed])
                    print(found[limit_kw, seed], flush=True)
    given.page.parent.mkdir(parents=True, exist_ok=True)
    given.page.write_text(whole(store.runs.values(), found.values()), encoding="utf-8")
    print(f"written: {given.page}")


if __name__ == "__main__":
    main()
