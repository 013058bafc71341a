import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kernel.errors import InputError
from sim.kernel.recorder import Record, Recorder

PINNED = "755ecaa4d46f097e78d4d6883dfb90f9b86e781f74988e4164f39198d5e00e35"


def recorded(**changes) -> Record:
    """Record with events, two series and a ledger; one thing may differ."""
    default = {
        "kind": "pump_on",
        "detail": "",
        "value": 0.1 + 0.2,
        "unit": "m",
        "entity": "J,1",
        "depth_m": 0.1,
        "moment_s": 300.0,
        "rain_m3": 1e-300,
        "account": "rain",
    }
    assert changes.keys() <= default.keys()
    what = default | changes
    recorder = Recorder()
    recorder.event(0.0, "drainage", "rain_block", value=-0.0)
    recorder.event(1.0, "drainage", what["kind"], "泵站 1", detail=what["detail"])
    recorder.event(1.0, "drainage", "gate", "G1", what["value"])
    writer = recorder.series("drainage", "depth", what["unit"], [what["entity"], "J2", "time_s"])
    writer.append(0.0, [0.0, -0.0, 5e-324])
    writer.append(what["moment_s"], [what["depth_m"], 1 / 3, 1e308])
    recorder.series("drainage", "link_flow", "m3/s", [])
    ledger = recorder.ledger("water", "m3")
    ledger.inflow(what["account"], what["rain_m3"])
    ledger.closing("stored", 2.0)
    return recorder.record()


def test_what_is_read_is_what_was_written(tmp_path: Path):
    record = recorded()
    record.write(tmp_path)
    again = Record.read(tmp_path)
    pd.testing.assert_frame_equal(again.events, record.events, check_exact=True)
    pd.testing.assert_frame_equal(again.ledgers, record.ledgers, check_exact=True)
    assert list(again.series) == list(record.series)
    for key, table in record.series.items():
        assert again.series[key].unit == table.unit
        assert again.series[key].entities == table.entities
        for one, other in (
            (again.series[key].values, table.values),
            (again.series[key].time_s, table.time_s),
        ):
            assert one.tobytes() == other.tobytes()
            assert one.shape == other.shape
            assert one.flags.c_contiguous
            assert not one.flags.writeable
    assert again.digest() == record.digest()


@pytest.mark.parametrize("rows", [0, 1])
@pytest.mark.parametrize("entities", [[], ["J1"], ["J1", "J2"]], ids=len)
def test_small_series_keep_their_shape(tmp_path: Path, rows, entities):
    recorder = Recorder()
    writer = recorder.series("drainage", "depth", "m", entities)
    for row in range(rows):
        writer.append(float(row), [1.5] * len(entities))
    recorder.record().write(tmp_path)
    table = Record.read(tmp_path).series["drainage", "depth"]
    assert table.entities == tuple(entities)
    assert table.time_s.shape == (rows,)
    assert table.values.shape == (rows, len(entities))


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=6, max_size=6),
    st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=3, max_size=3),
)
def test_any_number_and_text_survives(tmp_path_factory, numbers, texts):
    recorder = Recorder()
    recorder.event(numbers[0], "drainage", texts[0], texts[1], numbers[1], texts[2])
    writer = recorder.series("drainage", "depth", texts[0], [texts[1], texts[1] + "'"])
    writer.append(0.0, numbers[2:4])
    writer.append(1.0, numbers[4:6])
    record = recorder.record()
    folder = tmp_path_factory.mktemp("record")
    record.write(folder)
    assert Record.read(folder).digest() == record.digest()


def test_same_content_gives_the_same_bytes(tmp_path: Path):
    files = recorded().write(tmp_path / "one")
    assert [file.name for file in files] == [
        "series.drainage.depth.parquet",
        "series.drainage.link_flow.parquet",
        "ledgers.parquet",
        "events.parquet",
    ]
    for one, other in zip(files, recorded().write(tmp_path / "two"), strict=True):
        assert one.read_bytes() == other.read_bytes()
    assert sorted((tmp_path / "one").iterdir()) == sorted(files)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "pump_off"},
        {"detail": " "},
        {"value": 0.3},
        {"value": None},
        {"unit": "mm"},
        {"entity": "J"},
        {"depth_m": np.nextafter(0.1, 1.0)},
        {"moment_s": 301.0},
        {"rain_m3": 0.0},
        {"account": "river"},
    ],
    ids=str,
)
def test_digest_sees_every_change(change):
    assert recorded(**change).digest() != recorded().digest()


def test_digest_does_not_change_between_versions():
    # Computed once; another figure means that stored records are refused.
    assert recorded().digest() == PINNED


def test_any_tool_can_read_a_series(tmp_path: Path):
    recorded().write(tmp_path)
    table = pq.read_table(tmp_path / "series.drainage.depth.parquet").to_pandas()
    assert table.columns.tolist() == ["entity", "time_s", "value"]
    assert table[table["entity"] == "J2"]["value"].tolist() == [-0.0, 1 / 3]
    assert table[table["entity"] == "J2"]["time_s"].tolist() == [0.0, 300.0]


def test_a_second_record_replaces_the_first(tmp_path: Path):
    recorded().write(tmp_path)
    recorder = Recorder()
    recorder.series("drainage", "stage", "m", ["river"]).append(0.0, [1.0])
    recorder.record().write(tmp_path)
    assert list(Record.read(tmp_path).series) == [("drainage", "stage")]


@pytest.mark.parametrize("position", range(4))
def test_a_write_that_fails_leaves_no_half_file_and_no_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, position
):
    recorded().write(tmp_path)
    calls = iter(range(100))
    sync = os.fsync

    def failing(handle: int) -> None:
        if next(calls) == position:
            raise OSError(28, "No space left on device")
        sync(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing)
        with pytest.raises(OSError, match="No space left"):
            recorded(value=7.0).write(tmp_path)
    assert not list(tmp_path.glob("*.part"))
    with pytest.raises(InputError, match=r"events.parquet: record: no such file"):
        Record.read(tmp_path)
    recorded().write(tmp_path)
    assert Record.read(tmp_path).digest() == recorded().digest()


@pytest.mark.parametrize("name", ["events", "ledgers", "series.drainage.depth"])
@pytest.mark.parametrize("keep", [0, 10, 0.5, 0.99])
def test_a_file_cut_short_is_refused(tmp_path: Path, name, keep):
    recorded().write(tmp_path)
    path = tmp_path / f"{name}.parquet"
    content = path.read_bytes()
    path.write_bytes(content[: keep if isinstance(keep, int) else int(keep * len(content))])
    with pytest.raises(InputError, match="damaged") as caught:
        Record.read(tmp_path)
    assert caught.value.file == path


@pytest.mark.parametrize("name", ["events", "ledgers", "series.drainage.depth"])
def test_a_flipped_bit_is_refused_or_does_not_matter(tmp_path: Path, name):
    record = recorded()
    record.write(tmp_path)
    path = tmp_path / f"{name}.parquet"
    content = path.read_bytes()
    refused = 0
    for position in range(0, len(content), 7):
        damaged = bytearray(content)
        damaged[position] ^= 1 << position % 8
        path.write_bytes(damaged)
        try:
            again = Record.read(tmp_path)
        except InputError:
            refused += 1
        else:
            assert again.digest() == record.digest()
    assert refused > len(content) / 7 / 3


def test_a_damaged_page_is_found_by_its_checksum(tmp_path: Path):
    recorded().write(tmp_path)
    path = tmp_path / "series.drainage.depth.parquet"
    chunk = pq.read_metadata(path).row_group(0).column(2)
    content = bytearray(path.read_bytes())
    content[chunk.data_page_offset + chunk.total_compressed_size - 1] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match="CRC") as caught:
        Record.read(tmp_path)
    assert caught.value.file == path


@pytest.mark.parametrize("name", ["ledgers", "series.drainage.depth", "series.drainage.link_flow"])
def test_a_missing_file_is_noticed(tmp_path: Path, name):
    recorded().write(tmp_path)
    (tmp_path / f"{name}.parquet").unlink()
    with pytest.raises(InputError, match="not what was written|no such file"):
        Record.read(tmp_path)


def test_another_kind_of_parquet_file_is_refused(tmp_path: Path):
    recorded().write(tmp_path)
    ledgers = (tmp_path / "ledgers.parquet").read_bytes()
    (tmp_path / "series.drainage.depth.parquet").write_bytes(ledgers)
    with pytest.raises(InputError, match="no part of a record"):
        Record.read(tmp_path)


def test_an_empty_folder_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="folder of a complete record"):
        Record.read(tmp_path / "absent")
