"""Every claim of speed and accuracy in the README, measured beside a peer: ``python -m bench``.

``python -m bench NAME ...`` runs some of them. Absolute times depend on the machine; ratios are
what the README states.
"""

from __future__ import annotations

import sys
from importlib import import_module

BENCHMARKS = {
    "thousand_scenarios": "1,000 scenarios of 1,000 junctions within 15 minutes on two cores",
    "fleet_speed": "a day of 100 trucks, a thousand replications, and what keyed draws are worth",
    "fleet_queues": "the fleet model's queues against 51 exact results",
    "drainage_speed": "100, 1,000 and 5,000 junctions beside SWMM, free and drowned",
    "hebi_calibration": "the one calibrated case, and what it says of the other three",
    "verify_routing": "the routing engine on public files, beside OR-Tools and PyVRP",
    "works_budget": "search for the best works against trying all sets of ten",
    "verify_siting": "siting on public instances, beside spopt: p-median, cover, capacities",
}


def main() -> None:
    chosen = sys.argv[1:] or list(BENCHMARKS)
    unknown = [name for name in chosen if name not in BENCHMARKS]
    if unknown:
        sys.exit(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    for name in chosen:
        print(f"\n== {name}: {BENCHMARKS[name]}", flush=True)
        import_module(f"bench.{name}").main()


if __name__ == "__main__":
    main()
