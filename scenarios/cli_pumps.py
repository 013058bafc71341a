"""``cityclock pumps``: where pump trucks should wait, and whom they should serve first."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from scenarios.cli_options import Language, ScenarioName, Settings

if TYPE_CHECKING:
    pass


def pumps(
    scenario: ScenarioName,
    trucks: Annotated[
        int | None, typer.Option(min=1, help="So many trucks of the fleet; all if not given.")
    ] = None,
    replications: Annotated[
        int, typer.Option(min=1, help="Of every policy, with the same random draws.")
    ] = 5,
    roads: Annotated[
        Literal["flooded", "dry"], typer.Option(help="Sites are chosen by travel on these roads.")
    ] = "flooded",
    workers: Annotated[int, typer.Option(min=1, help="Processes that simulate.")] = 2,
    settings: Settings = None,
    lang: Language = "en",
) -> None:
    """Compare policies for pump trucks by the depth-hours they save, beside no trucks at all.

    Runs that are in the store already are not repeated.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    from scenarios import document, emergency_text
    from scenarios.cli_output import Output
    from scenarios.emergency import study_trucks
    from scenarios.locale import texts
    from scenarios.store import Store

    loaded, t = document.load(scenario, settings or ()), texts(lang)
    with (
        Store() as store,
        Progress(
            TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(),
            TimeElapsedColumn(), console=Console(stderr=True), transient=True,
            disable=not sys.stderr.isatty(),
        ) as bars,
    ):  # fmt: skip
        bar = bars.add_task(loaded.name, total=1.0)
        study = study_trucks(
            loaded, store, trucks=trucks, replications=replications, on=roads, workers=workers,
            progress=lambda arm, done: bars.update(
                bar, description=emergency_text.arm_name(arm, t), completed=done
            ),
        )  # fmt: skip
    output = Output(lang)
    output.say(emergency_text.headline(study, t))
    output.text_table(emergency_text.arms_table(study, t))
    output.text_table(emergency_text.sites_table(study, t))
    for note in emergency_text.notes(study, t):
        output.say(f"- {note}")
