"""Runs of the real SWMM on a two-pipe file; each starts a process of its own."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sim.drainage.swmm import SwmmError, engine, run_swmm
from sim.kernel.errors import InputError

Write = Callable[..., Path]
STEADY = {"INFLOWS": 'J1 FLOW "" FLOW 1 1 0.2'}


def test_a_steady_flow_arrives_in_si_units(write: Write) -> None:
    result = run_swmm(write(**STEADY))
    assert result.node_ids == ("J1", "J2", "OUT")
    assert result.link_ids == ("C1", "C2")
    assert result.time_s[0] == 300
    assert result.time_s[-1] == 7200
    assert result.node_depth_m.shape == (24, 3)
    assert result.link_flow_m3s[-1] == pytest.approx([0.2, 0.2], rel=1e-3)
    assert result.node_lateral_inflow_m3s[-1, result.node("J1")] == pytest.approx(0.2, rel=1e-3)
    assert result.node_head_m[-1] - result.node_depth_m[-1] == pytest.approx([10, 9, 8], abs=1e-5)
    assert result.system["outfall_flows"][-1] == pytest.approx(0.2, rel=1e-3)
    assert result.report.routing_error_percent is not None
    assert result.report.runoff_error_percent is None
    assert result.version == "5.2.4"


def test_us_files_give_the_same_numbers_in_si(write: Write) -> None:
    result = run_swmm(
        write(OPTIONS="FLOW_UNITS CFS\nEND_DATE 01/01/2004\nEND_TIME 2:00\nREPORT_STEP 0:10:00",
              **STEADY)
    )  # fmt: skip
    assert result.link_flow_m3s[-1] == pytest.approx(0.2 * 0.3048**3, rel=1e-3)
    assert result.node_head_m[-1, 2] - result.node_depth_m[-1, 2] == pytest.approx(8 * 0.3048)


def test_the_report_step_can_be_replaced_and_reporting_starts_at_once(write: Write) -> None:
    options = "+REPORT_START_TIME 1:00:00\nREPORT_START_DATE 07/20/2021"
    result = run_swmm(write(OPTIONS=options, **STEADY), report_step_s=60)
    assert result.time_s[0] == 60
    assert len(result.time_s) == 120
    assert 0 < result.node_total_inflow_m3s[0, 0] <= 0.21


def test_elements_the_file_does_not_report_are_read_all_the_same(write: Write) -> None:
    result = run_swmm(write(REPORT="NODES NONE\nLINKS C1\nDISABLED YES", **STEADY))
    assert result.node_ids == ("J1", "J2", "OUT")
    assert result.link_ids == ("C1", "C2")


def test_side_files_are_found_and_the_folder_stays_untouched(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(engine.tempfile, "tempdir", str(scratch))
    (tmp_path / "rain data.dat").write_text("A 2021 7 20 0 0 30\nA 2021 7 20 0 5 30\n")
    inp = write(
        RAINGAGES='G INTENSITY 0:05 1 FILE "rain data.dat" A MM',
        SUBCATCHMENTS="S G J1 2 100 80 1 0",
        SUBAREAS="S 0.01 0.1 0 0 25 OUTLET",
        INFILTRATION="S 3 0.5 4 7 0",
        FILES="SAVE OUTFLOWS out.txt",
    )
    before = sorted(path.name for path in tmp_path.iterdir())
    result = run_swmm(inp)
    assert result.subcatchment_rain_mm_h[0, 0] == pytest.approx(30)
    assert result.subcatchment_runoff_m3s.max() > 0.01
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert list(scratch.iterdir()) == []


def test_a_file_swmm_refuses_gives_its_own_words(write: Write) -> None:
    with pytest.raises(SwmmError, match=r"ERROR 209.*J9.*\[CONDUIT\] section: C1 J1 J9"):
        run_swmm(write(CONDUITS="C1 J1 J9 100 0.013 0 0"))


def test_a_missing_side_file_is_an_input_error(write: Write) -> None:
    path = write()
    path.write_text("[RAINGAGES]\nG INTENSITY 0:05 1 FILE gone.dat A MM\n")
    with pytest.raises(InputError, match=r"\[RAINGAGES\] line 2: the file it names"):
        run_swmm(path)


def test_a_crash_and_a_time_out_are_reported_and_cleaned_up(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(engine.tempfile, "tempdir", str(scratch))
    child = tmp_path / "child.py"
    monkeypatch.setattr(engine, "_WORKER", child)
    child.write_text(
        "import os, sys\nsys.stderr.write('last words')\nsys.stderr.flush()\nos._exit(9)"
    )
    with pytest.raises(SwmmError, match=r"stopped with exit code 9\nlast words"):
        run_swmm(write())
    child.write_text("import time\ntime.sleep(60)")
    with pytest.raises(SwmmError, match="did not finish within 0.2 s"):
        run_swmm(write(), timeout_s=0.2)
    assert list(scratch.iterdir()) == []


def test_results_do_not_depend_on_the_thread_option(write: Write) -> None:
    one = run_swmm(write(OPTIONS="+THREADS 1", **STEADY))
    many = run_swmm(write(OPTIONS="+THREADS 8", **STEADY))
    assert np.array_equal(one.link_flow_m3s, many.link_flow_m3s)
