"""The conformance suite: what every system of the registry must pass, beside a small example."""

from pathlib import Path

import pytest

from sim.kernel import registry
from tests.conformance import checks

REFERENCES = [f"sim.{name}:SYSTEM" for name in registry.systems()]
REFERENCES.append("tests.conformance.tank:TANK")


@pytest.fixture(params=REFERENCES)
def reference(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def system(reference: str):
    return checks.find(reference)


def test_has_every_member_and_emits_something(system):
    checks.check_protocol(system)


def test_names_the_files_it_read(system):
    checks.check_files(system)


def test_same_seed_gives_same_bytes(system, tmp_path: Path):
    checks.check_same_seed(system, tmp_path)


def test_another_process_gives_same_bytes(reference):
    checks.check_other_process(reference)


def test_wall_clock_does_not_matter(system):
    checks.check_wall_clock(system)


def test_ledgers_balance(system):
    checks.check_ledgers(system)


def test_kpis_come_from_the_record_alone(system, tmp_path: Path):
    checks.check_kpis(system, tmp_path)


def test_everything_emitted_is_labelled_in_both_languages(system):
    checks.check_labels(system)


def test_specification_survives_json_and_has_a_schema(system):
    checks.check_spec(system)
