"""Why a bar is not met: what the figures themselves say, then what was found by experiment."""

from __future__ import annotations

import tomllib
from pathlib import Path

from bench.verification.bars import missed
from bench.verification.reaches import LONGEST_M
from bench.verification.rows import Row

_FILE = Path(__file__).with_name("reasons.toml")
CONTINUITY_PERCENT = 1.0  # beyond this SWMM's own answer is no reference


def reasons(row: Row) -> str:
    """Return the reasons for every missed bar of a row, or nothing."""
    bars = row.missed
    if not bars:
        return ""
    said = []
    if abs(row.routing_error_percent) > CONTINUITY_PERCENT:
        said.append(f"SWMM's continuity error is {row.routing_error_percent:.2f} %")
    if row.floor is not None:
        own = [bar for bar in missed(row.floor, row.regime) if bar in bars]
        if own:
            said.append(
                f"{', '.join(own)}: SWMM with four times finer steps misses this bar against itself"
            )
    short = row.in_reaches
    if short is not None:
        left = [bar for bar in bars if bar in missed(short.gap, row.regime)]
        gone = [bar for bar in bars if bar not in left]
        if gone:
            said.append(
                f"{', '.join(gone)}: met where both engines run on reaches of at most "
                f"{LONGEST_M:g} m instead of up to {short.longest_m:,.0f} m, which moves SWMM's "
                f"own largest depths by {short.moved.mae_all_cm:.1f} cm"
            )
    known = tomllib.loads(_FILE.read_text(encoding="utf-8")).get(row.case.name, {})
    said += [f"{bar}: {known[bar]}" for bar in bars if bar in known]
    return "; ".join(said) if said else "not explained yet"
