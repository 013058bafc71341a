"""Arguments and options that commands share."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

LANGUAGE_VARIABLE = "CITYCLOCK_LANG"

ScenarioName = Annotated[
    str,
    typer.Argument(metavar="SCENARIO", help="A name from 'cityclock scenarios', or a .toml file."),
]
RunName = Annotated[
    str, typer.Argument(metavar="RUN", help="The id of a run, or a scenario: its newest run.")
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="PATH=VALUE",
        help="Change a parameter, e.g. drainage.works=all. May be repeated.",
    ),
]  # fmt: skip
Every = Annotated[
    bool, typer.Option("--all", help="Show every point and zone, not the worst of many.")
]
Language = Annotated[
    Literal["en", "zh"], typer.Option("--lang", envvar=LANGUAGE_VARIABLE, help="Language.")
]
