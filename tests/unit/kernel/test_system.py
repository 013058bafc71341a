from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from sim.kernel.clock import Clock
from sim.kernel.recorder import Recorder
from sim.kernel.signals import Signals
from sim.kernel.streams import Streams
from sim.kernel.system import Kpi, Run, System
from tests.conformance.tank import TANK


def test_kpi_is_finite_and_frozen():
    kpi = Kpi(name="recession_h", entity="north", value=3.5, unit="h", limit=2.0)
    assert kpi.status == "ok"
    with pytest.raises(ValidationError, match="frozen"):
        kpi.value = 1.0
    with pytest.raises(ValidationError, match="finite"):
        Kpi(name="recession_h", entity="", value=float("nan"), unit="h")


def test_ledgers_of_a_run_are_part_of_its_record():
    clock = Clock(datetime(2021, 7, 17, tzinfo=UTC))
    run = Run(clock, Streams(1, 0), Recorder(), Signals(clock.env), 3600.0)
    ledger = run.ledger("water", "m3")
    ledger.inflow("rain", 1.5)
    assert run.recorder.ledgers == (ledger,)
    assert run.recorder.record().ledgers.values.tolist() == [["water", "m3", "rain", "inflow", 1.5]]
    with pytest.raises(ValueError, match="ledger water exists"):
        run.ledger("water", "m3")


def test_the_protocol_is_checked_by_its_members():
    class Nearly:
        name = "nearly"

    assert isinstance(TANK, System)
    assert not isinstance(Nearly(), System)
