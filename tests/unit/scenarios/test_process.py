"""Whether a process is still the one that owned a run."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from scenarios.process import Owner, born, owner_of, this_process


def test_this_process_is_alive_and_always_the_same():
    assert not this_process().gone()
    assert this_process() == owner_of(os.getpid())
    assert born(os.getpid()) != ""


def test_another_life_of_the_same_number_is_another_process():
    assert replace(this_process(), born="earlier").gone()


def test_a_machine_that_cannot_be_seen_counts_as_alive():
    assert not Owner("another-machine", 1, "x").gone()


def test_a_process_that_ended_is_gone_even_before_its_parent_notices():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    owner = owner_of(child.pid)
    assert not owner.gone()
    child.stdin.write(b"\n")
    child.stdin.close()
    if hasattr(os, "waitid"):
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # ended, but not yet collected
        assert owner.gone()
    child.wait()
    assert owner.gone()
    assert owner_of(child.pid).gone()


@pytest.mark.parametrize("pid", [2**22 + 1, 2**30])
def test_a_number_nobody_has(pid):
    assert born(pid) == ""
