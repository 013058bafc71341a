"""Every check of the conformance suite catches a system that breaks its rule."""

import random
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from pydantic import Field

from sim.kernel.errors import LedgerError
from sim.kernel.system import KpiDefinition, Label
from tests.conformance import checks
from tests.conformance.tank import LEAKED, PEAK, TIMES_FULL, Tank, TankSpec


class Unkeyed(Tank):
    """Draws from the global stream."""

    def start(self, inputs, run):
        super().start(inputs, run)
        run.recorder.event(0.0, self.name, "full", value=random.random())


class Mutating(Tank):
    """Leaves traces in its inputs."""

    def start(self, inputs, run):
        super().start(inputs, run)
        name, volume, full = inputs.tanks[0]
        inputs.tanks[0] = (name, volume + 1.0, full)


class HashOrdered(Tank):
    """Follows the order of a set of text."""

    def start(self, inputs, run):
        super().start(inputs, run)
        order = " ".join({f"tank {number}" for number in range(20)})
        run.recorder.event(0.0, self.name, "full", detail=order)


HASH_ORDERED = HashOrdered()


class LooksAtDate(Tank):
    """Depends on the year it is run in."""

    def start(self, inputs, run):
        super().start(inputs, run)
        # The naive clock is what is to be caught.
        run.recorder.event(0.0, self.name, "full", value=float(datetime.now().year))  # noqa: DTZ005


class LooksAtStopwatch(Tank):
    """Depends on how long something took, to the second."""

    def start(self, inputs, run):
        begun = time.perf_counter()
        super().start(inputs, run)
        seconds = round(time.perf_counter() - begun)
        run.recorder.event(0.0, self.name, "full", value=float(seconds))


class Losing(Tank):
    """Loses a millionth of a percent more than allowed."""

    def start(self, inputs, run):
        super().start(inputs, run)
        run.ledger("losing", "m3").inflow("pulses", 1.0)
        run.recorder.ledgers[-1].closing("stored", 1.0 - 2e-8)


class Remembering(Tank):
    """Computes a KPI from what it remembers."""

    calls = 0

    def kpis(self, inputs, record):
        self.calls += 1
        first, *others = super().kpis(inputs, record)
        return [first.model_copy(update={"value": float(self.calls)}), *others]


class Altering(Tank):
    """Changes the record while computing KPIs."""

    def kpis(self, inputs, record):
        found = super().kpis(inputs, record)
        record.events["value"] = 0.0
        return found


class Repeating(Tank):
    """Returns a KPI twice."""

    def kpis(self, inputs, record):
        return 2 * super().kpis(inputs, record)


class Forgetful(Tank):
    """Its specification loses a field on the way."""

    class Spec(TankSpec):
        """With a field that is not written."""

        note: str = Field(default="", exclude=True)

    def example(self):
        spec, folder = super().example()
        return self.Spec(**spec.model_dump(), note="lost"), folder


class Elsewhere(Tank):
    """Names a file that it did not read."""

    def load(self, spec, folder, start, horizon_s):
        return replace(super().load(spec, folder, start, horizon_s), files=(folder / "absent.csv",))


class Silent(Tank):
    """Has no KPI."""

    def kpis(self, inputs, record):
        return []


class Stranger(Tank):
    """Records in another system's name."""

    def start(self, inputs, run):
        super().start(inputs, run)
        run.recorder.event(0.0, "stranger", "full")


def relabelled(name: str, label: Label | None) -> Tank:
    """Tank with one label replaced or left out."""
    tank = Tank()
    tank.labels = {key: value for key, value in Tank.labels.items() if key != name}
    if label is not None:
        tank.labels[name] = label
    return tank


def redefined(*definitions: KpiDefinition) -> Tank:
    """Tank with other KPI definitions."""
    tank = Tank()
    tank.kpi_definitions = definitions
    tank.labels = Tank.labels | {kpi.name: kpi.label for kpi in definitions}
    return tank


@pytest.mark.parametrize(
    ("system", "message"),
    [(Unkeyed(), "same inputs differs"), (Mutating(), "same inputs differs")],
    ids=["unkeyed", "mutating"],
)
def test_same_seed_catches(system, message, tmp_path: Path):
    with pytest.raises(AssertionError, match=message):
        checks.check_same_seed(system, tmp_path)


def test_other_process_catches_the_order_of_sets():
    with pytest.raises(AssertionError, match="another record"):
        checks.check_other_process("tests.conformance.test_checks:HASH_ORDERED")


@pytest.mark.parametrize("system", [LooksAtDate(), LooksAtStopwatch()], ids=["date", "stopwatch"])
def test_wall_clock_catches(system):
    assert checks.run(system).digest() == checks.run(system).digest()
    with pytest.raises(AssertionError, match="wall clock"):
        checks.check_wall_clock(system)


def test_wall_clock_is_put_back():
    before = (time.time, datetime, vars(checks)["datetime"])
    checks.check_wall_clock(Tank())
    assert (time.time, datetime, vars(checks)["datetime"]) == before


def test_ledgers_catch_a_loss():
    with pytest.raises(LedgerError, match="ledger losing: off by 2e-08 m3"):
        checks.check_ledgers(Losing())


@pytest.mark.parametrize(
    ("system", "message"),
    [
        (Remembering(), "read from disk differ"),
        (Altering(), "altered the record"),
        (Repeating(), "occurs twice"),
    ],
    ids=["remembering", "altering", "repeating"],
)
def test_kpis_catch(system, message, tmp_path: Path):
    with pytest.raises(AssertionError, match=message):
        checks.check_kpis(system, tmp_path)


@pytest.mark.parametrize("name", ["volume", "full", "stored", "leak", "pulses", PEAK.name])
def test_labels_catch_what_is_left_out(name):
    with pytest.raises(AssertionError, match=f"{name} has no label"):
        checks.check_labels(relabelled(name, None))


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (Label("", "水量"), "no English"),
        (Label("水量", "水量"), "Chinese in the English"),
        (Label("Volume", "Volume"), "no Chinese"),
        (Label("Volume", "水量", "l"), "is in m3, labelled l"),
    ],
)
def test_labels_catch_wrong_text(label, message):
    with pytest.raises(AssertionError, match=message):
        checks.check_labels(relabelled("volume", label))


@pytest.mark.parametrize(
    ("definitions", "message"),
    [
        ((PEAK, LEAKED), "times_full is not defined"),
        ((PEAK, replace(LEAKED, label=Label("Leaked", "漏失", "l")), TIMES_FULL), "labelled l"),
        ((PEAK, LEAKED, replace(TIMES_FULL, description=Label("x", "x"))), "description of"),
    ],
    ids=["undefined", "other unit", "description"],
)
def test_labels_catch_wrong_definitions(definitions, message):
    with pytest.raises(AssertionError, match=message):
        checks.check_labels(redefined(*definitions))


def test_labels_catch_a_kpi_labelled_twice():
    with pytest.raises(AssertionError, match="two labels"):
        checks.check_labels(relabelled(PEAK.name, Label("Other", "别的", "m3")))


def test_spec_catches_a_lost_field():
    with pytest.raises(AssertionError, match="through JSON"):
        checks.check_spec(Forgetful())


def test_files_catch_an_absent_file():
    with pytest.raises(AssertionError, match="is not a file"):
        checks.check_files(Elsewhere())


@pytest.mark.parametrize(
    ("system", "message"),
    [(Silent(), "has no KPI"), (Stranger(), "in the name of")],
    ids=["silent", "stranger"],
)
def test_protocol_catches(system, message):
    with pytest.raises(AssertionError, match=message):
        checks.check_protocol(system)
