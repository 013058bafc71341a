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
the instances; peers are spopt 0.7 with CBC, one thread, on the same machine, other work on it at
the time. Ours is timed after its compiled code is loaded and with distances given, spopt after its
import and with distances given. "None in time" is CBC's limit by the wall clock, 120 s.
"""
_TRIED = """## What was tried, and what lost

Annealing: first and last temperature, proposals. The average is of what a site covers.
Single trials on the 10,000 zones and 1,000 sites, near saturation, on one machine (seconds of the
processor); they are a record, not renewed by the script. The temperatures, the number of proposals,
the threshold of fewest sites and the gap from which on searching is preferred to branching were
chosen on this one instance, so the figures for it above are not those of one never seen before.

| for maximal cover | radius 1.5, 150 sites | radius 2, 90 sites | radius 3, 40 sites |
|---|---|---|---|
| greedy | 470,439 | not kept | not kept |
| tabu search from greedy, best swaps only, best of all in 3 x 6 s | 480,155 | 491,273 | 494,234 |
| annealing from greedy, 300 to 6, 2 million, 0.2 s, one run | 485,584 | 494,058 | 495,152 |
| the same, 10 million, 0.9 to 1.3 s, one run | 485,598 | 494,363 | 493,994 |
| from 800 to 16, 10 million, 2.5 to 4.1 s, one run | 485,533 | 494,971 | 494,543 |
| from random sets, 0.05 and 0.001 of the average, best of 3 | 485,258 | 494,723 | 495,183 |

- Annealing is ahead of tabu search at radius 1.5 and 2. At radius 3 they are close: tabu's best
  run beat one of the annealing runs. More proposals are not always better: runs differ by more
  than settings do, which is why many are made. Tabu search from three random sets at radius 1.5
  gave 478,124, 480,481 and 481,972. It is left to polish.
- Recombination of two good sets starts every third annealing; whether it pays was not measured
  against as many independent starts.
- The linear relaxation by HiGHS takes 2.3, 3.5 and 7.9 s and gives 489,807, 500,251 and 500,331.
  The subgradient bound, with a momentum of 0.7 to 0.8 and no return to the best prices, got to
  489,960 in 0.3 s at radius 1.5 and 500,849 in 0.9 s at radius 3; with a return and a momentum of
  0.3 to 490,404 and 501,881 in the same steps.
- Radius 2, 40 sites: HiGHS on the reduced problem is at a bound of 307,052 after 7 s. Branch and
  bound, given the value 307,019, took 90 nodes and 3.9 s with 2 x 100 steps a node and 60 free
  sites left to HiGHS; 292 nodes and 14.0 s with 100 steps and 150 sites; 2,436 nodes and 24.8 s
  with 50 steps and 60 sites; 76 nodes and 8.6 s with 200 steps and 200 sites.
- Fewest sites: a program with a budget for uncovered weight proves 379 in a second where the
  relaxation is nearly integral. At radius 1.5 it raised the bound from 159 to 160 in a moment that
  was measured by the clock, which is not repeatable, so it is not asked there.
- p-median: rows kept sorted let the tables and the bound look at near sites only; columns are
  dropped once the bound closes them. Nothing else was tried.
- What falls short: near saturation the gap is about that of the linear relaxation, 0.8 to 1.2 %.
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
