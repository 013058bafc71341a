"""Our engine beside EPA SWMM on public files: ``python -m bench.verify_drainage``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from bench.verification.cases import open_case
from bench.verification.rows import Row, compare
from sim.kernel.errors import InputErrors

HEAD = (
    f"{'file':24} {'regime':10} {'NSE':>8} {'vol%':>7} {'rec min':>8} {'Jacc':>5} {'MAEcm':>7} "
    f"{'MAEwet':>7} {'worst node':>14} {'cm':>7} | {'floor NSE':>9} {'vol%':>6} {'min':>6} {'J':>5} {'MAE':>6} "
    f"| {'cont%':>7} {'lat%':>7} {'bal%':>8} | {'swmm s':>7} {'our s':>7} {'x':>6} {'steps':>7}  misses"
)


def _some(value: float | None, form: str) -> str:
    width = int(form.split(".")[0])
    return "-".rjust(width) if value is None else format(value, form)


def line(row: Row) -> str:
    g, f = row.gap, row.floor
    text = (
        f"{row.case.name:24} {row.regime:10} {g.nse:8.4f} {_some(g.volume_percent, '7.2f')} "
        f"{_some(g.recession_min, '8.2f')} {_some(g.jaccard, '5.2f')} {g.mae_all_cm:7.2f} "
        f"{g.mae_wet_cm:7.2f} {g.worst_node:>14} {g.worst_cm:7.1f} | "
    )
    if f is not None:
        text += (
            f"{f.nse:9.4f} {_some(f.volume_percent, '6.2f')} {_some(f.recession_min, '6.1f')} "
            f"{_some(f.jaccard, '5.2f')} {f.mae_all_cm:6.2f} "
        )
    else:
        text += " " * 37
    text += (
        f"| {row.routing_error_percent:7.3f} {_some(row.lateral_volume_percent, '7.3f')} "
        f"{row.balance_percent:8.1e} | {row.swmm_seconds:7.2f} {row.native_seconds:7.2f} "
        f"{row.swmm_seconds / row.native_seconds:6.1f} {row.steps:7d}  {', '.join(row.missed)}"
    )
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", help="names without .inp; all, if none")
    parser.add_argument("--own-runoff", action="store_true", help="our rain and runoff")
    parser.add_argument("--no-floor", action="store_true", help="skip SWMM with finer steps")
    parser.add_argument("--cache", type=Path, help="folder with SWMM's earlier answers")
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    bench = os.environ.get("CITYCLOCK_BENCH")
    if bench is None:
        sys.exit("CITYCLOCK_BENCH names no folder: set it to the one that holds drainage/*.inp")
    folder = Path(bench) / "drainage"
    paths = sorted(folder.glob("*.inp"))
    if given.files:
        paths = [folder / f"{name}.inp" for name in given.files]
    print(HEAD)
    for path in paths:
        try:
            case = open_case(path)
        except InputErrors as refused:
            print(f"{path.stem:24} refused: {str(refused).splitlines()[1].strip()[:150]}")
            continue
        row = compare(
            case, own_runoff=given.own_runoff, floor=not given.no_floor,
            repeats=given.repeats, cache=given.cache,
        )  # fmt: skip
        print(line(row), flush=True)


if __name__ == "__main__":
    main()
