"""Imports point one way: kernel <- streets <- systems <- city <- scenarios <- ui <- app."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# What each layer may import, besides itself; a system is "system:<name>".
MAY_IMPORT = {
    "kernel": set(),
    "streets": {"kernel"},
    "system": {"kernel", "streets"},
    "city": {"kernel", "streets", "system"},
    "optimize": {"kernel", "streets"},
    "scenarios": {"kernel", "streets", "system", "city", "optimize"},
    "ui": {"kernel", "streets", "system", "city", "optimize", "scenarios"},
    "app": {"kernel", "streets", "system", "city", "optimize", "scenarios", "ui"},
}
# Programs around the product: they import what they like, and the product imports none of them.
AROUND = {"tests", "bench", "data", "docs"}


def layer_of(module: str) -> str | None:
    """Layer of a dotted module name; none for anything not ours."""
    top, _, rest = module.partition(".")
    if top == "sim":
        name = rest.partition(".")[0]
        if name in ("kernel", "streets", "city"):
            return name
        # The package itself holds nothing, so importing it is importing no system.
        return f"system:{name}" if name else "kernel"
    return top if top in MAY_IMPORT or top in AROUND else None


def imports(file: Path, root: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything a file imports, also inside functions and for types."""
    package = file.relative_to(root).parent.parts
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"), str(file))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else ()
            for alias in node.names:
                # ``from sim import drainage`` imports a module, so the name counts as well.
                yield node.lineno, ".".join([*base, *filter(None, [node.module]), alias.name])
        elif isinstance(node, ast.Call) and node.args:
            called = ast.unparse(node.func).rpartition(".")[2]
            first = node.args[0]
            if called in ("import_module", "__import__") and isinstance(first, ast.Constant):
                yield node.lineno, str(first.value)


def violations(root: Path) -> list[str]:
    """Every import against the direction, as ``file:line: layer imports module``."""
    found = []
    tops = [root / name for name in ("sim", "optimize", "scenarios", "ui")]
    files = [file for top in tops for file in sorted(top.rglob("*.py"))]
    for file in [*files, *root.glob("app.py")]:
        own = layer_of(".".join(file.relative_to(root).with_suffix("").parts))
        if own == "system:__init__":
            own = "kernel"
        assert own is not None
        for line, module in imports(file, root):
            other = layer_of(module)
            allowed = MAY_IMPORT[own.partition(":")[0]]
            if other in (None, own) or other.partition(":")[0] in allowed:
                continue
            found.append(f"{file.relative_to(root).as_posix()}:{line}: {own} imports {module}")
    return found


def test_the_tree_imports_one_way():
    assert (ROOT / "sim/kernel/clock.py").is_file()
    assert violations(ROOT) == []


ALLOWED = {
    "sim/__init__.py": "",
    "sim/kernel/clock.py": "import simpy\nfrom sim.kernel import errors\nfrom . import errors",
    "sim/drainage/model.py": "import sim.kernel.clock\nfrom . import spec\nfrom .swmm import inp",
    "sim/streets/graph.py": "from sim.kernel.errors import InputError",
    "sim/drainage/swmm/reader.py": "from ..network import Network\nfrom sim import drainage",
    "sim/city.py": "from sim import drainage\nfrom sim.kernel import registry",
    "optimize/siting/check.py": "import sim.streets\nfrom sim import kernel",
    "scenarios/run.py": "import sim.city, sim.drainage, optimize.siting",
    "ui/pages/storm.py": "import scenarios.run\nfrom sim.drainage import SYSTEM",
    "app.py": "import ui.pages.storm",
    "bench/engine.py": "import app, ui, scenarios, sim.city",
    "tests/test_all.py": "import app, ui, scenarios, sim.city",
}


def plant(root: Path, files: dict[str, str]) -> None:
    """Write a tree of Python files."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


def test_allowed_imports_pass(tmp_path: Path):
    plant(tmp_path, ALLOWED)
    assert violations(tmp_path) == []


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("sim/kernel/bad.py", "import sim.city", ":1: kernel imports sim.city"),
        ("sim/kernel/bad.py", "import sim.heat.model", ":1: kernel imports sim.heat.model"),
        ("sim/kernel/bad.py", "from .. import heat", ":1: kernel imports sim.heat"),
        ("sim/kernel/bad.py", "import sim.streets.graph", ":1: kernel imports sim.streets.graph"),
        ("sim/streets/bad.py", "import sim.heat.model", ":1: streets imports sim.heat.model"),
        ("sim/streets/bad.py", "import optimize.routing", ":1: streets imports optimize.routing"),
        ("sim/__init__.py", "from sim import heat", ":1: kernel imports sim.heat"),
        ("sim/heat/bad.py", "from sim.drainage import spec", "imports sim.drainage.spec"),
        ("sim/heat/bad.py", "from sim import drainage", ":1: system:heat imports sim.drainage"),
        ("sim/heat/bad.py", "from ..drainage.spec import A", "imports sim.drainage.spec.A"),
        ("sim/heat/a/bad.py", "from ...drainage import spec", "imports sim.drainage.spec"),
        ("sim/heat/bad.py", "import sim.city", ":1: system:heat imports sim.city"),
        ("sim/heat/bad.py", "import optimize.works", ":1: system:heat imports optimize.works"),
        ("sim/heat/bad.py", "def f():\n    import scenarios.run", ":2: system:heat imports"),
        ("sim/city.py", "import scenarios", ":1: city imports scenarios"),
        ("optimize/bad.py", "import sim.heat", ":1: optimize imports sim.heat"),
        ("optimize/bad.py", "from sim import city", ":1: optimize imports sim.city"),
        ("optimize/bad.py", "from scenarios.run import go", ":1: optimize imports scenarios"),
        ("scenarios/bad.py", "if T:\n    from ui.maps import a", ":2: scenarios imports ui"),
        ("ui/bad.py", "import numpy, app", ":1: ui imports app"),
        ("ui/bad.py", "import tests.conformance.tank", ":1: ui imports tests"),
        ("scenarios/bad.py", "import_module('ui.maps')", ":1: scenarios imports ui.maps"),
        ("app.py", "from bench import engine", ":1: app imports bench.engine"),
    ],
)
def test_forbidden_imports_are_found(tmp_path: Path, file: str, text: str, message: str):
    plant(tmp_path, {**ALLOWED, file: text})
    (found,) = violations(tmp_path)
    assert found.startswith(file)
    assert message in found
