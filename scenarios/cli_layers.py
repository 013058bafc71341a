"""Commands for layers of geographic information systems: in, and out again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from scenarios.cli_options import Language, Settings
from sim.kernel.errors import InputError

if TYPE_CHECKING:
    from scenarios.cli_output import Output
    from scenarios.gis.findings import Findings
    from scenarios.gis.results import Format, Table

MOST_LINES = 8
"""Lines of one kind that are printed; the report has them all."""
QUIET = ("read", "unread")
"""Kinds of which every line is printed: there is one for a layer or a column, not a feature."""

RunOrScenario = Annotated[
    str,
    typer.Argument(metavar="RUN_OR_SCENARIO", help="The id of a run, or a scenario: its network."),
]
TableName = Annotated[
    Literal["nodes", "links", "flows", "depths"],
    typer.Option("--table", help="Which table; flows and depths over time need a run."),
]
Target = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="The file.")]


def register(import_app: typer.Typer, export_app: typer.Typer) -> None:
    """Add the commands to ``cityclock import`` and ``cityclock export``."""
    import_app.command("layers")(import_layers)
    export_app.command("geojson")(export_geojson)
    export_app.command("csv")(export_csv)
    export_app.command("parquet")(export_parquet)


def import_layers(
    mapping: Annotated[
        Path,
        typer.Argument(metavar="MAPPING", help="A TOML document: which column is which field."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where to write the scenario, tables and report."),
    ] = None,
    lang: Language = "en",
) -> None:
    """Make a scenario of layers of manholes, pipes, streets and terrain, and say what was done."""
    from scenarios.cli_output import Output
    from scenarios.gis.layers_import import import_layers as read

    found, scenario = read(mapping, out)
    output = Output(lang)
    counts = {name: len(getattr(found.network, name)) for name in type(found.network).model_fields}
    output.say(", ".join(f"{count} {name}" for name, count in counts.items() if count))
    for line in _lines(found.findings, output):
        output.say(line)
    if scenario is not None:
        output.say(str(scenario))


def _lines(findings: Findings, output: Output) -> list[str]:
    lines = []
    for kind, count in findings.counts().items():
        entries = [entry for entry in findings.entries if entry.kind == kind]
        lines.append(f"{output.word(f'import_{kind}')}: {count}")
        shown = entries if kind in QUIET else entries[:MOST_LINES]
        for entry in shown:
            place = " ".join(part for part in (entry.layer, entry.feature, entry.column) if part)
            lines.append(f"- {place}: {entry.text}")
        if len(shown) < count:
            lines.append(f"  ... (+{count - len(shown)})")
    return lines


def export_geojson(
    source: RunOrScenario, settings: Settings = None, out: Target = None, lang: Language = "en"
) -> None:
    """Write nodes and links, and a run's results, as GeoJSON."""
    _export("geojson", source, settings, out, "nodes", lang)


def export_csv(
    source: RunOrScenario, settings: Settings = None, table: TableName = "nodes",
    out: Target = None, lang: Language = "en",
) -> None:  # fmt: skip
    """Write one table of a network, or of a run's results, as CSV."""
    _export("csv", source, settings, out, table, lang)


def export_parquet(
    source: RunOrScenario, settings: Settings = None, table: TableName = "nodes",
    out: Target = None, lang: Language = "en",
) -> None:  # fmt: skip
    """Write one table of a network, or of a run's results, as Parquet."""
    _export("parquet", source, settings, out, table, lang)


def _export(
    form: Format, name: str, settings: list[str] | None, out: Path | None, table: Table, lang: str
) -> None:
    from scenarios import document, library
    from scenarios.cli_output import Output
    from scenarios.gis import results
    from scenarios.location import locate
    from scenarios.run import prepare
    from scenarios.store import Store

    if name in library.names() or name.endswith(".toml"):
        prepared = prepare(document.load(name, settings or ()))
        exported, stem = results.of_scenario(prepared), prepared.scenario.name
    elif settings:
        raise InputError("a run cannot be changed", where="--set", expected="a scenario")
    elif not locate().exists():
        raise InputError(
            "there are no runs yet", where="RUN_OR_SCENARIO", value=name, file=locate().folder,
            expected="a scenario, or a run", hint="start one with 'cityclock run SCENARIO'",
        )  # fmt: skip
    else:
        with Store() as store:
            run = store.get(name)
            exported, stem = results.of_run(store, run), run.id
    suffix = "geojson" if form == "geojson" else f"{table}.{form}"
    target = out or Path(f"{stem}.{suffix}")
    note = results.write(exported, form, target, table)
    output = Output(lang)
    output.say(str(target))
    if note:
        output.say(f"- {note}")
