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
    said: list[str] = []
    open_bars = list(bars)

    def explain(explained: list[str], why: str) -> None:
        said.append(why)
        open_bars[:] = [bar for bar in open_bars if bar not in explained]

    if abs(row.routing_error_percent) > CONTINUITY_PERCENT:
        explain(bars, f"SWMM's continuity error is {row.routing_error_percent:.2f} %")
    if row.floor is not None:
        own = [bar for bar in missed(row.floor, row.regime) if bar in bars]
        if own:
            explain(
                own,
                f"{', '.join(own)}: SWMM with four times finer steps misses this bar against "
                "itself",
            )
    short = row.in_reaches
    if short is not None:
        left = missed(short.gap, row.regime)
        gone = [bar for bar in bars if bar not in left]
        if gone:
            explain(
                gone,
                f"{', '.join(gone)}: met where both engines run on reaches of at most "
                f"{LONGEST_M:g} m instead of up to {short.longest_m:,.0f} m, which moves SWMM's "
                f"own largest depths by {short.moved.mae_all_cm:.1f} cm",
            )
    known = tomllib.loads(_FILE.read_text(encoding="utf-8")).get(row.case.name, {})
    for bar in bars:
        if bar in known:
            explain([bar], f"{bar}: {known[bar]}")
    if open_bars:
        said.append(f"{', '.join(open_bars)}: not explained")
    return "; ".join(said)
