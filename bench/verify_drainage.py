"""Our engine beside EPA SWMM on public files: ``python -m bench.verify_drainage``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from bench.verification import closed_forms
from bench.verification.bars import missed
from bench.verification.cases import manifest, open_case
from bench.verification.figures import Gap, Regime
from bench.verification.page import whole
from bench.verification.rows import Row, compare
from sim.kernel.errors import InputErrors

PAGE = Path(__file__).resolve().parents[1] / "docs" / "verification" / "drainage.md"
HEAD = (
    f"{'file':23} {'regime':10} {'against':8} {'NSE':>8} {'vol%':>7} {'rec min':>8} {'Jacc':>5} "
    f"{'MAEcm':>7} {'MAEwet':>7} {'worst':>11} {'cm':>7}  misses"
)


def _some(value: float | None, form: str) -> str:
    width = int(form.partition(".")[0])
    return "-".rjust(width) if value is None else format(value, form)


def _gap(name: str, regime: Regime, against: str, g: Gap) -> str:
    return (
        f"{name:23} {regime:10} {against:8} {g.nse:8.4f} {_some(g.volume_percent, '7.2f')} "
        f"{_some(g.recession_min, '8.2f')} {_some(g.jaccard, '5.2f')} {g.mae_all_cm:7.2f} "
        f"{g.mae_wet_cm:7.2f} {g.worst_node:>11} {g.worst_cm:7.1f}  {', '.join(missed(g, regime))}"
    )


def lines(row: Row) -> str:
    """Return what the terminal shows of a file: us and SWMM, us and finer SWMM, both SWMMs."""
    text = [_gap(row.case.name, row.regime, "SWMM", row.gap)]
    if row.floor is not None and row.beside_finer is not None:
        text.append(_gap("", row.regime, "SWMM/4", row.beside_finer))
        text.append(_gap("", row.regime, "floor", row.floor))
    if row.in_reaches is not None:
        text.append(_gap("", row.regime, "reaches", row.in_reaches.gap))
        text.append(_gap("", row.regime, "SWMM mvd", row.in_reaches.moved))
    text.append(
        f"{'':23} continuity {row.routing_error_percent:.3f} %, lateral "
        f"{_some(row.lateral_volume_percent, '0.3f')} %, our balance {row.balance_percent:.0e} %, "
        f"SWMM {row.swmm_seconds:.2f} s, ours {row.native_seconds:.2f} s "
        f"({row.swmm_seconds / row.native_seconds:.1f}x, {row.steps} steps)"
    )
    return "\n".join(text)


def _refusal(refused: InputErrors) -> list[str]:
    """Return what is refused, one line each, without the folder the file lies in."""
    return [f"{problem.where}: {problem.what}" for problem in refused.errors]


def _paths(folder: Path, names: list[str]) -> list[Path]:
    paths = [folder / f"{name}.inp" for name in names] or sorted(folder.glob("*.inp"))
    for path in paths:
        if not path.exists():
            sys.exit(f"no file {path}")
    return paths


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", help="names without .inp; all, with the page, if none")
    parser.add_argument("--own-runoff", action="store_true", help="our rain and runoff")
    parser.add_argument(
        "--no-floor", action="store_true", help="skip SWMM with finer steps, and reaches"
    )
    parser.add_argument("--cache", type=Path, help="folder with SWMM's earlier answers")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--page", type=Path, default=PAGE, help="where the page is written")
    given = parser.parse_args()
    bench = os.environ.get("CITYCLOCK_BENCH")
    if bench is None:
        sys.exit("CITYCLOCK_BENCH names no folder: set it to the one that holds drainage/*.inp")
    folder = Path(bench) / "drainage"
    rows: list[Row] = []
    own: list[Row] = []
    refused: list[tuple[str, list[str]]] = []
    print(HEAD)
    for path in _paths(folder, given.files):
        try:
            case = open_case(path)
        except InputErrors as problems:
            refused.append((path.stem, _refusal(problems)))
            print(f"{path.stem:23} refused: {refused[-1][1][0]}")
            continue
        row = compare(
            case, own_runoff=given.own_runoff, floor=not given.no_floor,
            repeats=given.repeats, cache=given.cache,
        )  # fmt: skip
        print(lines(row), flush=True)
        rows.append(row)
        if not given.files and case.rains:
            own.append(compare(case, own_runoff=True, floor=False, repeats=1, cache=given.cache))
            print("   own runoff " + lines(own[-1]), flush=True)
    print(f"{sum(not row.missed for row in rows)} of {len(rows)} files meet every bar")
    if not given.files:
        given.page.parent.mkdir(parents=True, exist_ok=True)
        text = whole(rows, own, refused, closed_forms.measure(), manifest(folder))
        given.page.write_text(text, encoding="utf-8")
        print(f"written: {given.page}")


if __name__ == "__main__":
    main()
