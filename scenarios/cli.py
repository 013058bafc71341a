"""The ``cityclock`` command.

Exit codes: 0 all went well, 2 bad input (what is wrong is on the error output, one block per
error), 1 a run failed (or `verify --strict` found a gap), 130 cancelled.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from scenarios import cli_layers
from scenarios.cli_options import Every, Language, RunName, ScenarioName, Settings
from scenarios.cli_pumps import pumps
from scenarios.cli_uncertainty import add_commands as add_uncertainty
from scenarios.cli_works import works
from sim.kernel.errors import CityClockError, InputError

if TYPE_CHECKING:
    from scenarios.cli_output import Output
    from scenarios.schema import StoredRun
    from scenarios.store import Store

RUN_FAILED = 1
BAD_INPUT = 2
CANCELLED = 130


class Commands(TyperGroup):
    """Turns errors meant for the user into messages and exit codes, wherever they come from."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except InputError as error:
            for single in error.errors:
                typer.echo(f"error: {single}", err=True)
            raise typer.Exit(BAD_INPUT) from error
        except CityClockError as error:
            typer.echo(f"error: {error}", err=True)
            raise typer.Exit(BAD_INPUT) from error
        except KeyboardInterrupt as error:
            typer.echo("cancelled", err=True)
            raise typer.Exit(CANCELLED) from error


app = typer.Typer(
    cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="CityClock: what if, for city operators.",
)  # fmt: skip
import_app = typer.Typer(no_args_is_help=True, help="Make a scenario of another tool's file.")
export_app = typer.Typer(no_args_is_help=True, help="Write a scenario for another tool.")
app.add_typer(import_app, name="import")
app.add_typer(export_app, name="export")
cli_layers.register(import_app, export_app)


# --- scenarios -----------------------------------------------------------------------------


@app.command("scenarios")
def list_scenarios(lang: Language = "en") -> None:
    """List the scenarios of the library."""
    from scenarios import library

    _output(lang).scenarios({name: library.titles(name) for name in library.names()})


@app.command()
def show(scenario: ScenarioName, settings: Settings = None, lang: Language = "en") -> None:
    """Show every parameter of a scenario and which file set it."""
    from scenarios import document

    _output(lang).scenario(document.load(scenario, settings or ()))


@app.command()
def validate(scenario: ScenarioName, settings: Settings = None, lang: Language = "en") -> None:
    """Check a scenario and every file it names, without running it."""
    from scenarios import document
    from scenarios.assumptions import assumptions_of
    from scenarios.published import published_for
    from scenarios.run import prepare

    prepared = prepare(document.load(scenario, settings or ()))
    assumptions_of(prepared.scenario)
    published_for(prepared.scenario)
    out = _output(lang)
    files = {path for inputs in prepared.inputs.values() for path in inputs.files}
    out.say(
        f"{prepared.scenario.name}: {out.word('valid')}; {out.word('files')} {len(files)}; "
        f"{out.word('hash')} {prepared.hash}"
    )
    for inputs in prepared.inputs.values():
        for note in getattr(inputs, "notes", ()):
            out.say(f"- {note}")


@app.command()
def diff(a: ScenarioName, b: ScenarioName, lang: Language = "en") -> None:
    """Show the parameters in which two scenarios differ, and only those."""
    from scenarios import content, document

    _output(lang).differences(content.diff(document.load(a), document.load(b)))


# --- runs ----------------------------------------------------------------------------------


@app.command()
def run(
    scenario: ScenarioName,
    settings: Settings = None,
    replications: Annotated[int, typer.Option(min=1, help="How many, numbered from 0.")] = 1,
    engine: Annotated[
        Literal["native", "swmm"] | None, typer.Option(help="Instead of the scenario's engine.")
    ] = None,
    reuse: Annotated[
        bool, typer.Option("--reuse", help="Take finished runs of the same scenario and code.")
    ] = False,
    every: Every = False,
    lang: Language = "en",
) -> None:
    """Run a scenario, keep the result and show its figures."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    from scenarios import document
    from scenarios.compare import summarise
    from scenarios.run import prepare, run_prepared

    prepared = prepare(document.load(scenario, settings or ()), engine=engine)
    with (
        _store() as store,
        Progress(
            TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(),
            TimeElapsedColumn(), console=Console(stderr=True), transient=True,
            disable=not sys.stderr.isatty(),
        ) as bars,
    ):  # fmt: skip
        bar = bars.add_task(prepared.scenario.name, total=replications)
        runs = run_prepared(
            prepared, store, replications=replications, reuse=reuse,
            progress=lambda number, fraction: bars.update(bar, completed=number + fraction),
        )  # fmt: skip
        bars.stop()
        out = _output(lang, with_labels=True)
        out.runs(runs)
        out.summary(runs, summarise(runs, store), every=every)
    for one in runs:
        if one.status == "failed":
            typer.echo(f"error: run {one.id} failed ({one.stage}): {one.reason}", err=True)
    if any(one.status == "failed" for one in runs):
        raise typer.Exit(RUN_FAILED)
    if any(one.status == "cancelled" for one in runs):
        raise typer.Exit(CANCELLED)


@app.command("runs")
def list_runs(
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 20,
    scenario: Annotated[str | None, typer.Option(help="Only those of this scenario.")] = None,
    lang: Language = "en",
) -> None:
    """List the runs, newest first."""
    from scenarios.location import locate

    out = _output(lang)
    if not locate().exists():
        out.runs([])
        return
    with _store() as store:
        out.runs(store.runs(scenario=scenario, limit=limit))


@app.command()
def compare(a: RunName, b: RunName, every: Every = False, lang: Language = "en") -> None:
    """Compare two runs: the parameters that differ, and the figures, paired by replication."""
    from scenarios.compare import compare as compare_runs

    with _existing_store() as store:
        left, right = _resolve(a, store), _resolve(b, store)
        found = compare_runs(left, right, store)
    out = _output(lang, with_labels=True)
    out.comparison(found, _named(left), _named(right), every=every)


@app.command()
def report(
    runs: Annotated[
        list[str],
        typer.Argument(metavar="RUN...", help="One run, or two to compare: ids or scenarios."),
    ],
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="The HTML file.")] = None,
    lang: Language = "en",
) -> None:
    """Write a one-page report that opens offline."""
    from scenarios import content, document
    from scenarios.report import write_report
    from scenarios.run_views import view_of_run

    with _existing_store() as store:
        chosen = [_resolve(name, store)[0] for name in runs]
        views = [view_of_run(store, one) for one in chosen]
    differences = None
    if len(chosen) == 2:
        a, b = (document.from_json(one.document) for one in chosen)
        differences = content.diff(a, b)
    target = out or Path(f"report-{'-'.join(one.id for one in chosen)}.html")
    try:
        write_report(views, target, lang, differences=differences)
    except OSError as error:
        raise InputError(
            f"cannot be written: {error.strerror or error}", where="--out", file=target
        ) from error
    _output(lang).say(str(target))


@app.command()
def verify(
    run: RunName,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 if a figure is outside what is allowed.")
    ] = False,
    lang: Language = "en",
) -> None:
    """Run a finished run's network in EPA SWMM with the same inflows and show the gap."""
    from rich.console import Console

    from scenarios.verify import verify as verify_run

    out = _output(lang)
    with _existing_store() as store:
        chosen = _resolve(run, store)
        out.say(_named(chosen[:1]))
        with Console(stderr=True).status(out.word("swmm_runs")):
            rows = verify_run(chosen[0].id, store)
    out.gaps(rows)
    if strict and not all(row.ok for row in rows):
        raise typer.Exit(RUN_FAILED)


# --- other tools ---------------------------------------------------------------------------


@import_app.command("swmm")
def import_swmm(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A SWMM 5 input file (.inp).")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where to write the scenario and its tables."),
    ] = None,
    lang: Language = "en",
) -> None:
    """Read a SWMM file, say what was read and what was left out, and make a scenario of it."""
    from scenarios.exchange import import_swmm as read

    found = read(file, out)
    output = _output(lang)
    output.say(", ".join(f"{count} {name}" for name, count in found.summary.items()))
    for note in found.notes:
        output.say(f"- {note}")
    if found.scenario is not None:
        output.say(str(found.scenario))


@export_app.command("swmm")
def export_swmm(
    scenario: ScenarioName,
    settings: Settings = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="The file (.inp).")] = None,
    lang: Language = "en",
) -> None:
    """Write a scenario's network, rain and river as one SWMM input file."""
    from scenarios import document
    from scenarios.exchange import export_swmm as write
    from scenarios.run import prepare

    prepared = prepare(document.load(scenario, settings or ()))
    target = out or Path(f"{prepared.scenario.name}.inp")
    write(prepared, target)
    _output(lang).say(str(target))


add_uncertainty(app)
app.command()(works)
app.command()(pumps)


# --- shared --------------------------------------------------------------------------------


def _output(language: str, *, with_labels: bool = False) -> Output:
    from scenarios.cli_output import Output

    if not with_labels:
        return Output(language)
    from sim.kernel.registry import systems

    labels = [label for system in systems().values() for label in system.labels.items()]
    return Output(language, dict(labels))


def _store() -> Store:
    from scenarios.store import Store

    return Store()


def _existing_store() -> Store:
    from scenarios.location import locate

    place = locate()
    if not place.exists():
        raise InputError(
            "there are no runs yet", where="store", file=place.folder,
            hint="start one with 'cityclock run SCENARIO'",
        )  # fmt: skip
    return _store()


def _resolve(name: str, store: Store) -> list[StoredRun]:
    """Return the run with this id, or the finished runs of a scenario's newest batch."""
    from scenarios import library

    newest = store.newest(name)
    if newest:
        return newest
    if name in library.names():
        raise InputError(
            "this scenario has no finished run", where="RUN", value=name,
            hint=f"start one with 'cityclock run {name}'",
        )  # fmt: skip
    return [store.get(name)]


def _named(runs: Sequence[StoredRun]) -> str:
    first = runs[0]
    count = f", {len(runs)} replications" if len(runs) > 1 else ""
    return f"{first.scenario} ({first.id}{count})"


def main() -> None:
    """Entry of the ``cityclock`` command."""
    # Chinese and progress bars need Unicode; a console or a pipe may say it has none.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    app()


if __name__ == "__main__":
    main()
