"""What a finished run comes down to, beside its record."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sim.kernel.ledger import read_ledgers
from sim.kernel.recorder import Record
from sim.kernel.system import Kpi


@dataclass(frozen=True)
class Result:
    """KPIs and the figures by which a run is judged.

    Attributes
    ----------
    kpis
        (system, KPI), in the order the systems gave them.
    seconds
        What the run took, without loading its inputs.
    ledger_error
        The largest error of its ledgers as a fraction of what came in; 0 without ledgers.
    digest
        Hash of everything it recorded.
    """

    kpis: tuple[tuple[str, Kpi], ...]
    seconds: float
    ledger_error: float
    digest: str

    def to_json(self) -> str:
        """Return the result as JSON; `from_json` reads it back bit by bit."""
        return json.dumps(
            {
                "kpis": [[system, kpi.model_dump()] for system, kpi in self.kpis],
                "seconds": self.seconds,
                "ledger_error": self.ledger_error,
                "digest": self.digest,
            },
            allow_nan=False,
        )

    @classmethod
    def from_json(cls, text: str) -> Result:
        """Read what `to_json` wrote."""
        data = json.loads(text)
        kpis = tuple((system, Kpi.model_validate(kpi)) for system, kpi in data.pop("kpis"))
        return cls(kpis=kpis, **data)


def largest_ledger_error(record: Record) -> float:
    """Return the largest relative error of the ledgers of a record, as a fraction."""
    ledgers = read_ledgers(record.ledgers).values()
    return max((ledger.relative_error() for ledger in ledgers), default=0.0)
