"""What every system must do. Each check raises AssertionError, saying what is wrong."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.city import LEDGER_TOLERANCE, simulate
from sim.kernel.ledger import read_ledgers
from sim.kernel.recorder import Record
from sim.kernel.schema import Frozen
from sim.kernel.system import Label, System
from tests.conformance import wall_clock

START = datetime(2021, 7, 17, 8, tzinfo=timezone(timedelta(hours=8)))
HORIZON_S = 6 * 3600.0
ROOT = Path(__file__).parents[2]
_HAN = re.compile(r"[\u4e00-\u9fff]")


def find(reference: str) -> Any:
    """System object named as ``module:attribute``."""
    module, attribute = reference.split(":")
    return getattr(import_module(module), attribute)


def run(system: System, inputs: Any = None, seed: int = 1) -> Record:
    """Simulate a system's example, or given inputs, alone."""
    if inputs is None:
        inputs = system.load(*system.example(), START, HORIZON_S)
    return simulate({system.name: inputs}, START, HORIZON_S, seed, systems={system.name: system})


def check_protocol(system: System) -> None:
    """The object has every member, and the example emits something to check."""
    assert isinstance(system, System), "a member of the System protocol is missing"
    assert re.fullmatch(r"[a-z][a-z0-9_]*", system.name), f"name '{system.name}'"
    inputs = system.load(*system.example(), START, HORIZON_S)
    record = run(system, inputs)
    assert record.series, "the example records no series"
    assert len(record.ledgers), "the example keeps no ledger"
    assert system.kpis(inputs, record), "the example has no KPI"
    owners = set(record.events["system"]) | {owner for owner, _ in record.series}
    assert owners == {system.name}, f"events or series in the name of {owners}"


def check_files(system: System) -> None:
    """The inputs name the files read; every one exists."""
    files = system.load(*system.example(), START, HORIZON_S).files
    assert isinstance(files, tuple), "files is not a tuple"
    for file in files:
        assert isinstance(file, Path), f"{file!r} is not a Path"
        assert file.is_file(), f"{file} is not a file"


def check_same_seed(system: System, folder: Path) -> None:
    """Same seed, same bytes: with used inputs, fresh inputs, other global random state."""
    inputs = system.load(*system.example(), START, HORIZON_S)
    first = run(system, inputs)
    random.seed(12345)
    np.random.seed(54321)  # noqa: NPY002 - the global state is what must not matter
    again, fresh = run(system, inputs), run(system)
    assert first.digest() == again.digest(), "a second run on the same inputs differs"
    assert first.digest() == fresh.digest(), "a run on inputs loaded again differs"
    for one, other in zip(first.write(folder / "one"), again.write(folder / "other"), strict=True):
        assert one.read_bytes() == other.read_bytes(), f"{one.name} differs between two runs"


def check_other_process(reference: str) -> None:
    """Another process, which orders sets of text differently, gives the same bytes."""
    script = (
        "from tests.conformance import checks\n"
        f"print(checks.run(checks.find({reference!r})).digest())"
    )
    for hash_seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip() == run(find(reference)).digest(), (
            "another process gives another record"
        )


def check_wall_clock(system: System) -> None:
    """Shifting the wall clock changes nothing."""
    expected = run(system).digest()
    packages = ("sim", type(system).__module__)
    with pytest.MonkeyPatch.context() as patch:
        wall_clock.shift(patch, packages)
        shifted = run(system).digest()
    assert shifted == expected, "the record depends on the wall clock"


def check_ledgers(system: System) -> None:
    """Every ledger of the record balances, for several seeds."""
    for seed in (1, 2, 3):
        for name, ledger in read_ledgers(run(system, seed=seed).ledgers).items():
            assert ledger.entries, f"ledger {name} is empty"
            relative = ledger.relative_error()
            assert relative <= LEDGER_TOLERANCE, f"ledger {name} is off by {relative}"


def check_kpis(system: System, folder: Path) -> None:
    """KPIs of a record that went to disk and back equal those of the original."""
    inputs = system.load(*system.example(), START, HORIZON_S)
    record = run(system, inputs)
    digest = record.digest()
    original = system.kpis(inputs, record)
    assert record.digest() == digest, "computing KPIs altered the record"
    record.write(folder)
    reread = Record.read(folder)
    assert reread.digest() == digest, "the record changed on disk"
    fresh = system.load(*system.example(), START, HORIZON_S)
    assert system.kpis(fresh, reread) == original, "KPIs of the record read from disk differ"
    keys = [(kpi.name, kpi.entity) for kpi in original]
    assert len(set(keys)) == len(keys), "a KPI occurs twice for one entity"


def check_labels(system: System) -> None:
    """Everything emitted is labelled in both languages, with the unit it is emitted in."""
    inputs = system.load(*system.example(), START, HORIZON_S)
    definitions = {definition.name: definition for definition in system.kpi_definitions}
    for name, definition in definitions.items():
        _check_label(system, name, definition.label)
        _check_bilingual(f"description of {name}", definition.description)
    for seed in (1, 2, 3):
        record = run(system, inputs, seed)
        for (_, quantity), table in record.series.items():
            _check_label(system, quantity)
            unit = system.labels[quantity].unit
            assert unit in ("", table.unit), f"{quantity} is in {table.unit}, labelled {unit}"
        for name in sorted(set(record.events["kind"]) | set(record.ledgers["account"])):
            _check_label(system, name)
        for kpi in system.kpis(inputs, record):
            assert kpi.name in definitions, f"KPI {kpi.name} is not defined"
            unit = definitions[kpi.name].label.unit
            assert unit in ("", kpi.unit), f"{kpi.name} is in {kpi.unit}, labelled {unit}"


def check_spec(system: System) -> None:
    """The specification survives JSON, and has a schema for forms."""
    spec, _ = system.example()
    assert issubclass(system.Spec, Frozen), "Spec is not a Frozen model"
    assert isinstance(spec, system.Spec), "the example is not a Spec"
    again = system.Spec.model_validate_json(spec.model_dump_json())
    assert again == spec, "the specification changed on its way through JSON"
    schema = json.loads(json.dumps(system.Spec.model_json_schema()))
    missing = set(system.Spec.model_fields) - set(schema["properties"])
    assert not missing, f"the schema lacks {missing}"


def _check_label(system: System, name: str, expected: Label | None = None) -> None:
    assert name in system.labels, f"{name} has no label"
    label = system.labels[name]
    assert expected is None or label == expected, f"{name} has two labels"
    _check_bilingual(f"label of {name}", label)


def _check_bilingual(what: str, label: Label) -> None:
    assert label.en.strip(), f"{what}: no English text"
    assert not _HAN.search(label.en), f"{what}: Chinese in the English text"
    assert _HAN.search(label.zh), f"{what}: no Chinese text"
