import pytest

from sim.drainage.swmm.rpt import parse_report

METRIC = """
  WARNING 04: minimum elevation drop used for Conduit C1
  **************************        Volume         Depth
  Runoff Quantity Continuity     hectare-m            mm
  **************************     ---------       -------
  Total Precipitation ......         0.512       119.560
  Continuity Error (%) .....        -0.022

  **************************        Volume        Volume
  Flow Routing Continuity        hectare-m      10^6 ltr
  **************************     ---------     ---------
  External Outflow .........         0.050         0.502
  Flooding Loss ............         0.000         0.000
  Continuity Error (%) .....         0.340

  Surface Runoff ...........        99.000        99.000
"""


def test_continuity_tables_in_metric_units() -> None:
    report = parse_report(METRIC)
    assert report.runoff_volumes_m3 == {"Total Precipitation": pytest.approx(5120)}
    assert report.routing_volumes_m3 == {
        "External Outflow": pytest.approx(502), "Flooding Loss": 0.0,
    }  # fmt: skip
    assert report.runoff_error_percent == -0.022
    assert report.routing_error_percent == 0.34
    assert report.warnings == ("WARNING 04: minimum elevation drop used for Conduit C1",)


def test_continuity_tables_in_us_units() -> None:
    text = METRIC.replace("hectare-m", "acre-feet").replace("10^6 ltr", "10^6 gal")
    volume = parse_report(text).routing_volumes_m3["External Outflow"]
    assert volume == pytest.approx(0.050 * 43560 * 0.3048**3)


def test_errors_keep_the_line_swmm_quotes() -> None:
    text = "\n  ERROR 205: invalid keyword X at line 3 of [OPTION] section:\n  X Y\n"
    assert parse_report(text).errors == (
        "ERROR 205: invalid keyword X at line 3 of [OPTION] section: X Y",
    )
    assert parse_report("").routing_error_percent is None
