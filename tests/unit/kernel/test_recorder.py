import numpy as np
import pandas as pd
import pytest

from sim.kernel.recorder import EventBlock, Recorder


def test_events_keep_their_columns_and_are_put_in_order_of_time():
    recorder = Recorder()
    recorder.event(5.0, "drainage", "pump_on", "P1")
    recorder.event(2.0, "drainage", "waterlogged", "J1", 0.15, "crossed within the step")
    recorder.event(5.0, "drainage", "pump_off", "P0")
    expected = pd.DataFrame(
        {
            "time_s": [2.0, 5.0, 5.0],
            "system": ["drainage"] * 3,
            "kind": ["waterlogged", "pump_on", "pump_off"],
            "entity": ["J1", "P1", "P0"],
            "value": [0.15, np.nan, np.nan],
            "detail": ["crossed within the step", "", ""],
        }
    )
    pd.testing.assert_frame_equal(recorder.record().events, expected)


def test_a_record_without_anything_has_typed_columns():
    record = Recorder().record()
    some = Recorder()
    some.event(0.0, "drainage", "rain_end")
    some.ledger("water", "m3").inflow("rain", 1.0)
    assert len(record.events) == len(record.ledgers) == len(record.series) == 0
    assert record.events.dtypes.equals(some.record().events.dtypes)
    assert record.ledgers.dtypes.equals(some.record().ledgers.dtypes)


@pytest.mark.parametrize(
    ("time_s", "value"), [(np.nan, 1.0), (np.inf, 1.0), (1.0, np.nan), (1.0, -np.inf)]
)
def test_events_are_finite(time_s, value):
    with pytest.raises(ValueError, match=r"event drainage.gate of 'G1'"):
        Recorder().event(time_s, "drainage", "gate", "G1", value)


def test_series_rows_are_copied():
    recorder = Recorder()
    writer = recorder.series("drainage", "depth", "m", ["J1", "J2"])
    depths_m = np.array([1.0, 2.0])
    writer.append(0.0, depths_m)
    depths_m[:] = 9.0
    writer.append(60, depths_m.astype(np.int64))
    table = recorder.record().series["drainage", "depth"]
    assert table.unit == "m"
    assert table.entities == ("J1", "J2")
    np.testing.assert_array_equal(table.time_s, [0.0, 60.0])
    np.testing.assert_array_equal(table.values, [[1.0, 2.0], [9.0, 9.0]])
    np.testing.assert_array_equal(table.of("J2"), [2.0, 9.0])
    assert table.values.dtype == np.float64
    with pytest.raises(KeyError, match="J3"):
        table.of("J3")


def test_a_table_is_read_only_and_not_moved_by_later_rows():
    recorder = Recorder()
    writer = recorder.series("drainage", "depth", "m", ["J1"])
    writer.append(0.0, [1.0])
    early = recorder.record().series["drainage", "depth"]
    with pytest.raises(ValueError, match="read-only"):
        early.values[0, 0] = 2.0
    with pytest.raises(ValueError, match="read-only"):
        early.time_s[0] = 2.0
    for number in range(1, 500):
        writer.append(float(number), [float(number)])
    np.testing.assert_array_equal(early.values, [[1.0]])
    late = recorder.record().series["drainage", "depth"]
    np.testing.assert_array_equal(late.of("J1")[1:], np.arange(1.0, 500.0))
    np.testing.assert_array_equal(late.time_s, np.arange(500.0))


def test_a_moment_may_occur_twice_but_time_does_not_go_back():
    writer = Recorder().series("drainage", "depth", "m", ["J1"])
    writer.append(60.0, [1.0])
    writer.append(60.0, [2.0])
    with pytest.raises(ValueError, match=r"drainage.depth: time 59.0 s after 60.0 s"):
        writer.append(59.0, [1.0])
    with pytest.raises(ValueError, match="time nan s"):
        writer.append(np.nan, [1.0])
    assert len(writer.table().time_s) == 2


@pytest.mark.parametrize("values", [[1.0], [1.0, 2.0, 3.0], [[1.0, 2.0]], 1.0])
def test_a_row_has_one_value_per_entity(values):
    writer = Recorder().series("drainage", "depth", "m", ["J1", "J2"])
    with pytest.raises(ValueError, match=r"drainage.depth: values of shape"):
        writer.append(0.0, values)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_value_that_is_no_number_is_named(wrong):
    writer = Recorder().series("drainage", "depth", "m", ["J1", "J2"])
    with pytest.raises(ValueError, match=r"drainage.depth: .* at J2, 7.0 s"):
        writer.append(7.0, [0.0, wrong])


@pytest.mark.parametrize(
    ("system", "quantity", "entities", "message"),
    [
        ("drainage", "depth", ["J1"], "exists already"),
        ("drainage", "flow", ["J1", "J1"], "occurs twice"),
        ("drainage", "../flow", ["J1"], "series name"),
        ("Drainage", "flow", ["J1"], "series name"),
        ("drainage", "", ["J1"], "series name"),
    ],
)
def test_series_that_cannot_be_started(system, quantity, entities, message):
    recorder = Recorder()
    recorder.series("drainage", "depth", "m", ["J1"])
    with pytest.raises(ValueError, match=message):
        recorder.series(system, quantity, "m", entities)


def test_series_are_in_alphabetical_order():
    recorder = Recorder()
    for quantity in ("flow", "depth", "stage"):
        recorder.series("drainage", quantity, "m", [])
    assert [quantity for _, quantity in recorder.record().series] == ["depth", "flow", "stage"]


def test_events_told_in_blocks_are_those_told_one_by_one():
    rng = np.random.default_rng(5)
    time_s = rng.integers(0, 20, 200).astype(float)
    value = np.where(rng.random(200) < 0.3, np.nan, rng.random(200))
    kinds, entities, details = ("go", "stop"), ("A", "B", "中"), ("", "x")
    codes = tuple(rng.integers(0, len(n), 200) for n in (kinds, entities, details))
    one, other = Recorder(), Recorder()
    for recorder in (one, other):
        recorder.event(7.0, "tank", "stop", "C", 1.0, "y")
    for i in range(200):
        number = None if np.isnan(value[i]) else float(value[i])
        one.event(
            time_s[i], "tank", kinds[codes[0][i]], entities[codes[1][i]], number,
            details[codes[2][i]],
        )  # fmt: skip
    other.events(EventBlock("tank", time_s, value, (kinds, entities, details), codes))
    assert other.record().digest() == one.record().digest()
    pd.testing.assert_frame_equal(other.record().events, one.record().events)


def test_a_block_of_events_must_be_finite_and_even():
    recorder, none = Recorder(), np.zeros(2, dtype=np.int64)
    names = (("a",), ("b",), ("",))
    with pytest.raises(ValueError, match="not finite"):
        recorder.events(
            EventBlock("tank", np.array([0.0, np.inf]), np.zeros(2), names, (none, none, none))
        )
    with pytest.raises(ValueError, match="lengths"):
        recorder.events(EventBlock("tank", np.zeros(3), np.zeros(3), names, (none, none, none)))
