"""Which process owns a run, and whether it is still there.

A process number alone is not enough: it is used again after the process has gone. Together with
the moment the process started (and the boot it started in) it is unique.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Owner:
    """A process on a machine, and when it was born (see `born`)."""

    host: str
    pid: int
    born: str

    def gone(self) -> bool:
        """Say whether the process has certainly ended.

        A process of another machine cannot be looked at from here and counts as alive.
        """
        if self.host != platform.node():
            return False
        now = born(self.pid)
        return now == "" or now != self.born


def this_process() -> Owner:
    """Return the process that asks."""
    return owner_of(os.getpid())


def owner_of(pid: int) -> Owner:
    """Return a process of this machine as an owner."""
    return Owner(platform.node(), pid, born(pid))


def born(pid: int) -> str:
    """Return a text that is unique to this life of process `pid`, or ``""`` if there is none.

    A process that has ended and only waits for its parent to notice counts as gone.
    """
    if sys.platform == "win32":
        return _born_windows(pid)
    if Path("/proc/self/stat").exists():
        return _born_linux(pid)
    # macOS and the BSDs. ps prints nothing for a process that does not exist.
    done = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, started = done.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else started.strip()


def _born_linux(pid: int) -> str:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
    # The name, in brackets, may hold anything; fields 3 (state) and 22 (start) follow it.
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else f"{boot}/{fields[19]}"


if sys.platform == "win32":

    def _born_windows(pid: int) -> str:
        import ctypes
        from ctypes import wintypes

        query_limited_information = 0x1000
        still_active = 259
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.OpenProcess.restype = wintypes.HANDLE
        handle = kernel.OpenProcess(query_limited_information, False, pid)
        if not handle:
            return ""
        handle = wintypes.HANDLE(handle)
        try:
            code = wintypes.DWORD()
            times = [wintypes.FILETIME() for _ in range(4)]
            kernel.GetExitCodeProcess(handle, ctypes.byref(code))
            kernel.GetProcessTimes(handle, *(ctypes.byref(moment) for moment in times))
        finally:
            kernel.CloseHandle(handle)
        if code.value != still_active:
            return ""
        return str((times[0].dwHighDateTime << 32) + times[0].dwLowDateTime)
