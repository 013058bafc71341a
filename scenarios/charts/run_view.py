"""What a chart needs to know of a finished run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.document import Assumption
from scenarios.locale import Texts
from scenarios.published import Published
from sim.drainage.elements import Work, Zone
from sim.drainage.network import Network
from sim.kernel.recorder import Record, SeriesTable
from sim.kernel.system import Kpi, Label

SYSTEM = "drainage"


@dataclass(frozen=True)
class RunView:
    """One finished run, as charts, tables and the report see it.

    Attributes
    ----------
    scenario
        Name of the scenario document, such as ``"hebi-2021-before"``.
    title
        Its title by language.
    record, kpis
        What the run recorded, and the KPIs computed from that.
    start
        Zone-aware calendar time of second 0.
    network
        The whole network with its works, or none if the run's engine or scenario has none.
    works
        Ids of the works that are built in this run.
    waterlogged_m
        Depth in the lane above which a point counts as waterlogged.
    labels
        Labels of the series, events, ledger accounts and KPIs of the systems that ran.
    facts
        What identifies the run, by the keys of ``[report.facts]`` in the locale files: seed, hash,
        code version and the like.
    notes
        What a reader of any result must be told: of the file, the rain, the network.
    assumptions, published
        What the case rests on, and what was published about it.
    parameters
        Every setting that can change a result, by dotted path.
    """

    scenario: str
    title: Mapping[str, str]
    record: Record
    kpis: Sequence[Kpi]
    start: datetime
    network: Network | None = None
    works: frozenset[str] = frozenset()
    waterlogged_m: float = 0.15
    labels: Mapping[str, Label] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    assumptions: Mapping[str, Assumption] = field(default_factory=dict)
    published: tuple[Published, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def name(self, texts: Texts) -> str:
        """The scenario's title in the reader's language."""
        return texts.pick(self.title, fallback=self.scenario)

    @property
    def zones(self) -> tuple[Zone, ...]:
        return self.network.zones if self.network is not None else ()

    @property
    def built_works(self) -> tuple[Work, ...]:
        """The works and channels that stand in this run."""
        if self.network is None:
            return ()
        return tuple(work for work in self.network.works if work.id in self.works)

    def differences(self, other: RunView) -> list[tuple[str, Any, Any]]:
        """(path, value here, value there) of the settings that differ; none where one has none."""
        paths = dict.fromkeys([*self.parameters, *other.parameters])
        pairs = [(path, self.parameters.get(path), other.parameters.get(path)) for path in paths]
        return [(path, here, there) for path, here, there in pairs if here != there]

    def series(self, quantity: str) -> SeriesTable | None:
        """A recorded drainage series, or none if the run has no such quantity."""
        return self.record.series.get((SYSTEM, quantity))

    def kpi(self, name: str, entity: str = "") -> Kpi | None:
        """The KPI of that name and entity, or none."""
        return self.kpis_of(name).get(entity)

    def kpis_of(self, name: str) -> dict[str, Kpi]:
        """All KPIs of a name, by entity."""
        return {kpi.entity: kpi for kpi in self.kpis if kpi.name == name}

    def rain_end_s(self) -> float | None:
        """When the rain ended, in seconds since the start, or none if no rain fell."""
        events = self.record.events
        ends = events.loc[(events["system"] == SYSTEM) & (events["kind"] == "rain_end"), "time_s"]
        return float(ends.max()) if len(ends) else None

    def label(self, name: str, texts: Texts) -> str:
        """What a series, account or KPI is called in the reader's language."""
        label = self.labels.get(name)
        if label is None:
            return name.replace("_", " ").capitalize()
        return label.zh if texts.language == "zh" else label.en


def zone_name(zone: Zone, texts: Texts) -> str:
    """A zone's name in the reader's language."""
    return zone.name_zh if texts.language == "zh" else zone.name_en


def work_name(work: Work, texts: Texts) -> str:
    """A work's name in the reader's language."""
    return work.name_zh if texts.language == "zh" else work.name_en


def notes_of(views: Sequence[RunView], texts: Texts) -> list[str]:
    """The notes of the runs, each once, translated where a translation exists.

    A note starts with its key and a colon, such as ``reconstructed: ...``.
    """
    notes = dict.fromkeys(note for view in views for note in view.notes)
    return [_translated(note, texts) for note in notes]


def _translated(note: str, texts: Texts) -> str:
    key = f"notes.{note.partition(':')[0]}"
    return texts(key) if key in texts.entries else note


def waterlogged_cm(views: Sequence[RunView]) -> str:
    """The waterlogging depth as texts write it: ``"15"``, or ``"15/20"`` if runs differ."""
    return "/".join(dict.fromkeys(f"{100 * view.waterlogged_m:g}" for view in views)) or "15"


def same_start(views: Sequence[RunView]) -> bool:
    """Whether all runs start at the same moment, so that calendar time can be the axis."""
    return len({view.start for view in views}) == 1


def time_axis(
    view: RunView, time_s: NDArray[np.float64], calendar: bool
) -> NDArray[np.datetime64] | NDArray[np.float64]:
    """Times for an axis, (T,): local wall-clock times (`calendar`), or hours since the start.

    plotly draws date-times as written, so the zone is taken off after the conversion.
    """
    if not calendar:
        return time_s / 3600.0
    import pandas as pd

    elapsed = pd.to_timedelta(np.round(time_s * 1e3).astype(np.int64), unit="ms")
    moments = pd.Timestamp(view.start.astimezone(UTC)) + elapsed
    local: NDArray[np.datetime64] = moments.tz_convert(view.start.tzinfo).tz_localize(None)
    return np.asarray(local, dtype="datetime64[ms]")
