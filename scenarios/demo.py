"""What ``make demo`` shows: the Hebi storms before and after the works, and the report of them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from scenarios import document
from scenarios.charts.recession import MEASURES, recession_rows, slowest, zones_within_limit
from scenarios.charts.run_view import RunView, waterlogged_cm
from scenarios.locale import Texts, texts
from scenarios.report import write_report
from scenarios.run import prepare, run_prepared
from scenarios.run_views import view_of_run
from scenarios.store import Store

CELLS = ("hebi-2021-before", "hebi-2021-works", "hebi-2023-before", "hebi-2023-works")
CALIBRATED_ON = "hebi-2021-before"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the four cells, print the recession table and write the report."""
    parser = argparse.ArgumentParser(prog="python -m scenarios.demo", description=__doc__)
    parser.add_argument("--lang", choices=("en", "zh"), default="en")
    parser.add_argument("--out", type=Path, default=Path("reports") / "hebi.html")
    chosen = parser.parse_args(arguments)
    t = texts(chosen.lang)
    views = _run_cells(t)
    console = Console()
    console.print(_table(views, t))
    console.print(t("demo.calibrated", scenario=CALIBRATED_ON))
    path = write_report(views, chosen.out, chosen.lang)
    console.print(t("demo.report", path=path))
    console.print(t("demo.next"))


def _run_cells(t: Texts) -> list[RunView]:
    views = []
    with (
        Store() as store,
        Progress(
            TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(),
            TimeElapsedColumn(), console=Console(stderr=True),
            disable=not sys.stderr.isatty(),
        ) as bars,
    ):  # fmt: skip
        if sys.stderr.isatty():
            bars.console.print(t("demo.compiling"))
        tasks = {name: bars.add_task(name, total=1.0) for name in CELLS}
        for name in CELLS:
            prepared = prepare(document.load(name))
            show = partial(_show, bars, tasks[name])
            (run,) = run_prepared(prepared, store, progress=show)
            views.append(view_of_run(store, run, prepared))
    return views


def _show(bars: Progress, task: TaskID, _replication: int, done: float) -> None:
    bars.update(task, completed=done)


def _table(views: Sequence[RunView], t: Texts) -> Table:
    rows = recession_rows(views, t)
    table = Table(title=t("demo.title"), title_justify="left")
    table.add_column(t("demo.case"), no_wrap=True)
    table.add_column(t("demo.published"), justify="right")
    for measure in MEASURES:
        table.add_column(t(f"demo.{measure}", cm=waterlogged_cm(views)), justify="right")
    table.add_column(t("demo.within"), justify="right")
    for run, view in enumerate(views):
        published = {name: f"{p.hours:g}" for p in view.published for name in p.scenarios}
        figures = [slowest(rows, measure, run).words(t) for measure in MEASURES]
        inside, zones = zones_within_limit(rows, run)
        table.add_row(
            view.scenario, published.get(view.scenario, "–"), *figures, f"{inside} / {zones}"
        )
    return table


if __name__ == "__main__":
    main()
