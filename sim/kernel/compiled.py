"""Compiled functions, cached on disk so that only the first start on a machine pays for them.

Numba's own cache looks at the file of each function, not at those of the functions it calls, so a
kernel would go on running with a helper that has since been changed. Here the cache is a folder
named after everything it could depend on: all of this package's source.
"""

from __future__ import annotations

import os
import shutil
from hashlib import blake2b
from pathlib import Path

from numba import njit
from numba.core import config

_SOURCE = Path(__file__).resolve().parents[1]


def _cache_folder() -> Path:
    """Return the folder for the present source, and drop those of earlier ones."""
    digest = blake2b(digest_size=8)
    for file in sorted(_SOURCE.rglob("*.py")):
        digest.update(file.read_bytes())
    folder = _SOURCE / "__pycache__" / f"compiled-{digest.hexdigest()}"
    if not folder.exists():
        for old in folder.parent.glob("compiled-*"):
            shutil.rmtree(old, ignore_errors=True)
    return folder


# Numba looks at this when a function is decorated. A folder of the user's own choice is respected;
# where the package cannot be written to, numba finds a folder of its own.
if "NUMBA_CACHE_DIR" not in os.environ and os.access(_SOURCE, os.W_OK):
    config.CACHE_DIR = str(_cache_folder())  # type: ignore[attr-defined]

compiled = njit(cache=True, error_model="numpy")
