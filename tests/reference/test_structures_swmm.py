"""Structures and pumps between two basins beside EPA SWMM, from the same input file."""

from datetime import UTC, datetime

import numpy as np
import pytest

from sim.city import simulate
from sim.drainage import SYSTEM
from sim.drainage.spec import DrainageSpec, NetworkRain
from sim.drainage.swmm import run_swmm

START = datetime(2021, 7, 20, tzinfo=UTC)
OPTIONS = """[OPTIONS]
FLOW_UNITS CMS
FLOW_ROUTING DYNWAVE
LINK_OFFSETS DEPTH
ALLOW_PONDING YES
START_DATE 07/20/2021
START_TIME 00:00:00
REPORT_START_DATE 07/20/2021
REPORT_START_TIME 00:00:00
END_DATE 07/20/2021
END_TIME {end}
REPORT_STEP 00:01:00
WET_STEP 00:01:00
DRY_STEP 00:01:00
ROUTING_STEP 0.5
VARIABLE_STEP 0
MINIMUM_STEP 0.1
"""
BASINS = """[STORAGE]
A 0 5 {level_1} FUNCTIONAL 0 0 20000 0 0
B 0 5 {level_2} FUNCTIONAL 0 0 20000 0 0
[OUTFALLS]
O -10 FREE
[OUTLETS]
X B O 4.99 FUNCTIONAL/DEPTH 0.1 0.5 NO
"""


def both(folder, body: str, minutes: int = 10):
    """Return the native record and SWMM's result of one file."""
    file = folder / "case.inp"
    file.write_text(OPTIONS.format(end=f"{minutes // 60:02d}:{minutes % 60:02d}:00") + body)
    spec = DrainageSpec(network=file.name, rain=NetworkRain(), report_step_s=60.0)
    horizon_s = minutes * 60.0
    inputs = SYSTEM.load(spec, folder, START, horizon_s)
    return simulate({"drainage": inputs}, START, horizon_s), run_swmm(file)


def flows(folder, body: str, link: str) -> tuple[np.ndarray, np.ndarray]:
    record, swmm = both(folder, body)
    mine = record.series["drainage", "link_flow"].of(link)[1:]
    return mine, swmm.link_flow_m3s[:, swmm.link(link)]


def opening(word: str, link: str, setting: float | None) -> str:
    if setting is None:
        return ""
    return f"[CONTROLS]\nRULE R\nIF SIMULATION TIME >= 0\nTHEN {word} {link} SETTING = {setting}\n"


LEVELS = {"free": (1.8, 0.2), "drowned": (1.8, 1.5), "back": (1.2, 1.9), "over": (3.0, 0.2)}


@pytest.mark.parametrize("setting", [None, 0.5])
@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize(
    ("form", "shape"),
    [
        ("V-NOTCH", "TRIANGULAR 1 1.5 0 0"),
        ("TRAPEZOIDAL", "TRAPEZOIDAL 1 1 0.5 0.5"),
        ("TRAPEZOIDAL", "TRAPEZOIDAL 1 1 0 2"),
        ("SIDEFLOW", "RECT_OPEN 1 2 0 0"),
    ],
)
def test_weirs_pass_what_swmms_pass(tmp_path, form, shape, levels, setting):
    level_1, level_2 = LEVELS[levels]
    body = BASINS.format(level_1=level_1, level_2=level_2)
    body += f"[WEIRS]\nL A B {form} 1 1.8 NO 0 1.4 YES\n[XSECTIONS]\nL {shape}\n"
    mine, swmm = flows(tmp_path, body + opening("WEIR", "L", setting), "L")
    assert mine == pytest.approx(swmm, rel=0.02, abs=1e-3)


@pytest.mark.parametrize("setting", [0.3, 0.7])
@pytest.mark.parametrize("levels", ["free", "back", "over"])
def test_a_bottom_orifice_partly_open_is_a_segment(tmp_path, levels, setting):
    level_1, level_2 = LEVELS[levels]
    body = BASINS.format(level_1=level_1, level_2=level_2)
    body += "[ORIFICES]\nL A B BOTTOM 1 0.65 NO 0\n[XSECTIONS]\nL CIRCULAR 0.6 0 0 0\n"
    mine, swmm = flows(tmp_path, body + opening("ORIFICE", "L", setting), "L")
    assert mine == pytest.approx(swmm, rel=0.02, abs=1e-3)


@pytest.mark.parametrize("flap", ["NO", "YES"])
@pytest.mark.parametrize("head", ["DEPTH", "HEAD"])
@pytest.mark.parametrize("levels", LEVELS)
def test_rated_outlets_run_down_the_levels(tmp_path, levels, head, flap):
    level_1, level_2 = LEVELS[levels]
    body = BASINS.format(level_1=level_1, level_2=level_2)
    mine, swmm = flows(tmp_path, f"{body}L A B 1 FUNCTIONAL/{head} 0.4 0.5 {flap}\n", "L")
    assert mine == pytest.approx(swmm, rel=0.02, abs=1e-3)
    assert (mine <= 0.0).all() if level_1 < level_2 else (mine > 0.0).all()


@pytest.mark.parametrize("head", ["DEPTH", "HEAD"])
def test_a_rated_outlet_levels_two_basins_and_stops(tmp_path, head):
    body = BASINS.format(level_1=1.0, level_2=3.0).replace("20000", "100")
    record, _ = both(tmp_path, f"{body}L A B 0 FUNCTIONAL/{head} 0.5 0.5 NO\n", 60)
    depth = record.series["drainage", "node_depth"]
    assert depth.of("A")[-1] == pytest.approx(2.0, abs=2e-3)
    assert depth.of("B")[-1] == pytest.approx(2.0, abs=2e-3)


def test_a_rating_holds_its_first_flow_below_its_first_point(tmp_path):
    body = BASINS.format(level_1=0.5, level_2=0.0).replace("20000", "100")
    body = body.replace("X B O 4.99", "X B A 4.99")
    body += "L A O 0 TABULAR/DEPTH C NO\n[CURVES]\nC RATING 1 0.05\nC 3 0.1\n"
    record, swmm = both(tmp_path, body)
    mine = record.series["drainage", "node_depth"].of("A")[1:]
    assert mine == pytest.approx(swmm.node_depth_m[:, swmm.node("A")], abs=2e-3)


def test_a_type_1_pump_reads_its_basins_own_volume(tmp_path):
    """A long sewer at the basin holds more than the pump waits for; the basin alone counts."""
    body = """[JUNCTIONS]
J 0 6 0 0 0
[STORAGE]
W 0 5 0 FUNCTIONAL 0 0 100 0 0
[OUTFALLS]
O 10 FREE
[CONDUITS]
C J W 500 0.013 0 0
[XSECTIONS]
C CIRCULAR 1.5 0 0 0
[PUMPS]
P W O C ON 0 0
[CURVES]
C PUMP1 40 0.0
C 80 0.3
C 400 0.5
[INFLOWS]
J FLOW "" FLOW 1 1 0.2
"""
    record, swmm = both(tmp_path, body, 180)
    mine = record.series["drainage", "node_depth"].of("W")[1:]
    theirs = swmm.node_depth_m[:, swmm.node("W")]
    assert mine[-60:] == pytest.approx(theirs[-60:], abs=0.05)


@pytest.mark.parametrize("ponded", [0, 50])
def test_an_ideal_pump_leaves_nothing_behind(tmp_path, ponded):
    body = f"""[JUNCTIONS]
U 1 3 0 0 {ponded}
A 0 3 0 0 {ponded}
[STORAGE]
B 8 50 0 FUNCTIONAL 0 0 1000 0 0
[OUTFALLS]
O -10 FREE
[OUTLETS]
X B O 49 FUNCTIONAL/DEPTH 0.1 0.5 NO
[CONDUITS]
C U A 100 0.013 0 0
[XSECTIONS]
C CIRCULAR 1 0 0 0
[PUMPS]
P A B * ON 0 0
[INFLOWS]
U FLOW TS FLOW 1 1 0
[TIMESERIES]
TS 0 0
TS 1 0.5
TS 2 0
"""
    record, swmm = both(tmp_path, body, 240)
    depth = record.series["drainage", "node_depth"]
    assert depth.of("A")[-1] < 1e-3
    assert depth.of("A").max() < 0.6
    assert depth.of("B")[-1] == pytest.approx(swmm.node_depth_m[-1, swmm.node("B")], rel=1e-3)
    assert record.ledgers.set_index("account")["amount"]["overflow_lost"] == 0.0
