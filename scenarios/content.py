"""What a scenario is made of, as data: how two differ, and the hash that identifies one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

from scenarios import trees
from scenarios.document import Scenario

HASH_BYTES = 16


def diff(a: Scenario, b: Scenario) -> list[tuple[str, Any, Any]]:
    """Return (path, value in `a`, value in `b`) of the parameters that differ, and only those.

    A parameter that one of the two does not have is none there. Titles, descriptions and
    assumptions are not parameters.
    """
    left, right = a.parameters(), b.parameters()
    paths = [*left, *(path for path in right if path not in left)]
    differing = [p for p in paths if left.get(p) != right.get(p)]
    return [(path, left.get(path), right.get(path)) for path in differing]


def content_hash(scenario: Scenario, files: Mapping[str, Sequence[Path]]) -> str:
    """Return the hash of all that decides a result, but the code and the replication.

    Parameters
    ----------
    files
        By system, every file its ``load`` read. Their contents count, not where they lie, so a
        copied project keeps its hashes.

    Returns
    -------
    str
        BLAKE2b, 32 hexadecimal digits, over canonical JSON.
    """
    content = {
        "start": scenario.start.isoformat(),
        "duration_h": scenario.duration_h,
        "seed": scenario.seed,
        "sections": {
            name: trees.map_paths(json.loads(spec.model_dump_json()), lambda p: Path(p).name)
            for name, spec in scenario.sections.items()
        },
        "files": {
            name: sorted((path.name, digest_file(path)) for path in paths)
            for name, paths in files.items()
        },
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return blake2b(text.encode(), digest_size=HASH_BYTES).hexdigest()


def digest_file(path: Path) -> str:
    """Return the BLAKE2b hash of a file's bytes, 32 hexadecimal digits."""
    digest = blake2b(digest_size=HASH_BYTES)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
