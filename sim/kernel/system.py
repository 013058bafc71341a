"""What a simulated system is: one object that loads inputs, runs on the clock and gives KPIs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from sim.kernel.clock import Clock
from sim.kernel.ledger import Ledger
from sim.kernel.recorder import Record, Recorder
from sim.kernel.schema import Frozen
from sim.kernel.signals import Signals
from sim.kernel.streams import Streams


@dataclass(frozen=True, slots=True)
class Label:
    """What a quantity, event, account or KPI is called, in both languages, and its unit."""

    en: str
    zh: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class KpiDefinition:
    """A KPI a system computes: its name, what it is called, which way is better, what it means."""

    name: str
    label: Label
    better: Literal["lower", "higher", "none"]
    description: Label


class Kpi(Frozen):
    """One KPI of one run, of the whole system (``entity`` empty) or of one entity.

    ``value`` is none when the KPI has no value in this run; ``status`` then says why.
    ``limit`` is what is allowed, in the same unit, if a limit exists.
    """

    name: str
    entity: str
    value: float | None
    unit: str
    limit: float | None = None
    status: str = "ok"


@dataclass(frozen=True, slots=True)
class Run:
    """What a system is given to run with. All systems of a run share it."""

    clock: Clock
    streams: Streams
    recorder: Recorder
    signals: Signals
    horizon_s: float

    def ledger(self, name: str, unit: str) -> Ledger:
        """New ledger, part of the record and checked at the end of the run.

        Raises
        ------
        ValueError
            If the run has a ledger of that name already.
        """
        return self.recorder.ledger(name, unit)


class Inputs(Protocol):
    """What `System.load` returns: opaque, except for the files it was read from."""

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file read, for hashing."""
        ...


@runtime_checkable
class System(Protocol):
    """A system of the city: the folder ``sim/<name>`` exports one as ``SYSTEM``.

    The specification and the inputs are typed as ``Any`` here because each system has its own.
    """

    @property
    def name(self) -> str:
        """Name of the system, of its folder and of its section in a scenario."""
        ...

    @property
    def Spec(self) -> type[Frozen]:
        """Model of the system's section in a scenario document."""
        ...

    @property
    def labels(self) -> Mapping[str, Label]:
        """Label of every series quantity, event kind, ledger account and KPI it emits."""
        ...

    @property
    def kpi_definitions(self) -> tuple[KpiDefinition, ...]:
        """Every KPI that `kpis` may return."""
        ...

    def load(self, spec: Any, folder: Path, start: datetime, horizon_s: float) -> Inputs:
        """Read the files the specification names, relative to ``folder``, and check them.

        ``start`` (with a time zone) and ``horizon_s`` are the run's: what is read must cover it.

        Raises
        ------
        InputError
            If the specification or a file is not usable.
        """
        ...

    def start(self, inputs: Any, run: Run) -> None:
        """Register the system's processes; at the horizon they close the ledgers.

        ``inputs`` is not altered: it may serve many runs.
        """
        ...

    def kpis(self, inputs: Any, record: Record) -> list[Kpi]:
        """Compute the KPIs from the record alone (and the constants in ``inputs``)."""
        ...

    def example(self) -> tuple[Any, Path]:
        """Return a small case (specification, folder) for the conformance suite."""
        ...
