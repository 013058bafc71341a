"""Compiled functions, cached on disk so that only the first start on a machine pays for them.

Numba's own cache looks at the file of each function, not at those of the functions it calls, so a
kernel would go on running with a helper that has since been changed. Here the cache is a folder
named after everything a function may call: the source of its own package and of the kernel.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from numba import njit
from numba.core import config

_ROOT = Path(__file__).resolve().parents[2]
_KERNEL = Path(__file__).resolve().parent


@cache
def _cache_folder(package: Path) -> Path:
    """Return the folder for the present source of a package, and drop those of earlier ones."""
    digest = blake2b(digest_size=8)
    for folder in (package, _KERNEL):
        for file in sorted(folder.rglob("*.py")):
            digest.update(file.read_bytes())
    folder = package / "__pycache__" / f"compiled-{digest.hexdigest()}"
    if not folder.exists():
        for old in folder.parent.glob("compiled-*"):
            shutil.rmtree(old, ignore_errors=True)
    return folder


def compiled(function: Callable[..., Any]) -> Any:
    """Decorate a function of a package such as ``sim.drainage``: machine code, cached on disk.

    Division by zero gives infinity or NaN, as in numpy. A function may call those of its own
    package (``sim.<name>`` or ``optimize.<name>``) and of the kernel.
    """
    # Numba looks at this when a function is decorated. A folder of the user's own choice is
    # respected; where the package cannot be written to, numba finds a folder of its own.
    if "NUMBA_CACHE_DIR" not in os.environ and os.access(_ROOT, os.W_OK):
        file = Path(function.__code__.co_filename).resolve()
        package = _ROOT.joinpath(*file.relative_to(_ROOT).parts[:2])
        config.CACHE_DIR = str(_cache_folder(package))  # type: ignore[attr-defined]
    return njit(cache=True, error_model="numpy")(function)
