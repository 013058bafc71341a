"""The commands ``cityclock uncertainty`` and ``cityclock sensitivity``."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from sim.kernel.errors import InputError

if TYPE_CHECKING:
    from rich.progress import Progress

    from scenarios.schema import StoredRun
    from scenarios.store import Store

POLL_S = 0.5
SWEEP_EVERY = 20  # polls: a worker that was killed is noticed within ten seconds

Scenario = Annotated[
    str,
    typer.Argument(metavar="SCENARIO", help="A name from 'cityclock scenarios', or a .toml file."),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a parameter. May be repeated."),
]
Language = Annotated[
    Literal["en", "zh"], typer.Option("--lang", envvar="CITYCLOCK_LANG", help="Language.")
]
Workers = Annotated[int, typer.Option(min=1, help="Processes to run in.")]


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module to the command line."""
    app.command()(uncertainty)
    app.command()(sensitivity)


def uncertainty(
    scenario: Scenario,
    replications: Annotated[int, typer.Option(min=1, help="How many, numbered from 0.")] = 100,
    settings: Settings = None,
    workers: Workers = 2,
    every: Annotated[bool, typer.Option("--all", help="Show every zone.")] = False,
    lang: Language = "en",
) -> None:
    """Run replications and show recession as a distribution, with the chance of meeting limits.

    Replications that are in the store already are not repeated.
    """
    from scenarios import batch, document
    from scenarios.cli_output import Output
    from scenarios.locale import texts
    from scenarios.run import prepare
    from scenarios.store import Store
    from scenarios.uncertainty import check_random, observed_h, spread_of_runs
    from scenarios.uncertainty_tables import headline, spread_heads, spread_rows, zones_shown

    prepared = prepare(document.load(scenario, settings or ()))
    check_random(prepared)
    batch.check_count(replications)
    with Store() as store:
        ids = batch.start(prepared, store, replications, workers=workers)
        runs = _follow(ids, store, prepared.scenario.name)
        _say_failures(runs)
        found = spread_of_runs(runs, store, observed_h(prepared))
    t = texts(lang)
    out = Output(lang)
    measure, *_ = found.distributions
    out.say(headline(found, measure, t))
    for measure, distributions in found.distributions.items():
        out.say("\n" + t(f"uncertainty.{measure}"))
        count = len(distributions) if every else zones_shown(distributions)
        _table(out, spread_heads(t), spread_rows(distributions[:count], found, t))
    out.say(t("uncertainty.reading", hours=f"{found.observed_h:.1f}"))
    if found.failed:
        raise typer.Exit(1)


def sensitivity(
    scenario: Scenario,
    vary: Annotated[
        list[str],
        typer.Option(metavar="PATH=LOW:HIGH", help="A parameter and its range. Repeat for more."),
    ],
    kpi: Annotated[
        str, typer.Option(metavar="NAME[:ENTITY]", help="The figure.")
    ] = "recession_last_point_h",
    method: Annotated[Literal["morris", "sobol"], typer.Option(help="How.")] = "morris",
    size: Annotated[
        int, typer.Option(help="Trajectories (morris) or base sample, a power of 2 (sobol).")
    ] = 8,
    settings: Settings = None,
    workers: Workers = 2,
    seed: Annotated[int, typer.Option(min=0, help="Of the points that are chosen.")] = 1,
    lang: Language = "en",
) -> None:
    """Show which parameters a figure depends on, by Morris screening or Sobol indices.

    Points that were computed before are not repeated.
    """
    from scenarios import document
    from scenarios.cli_output import Output
    from scenarios.locale import texts
    from scenarios.location import locate
    from scenarios.points import Points
    from scenarios.run import prepare
    from scenarios.sensitivity import design, parse_factor, parse_target
    from scenarios.sensitivity import sensitivity as analyse
    from scenarios.uncertainty import observed_h
    from scenarios.uncertainty_tables import effect_heads, effect_rows

    factors = [parse_factor(text) for text in vary]
    target = parse_target(kpi)
    design(factors, method, size, seed)  # what is wrong with it is said before anything is read
    fixed = tuple(settings or ())
    prepared = prepare(document.load(scenario, fixed))
    for end in ("low", "high"):
        document.load(scenario, [*fixed, *(f"{f.path}={getattr(f, end)!r}" for f in factors)])
    points = Points(scenario, fixed, locate().folder, workers)
    with _bars() as bars:
        task = bars.add_task(prepared.scenario.name, total=1.0)
        found = analyse(
            points, factors, target, method, size, observed_h=observed_h(prepared), seed=seed,
            progress=lambda known, total: bars.update(task, completed=known / total),
        )  # fmt: skip
    t = texts(lang)
    out = Output(lang)
    _table(out, effect_heads(found, t), effect_rows(found))
    out.say(t(f"sensitivity.{method}_reading"))
    out.say(t("sensitivity.span", low=f"{found.low:.4g}", high=f"{found.high:.4g}",
              unit=found.unit, runs=found.evaluations))  # fmt: skip
    if found.censored:
        out.say(t("sensitivity.censored", count=found.censored, hours=f"{found.censored_as:.1f}"))


# --- inside --------------------------------------------------------------------------------


def _follow(ids: Sequence[str], store: Store, name: str) -> list[StoredRun]:
    """Wait until all runs have ended; Ctrl-C asks them to stop."""
    from scenarios import batch

    try:
        with _bars() as bars:
            task = bars.add_task(name, total=1.0)
            polls = 0
            while True:
                runs, fraction = batch.standing(ids, store)
                bars.update(task, completed=fraction)
                if all(run.ended for run in runs):
                    return runs
                polls += 1
                if polls % SWEEP_EVERY == 0:
                    store.sweep()
                time.sleep(POLL_S)
    except KeyboardInterrupt:
        store.request_cancel(ids)
        raise


@contextmanager
def _bars() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    with Progress(
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
        console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty(),
    ) as bars:  # fmt: skip
        yield bars


def _say_failures(runs: Sequence[StoredRun]) -> None:
    """Name each run that failed; if all did or were cancelled, there is nothing to show."""
    for run in runs:
        if run.status == "failed":
            typer.echo(f"error: run {run.id} failed ({run.stage}): {run.reason}", err=True)
    if not any(run.status == "done" for run in runs):
        if any(run.status == "failed" for run in runs):
            raise typer.Exit(1)
        raise InputError("the replications were cancelled", where="uncertainty")


def _table(out: object, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from scenarios.cli_output import Output

    assert isinstance(out, Output)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for number, head in enumerate(heads):
        table.add_column(head, justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    out.console.print(table)
