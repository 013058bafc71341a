import sys
from pathlib import Path

import pytest

from sim.kernel import registry
from sim.kernel.errors import InputError

WORKING = "from tests.conformance.tank import Tank\nSYSTEM = Tank()\nSYSTEM.name = '{name}'\n"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Make a package with the given sub-packages; its modules are forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    name = "town_of_tests"

    def make(**texts: str) -> str:
        for folder, text in texts.items():
            (tmp_path / name / folder).mkdir(parents=True)
            (tmp_path / name / folder / "__init__.py").write_text(text, encoding="utf-8")
        (tmp_path / name / "__init__.py").touch()
        (tmp_path / name / "loose.py").write_text("raise RuntimeError", encoding="utf-8")
        return name

    yield make
    for module in [module for module in sys.modules if module.partition(".")[0] == name]:
        del sys.modules[module]


def test_systems_are_the_folders_that_export_one(package):
    name = package(
        waste=WORKING.format(name="waste"),
        heat=WORKING.format(name="heat"),
        notes="",
        kernel="raise RuntimeError('the kernel is not a system')",
    )
    found = registry.systems(name)
    assert list(found) == ["heat", "waste"]
    assert found["waste"].name == "waste"


def test_a_folder_that_cannot_be_imported_is_not_passed_over(package):
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        registry.systems(package(heat="import no_such_module"))


def test_a_system_is_named_as_its_folder(package):
    with pytest.raises(TypeError, match="named 'cold', not as its folder"):
        registry.systems(package(heat=WORKING.format(name="cold")))


def test_a_system_has_every_member(package):
    with pytest.raises(TypeError, match=r"heat.SYSTEM lacks Spec, .*example"):
        registry.systems(package(heat="class Half:\n    name = 'heat'\nSYSTEM = Half()"))


def test_get_names_what_there_is(monkeypatch: pytest.MonkeyPatch):
    there = {"drainage": object(), "heat": object()}
    monkeypatch.setattr(registry, "systems", lambda: there)
    assert registry.get("heat") is there["heat"]
    with pytest.raises(InputError) as caught:
        registry.get("drianage")
    assert str(caught.value) == (
        "drianage: no such system; expected one of drainage, heat; hint: did you mean 'drainage'?"
    )
