"""The page of the siting figures, from what was measured and kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Kept = Mapping[str, Mapping[str, Any]]

_TITLES = {
    "pmed": "p-median, OR-Library pmed",
    "mclp": "Maximal cover",
    "target": "Fewest sites for 98.6 % of the coverable weight",
    "cap": "Capacitated sites, OR-Library cap, demand may be split",
}
_HEAD = """# Verification of the siting solvers

Made by `make verify-siting`, each line in a process of its own. Seconds are of the processor;
memory is the peak of the whole process, and in brackets what the solve added to a process that has
its packages, its compiled code and the problem loaded (numba's compiler alone takes about 130 MB).
Every answer passed the independent check. Optima and best known values are those published with
the instances; peers are spopt 0.7 with CBC, one thread, in the same run.
"""
_TRIED = """## What was tried, and what lost

On the 10,000 zones and 1,000 sites, near saturation (seconds of the processor):

| for maximal cover | radius 1.5, 150 sites | radius 2, 90 sites | radius 3, 40 sites |
|---|---|---|---|
| greedy | 470,439 | | |
| tabu search, tables of pairs, 120,000 best swaps a second, 6 s | 480,155 | 491,273 | 494,234 |
| annealing between neighbours, 2 million proposals, 0.2 s | 485,584 | 494,058 | 495,152 |
| the same, 10 million proposals, 1 to 4 s | 485,855 | 495,051 | 495,183 |

- Tabu search is left to polish; where its tables paid off is annealing, for which a proposal is
  three look-ups. From random starts it got to 482,000 at radius 1.5.
- The linear relaxation by HiGHS takes 2.3, 3.5 and 7.9 s and gives 489,807, 500,251 and 500,331;
  the subgradient bound is within 0.1 % of it in 0.4 to 1 s. Momentum of 0.8 and no return to the
  best prices were decisive: with a return and a momentum of 0.3 it stopped 1,300 above.
- Radius 2, 40 sites: HiGHS on the reduced problem is at a bound of 307,052 after 7 s; branch and
  bound with the Lagrangian bound proves 307,019 in about 90 nodes once the value is known. With
  150 free sites left to HiGHS at a leaf it takes four times as long as with 60; with 50 steps at a
  node, 2,436 nodes instead of 90.
- Fewest sites: a program with a budget for uncovered weight proves 379 in a second where the
  relaxation is nearly integral, and gets nowhere at the larger radii: there the count is lowered
  by annealing, and raised from below by asking the bound for each number of sites.
- p-median: rows kept sorted let both the tables and the bound look at near sites only, which makes
  a subgradient step cost tens of microseconds; columns are dropped once the bound closes them.
- What falls short: the gap near saturation is that of the linear relaxation, 0.8 to 1.2 %.
"""


def write_page(kept: Kept) -> str:
    """Return the whole page."""
    parts = [_HEAD]
    for kind, title in _TITLES.items():
        rows = {key: one for key, one in kept.items() if key.startswith(f"{kind}|")}
        if rows:
            parts.append(f"## {title}\n\n{_table(rows, kept)}\n{_sum(rows)}\n")
    return "\n".join([*parts, _TRIED])


def _table(rows: Kept, kept: Kept) -> str:
    lines = [
        "| instance | value | best known | bound | gap % | ended | s | build s | MB | spopt value "
        "| spopt s (build) | spopt MB | times faster |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for key, one in rows.items():
        name = " ".join(key.split("|")[1:]).strip()
        building = one.get("building")
        peer = kept.get(f"spopt|{key}")
        cells = [
            name, _number(one["value"]), _number(one.get("best") or None), _number(one["bound"]),
            f"{100 * one['gap']:.3f}", one["reason"], f"{one['seconds']:.2f}",
            "" if building is None else f"{building:.2f}",
            f"{one['memory_mb']:.0f} ({one['own_mb']:.0f})", *_peer(one, peer),
        ]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
        if one["wrong"]:
            lines.append(f"| {name} | check: {'; '.join(one['wrong'][:3])} |")
    return "\n".join(lines)


def _peer(one: Mapping[str, Any], peer: Mapping[str, Any] | None) -> list[str]:
    if peer is None:
        return ["", "", "", ""]
    if peer.get("seconds") is None:
        return [str(peer["status"]), "", "", ""]
    solved = peer["status"] == "Optimal"
    value = _number(peer["value"]) if solved else "none in time"
    return [
        value, f"{peer['seconds']:.1f} ({peer['building']:.1f})", f"{peer['memory_mb']:.0f}",
        f"{peer['seconds'] / one['seconds']:.0f}" if solved else "",
    ]  # fmt: skip


def _sum(rows: Kept) -> str:
    proved = sum(one["status"] == "optimal" for one in rows.values())
    seconds = [float(one["seconds"]) for one in rows.values()]
    return (
        f"\n{proved} of {len(rows)} proved, {sum(seconds):.1f} s in all, "
        f"{max(seconds):.1f} s at most."
    )


def _number(value: object) -> str:
    if value is None:
        return ""
    return f"{float(str(value)):,.3f}".rstrip("0").rstrip(".")
