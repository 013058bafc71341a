"""Which code made a result."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class CodeVersion:
    """The code as a reader names it, whether it was changed since, and what decides results.

    ``name`` is the commit, or the package's version where there is no repository. ``digest`` is a
    hash over the simulation's source files: results are taken over from an earlier run only if it
    is the same, committed or not.
    """

    name: str
    dirty: bool
    digest: str

    def __str__(self) -> str:
        return f"{self.name}{' + changes' if self.dirty else ''}"


@cache
def code_version() -> CodeVersion:
    """Return the version of the code that runs, determined once per process."""
    digest = blake2b(digest_size=8)
    for path in sorted((ROOT / "sim").rglob("*.py")):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    commit = _git("rev-parse", "--short=12", "HEAD")
    if commit:
        changes = _git("status", "--porcelain", "--", "sim", "scenarios", "data")
        return CodeVersion(commit, changes != "", digest.hexdigest())
    return CodeVersion(_package_version(), False, digest.hexdigest())


def _git(*arguments: str) -> str | None:
    """Return what git prints, or none if this is no repository of ours or there is no git."""
    if not (ROOT / ".git").exists():
        return None
    try:
        done = subprocess.run(
            ["git", "-C", str(ROOT), *arguments],
            capture_output=True, text=True, timeout=10, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _package_version() -> str:
    try:
        return metadata.version("cityclock")
    except metadata.PackageNotFoundError:
        return "unreleased"
