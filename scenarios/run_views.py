"""From a run in the store to what charts, the report and the app show of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scenarios import document
from scenarios.assumptions import assumptions_of
from scenarios.charts.run_view import SYSTEM, RunView
from scenarios.document import Assumption, Scenario
from scenarios.published import Published, published_for
from scenarios.run import Prepared, prepare
from scenarios.schema import StoredRun
from scenarios.store import Store
from sim.drainage.inputs import DrainageInputs, chosen_works
from sim.drainage.network import Network
from sim.drainage.spec import DrainageSpec
from sim.drainage.tables import read_tables
from sim.kernel.errors import CityClockError
from sim.kernel.registry import systems
from sim.kernel.system import Label


def view_of_run(store: Store, run: StoredRun, prepared: Prepared | None = None) -> RunView:
    """Read a finished run and the network it ran on.

    The network is not in the store. Where the files have gone or have changed since the run, the
    view has no network (so no map and no names of zones) and a note that says so.

    Parameters
    ----------
    prepared
        The run's scenario, if it is loaded already.

    Raises
    ------
    InputError
        If the run is not done, or its files are missing or damaged.
    """
    record = store.record(run.id)
    kpis = tuple(kpi for system, kpi in store.kpis(run.id) if system == SYSTEM)
    scenario = prepared.scenario if prepared is not None else document.from_json(run.document)
    spec = scenario.sections.get(SYSTEM)
    notes: tuple[str, ...] = ()
    network, works = None, frozenset[str]()
    assumptions: dict[str, Assumption] = dict(scenario.assumptions)
    published: tuple[Published, ...] = ()
    if isinstance(spec, DrainageSpec):
        source = scenario.folder / spec.network
        try:
            prepared = prepared or prepare(scenario)
            if prepared.hash != run.hash:
                notes = ("changed: the files of the scenario have changed since this run",)
            else:
                inputs: Any = prepared.inputs[SYSTEM]
                network, works = _planned(spec, source, inputs)
                notes = inputs.notes
            assumptions = assumptions_of(scenario)
            published = published_for(scenario)
        except CityClockError as error:
            notes = ("gone: the files of the scenario cannot be read any more", str(error))
    return RunView(
        scenario=run.scenario,
        title=scenario.title,
        record=record,
        kpis=kpis,
        start=scenario.start,
        network=network,
        works=works,
        waterlogged_m=getattr(spec, "waterlogged_depth_m", 0.15),
        labels=_labels(scenario),
        facts=_facts(run, scenario),
        notes=tuple(notes),
        assumptions=assumptions,
        published=published,
        parameters=scenario.parameters(),
    )


def _planned(
    spec: DrainageSpec, source: Path, inputs: DrainageInputs
) -> tuple[Network, frozenset[str]]:
    """The network with its works and which are built; the run itself has only what is built."""
    if source.suffix.lower() == ".inp" or spec.works == "none":
        return inputs.network, frozenset()
    network = read_tables(source)
    return network, frozenset(chosen_works(spec, network))


def _labels(scenario: Scenario) -> dict[str, Label]:
    found: dict[str, Label] = {}
    for name, system in systems().items():
        if name in scenario.sections:
            found.update(system.labels)
    return found


def _facts(run: StoredRun, scenario: Scenario) -> dict[str, str]:
    return {
        "scenario": run.scenario,
        "run": run.id,
        "seed": f"{run.seed} / {run.replication}",
        "hash": run.hash,
        "code": f"{run.code_version}{' + changes' if run.code_dirty else ''} ({run.code_digest})",
        "engine": run.engine,
        "start": scenario.start.isoformat(sep=" "),
        "duration": f"{scenario.duration_h:g} h",
        "digest": run.digest or "–",
    }
