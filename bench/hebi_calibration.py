"""The calibration of the Hebi case, repeated: what was tried on the one case it may be fitted to.

Only "before the works, July 2021" is run here, against the published 48 h. The other three cells
are what the model then says; `make demo` prints them.
"""

from __future__ import annotations

import csv
import subprocess
import sys
import tempfile
from pathlib import Path

from scenarios import document
from sim.city import simulate
from sim.drainage import SYSTEM

ROOT = Path(__file__).resolve().parents[1]
CASE = "hebi-2021-before"
PUBLISHED_H = 48.0
TRIED = (
    {"ground_shift": 0.0, "underpass_pump_flow": 0.15},
    {"ground_shift": 0.1, "underpass_pump_flow": 0.15},
    {"ground_shift": 0.1, "underpass_pump_flow": 0.10},
    {"ground_shift": 0.1, "underpass_pump_flow": 0.08},
    {},  # what the data hold now
)


def last_point_h(changes: dict[str, float], folder: Path) -> tuple[float | None, float]:
    """Return the slowest zone's recession and the largest ponded volume with changes made."""
    rows = list(csv.reader((ROOT / "data/hebi/assumptions.csv").read_text().splitlines()))
    for row in rows:
        name = row[0].removeprefix("calibration.")
        if name in changes:
            row[1] = str(changes[name])
    with (folder / "assumptions.csv").open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    subprocess.run(
        [sys.executable, str(ROOT / "data/hebi/generate.py"), "--out", str(folder / "city"),
         "--assumptions", str(folder / "assumptions.csv")],
        check=True, stdout=subprocess.DEVNULL, cwd=ROOT,
    )  # fmt: skip
    scenario = document.load(CASE)
    spec = scenario.sections["drainage"].model_copy(
        update={"network": str(folder / "city" / "network")}
    )
    horizon_s = scenario.duration_h * 3600.0
    inputs = SYSTEM.load(spec, scenario.folder, scenario.start, horizon_s)
    record = simulate({"drainage": inputs}, scenario.start, horizon_s)
    kpis = SYSTEM.kpis(inputs, record)
    last = [k for k in kpis if k.name == "recession_last_point_h"]
    drained = all(k.status != "not_drained" for k in last)
    volume = next(k.value for k in kpis if k.name == "ponded_volume_max_m3")
    return max(k.value or 0.0 for k in last) if drained else None, float(volume or 0.0)


def main() -> None:
    for changes in TRIED:
        with tempfile.TemporaryDirectory() as folder:
            hours, volume = last_point_h(changes, Path(folder))
        name = ", ".join(f"{k} {v:g}" for k, v in changes.items()) or "as committed"
        text = "not drained" if hours is None else f"{hours:.1f} h"
        print(f"{CASE}, {name}: last point {text} (published {PUBLISHED_H:g} h), "
              f"largest ponded volume {volume:,.0f} m3", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
