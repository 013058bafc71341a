"""Generate the synthetic Hebi case from its assumptions: ``python data/hebi/generate.py``.

Everything here is SYNTHETIC but the rows tagged ``published`` and ``sourced``. Same assumptions,
same bytes: no clock, no network, own random streams.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main(arguments: list[str] | None = None) -> int:
    """Write all tables of the case into ``--out`` (this folder by default)."""
    # run as a script, the root of the repository is not on the path yet
    root = str(HERE.parents[1])
    if root not in sys.path:
        sys.path.insert(0, root)
    from data.hebi.generator.assumptions import Assumptions
    from data.hebi.generator.case import build_case, write_case
    from data.hebi.generator.fleet.case import fleet_summary
    from data.hebi.generator.summary import summary

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write into")
    parser.add_argument(
        "--assumptions", type=Path, default=HERE / "assumptions.csv", help="the table to read"
    )
    parser.add_argument(
        "--fleet-assumptions", type=Path, default=HERE / "fleet_assumptions.csv",
        help="the table of the sanitation fleet",
    )  # fmt: skip
    parser.add_argument("--summary", action="store_true", help="print figures, write nothing")
    options = parser.parse_args(arguments)
    case = build_case(Assumptions.read(options.assumptions, options.fleet_assumptions))
    if options.summary:
        print(summary(case), fleet_summary(case.fleet), sep="\n\n")
    else:
        write_case(case, options.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
