"""Records on disk: Parquet with the same bytes for the same content, whole files or none."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.kernel.errors import InputError
from sim.kernel.recorder import EVENT_COLUMNS, LEDGER_COLUMNS, Record, SeriesTable, frame

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

EVENTS_FILE = "events.parquet"
LEDGERS_FILE = "ledgers.parquet"
_SERIES_PATTERN = "series.*.parquet"
_DIGEST = b"record_digest"


def write_record(record: Record, folder: Path) -> tuple[Path, ...]:
    """Write a record: ``series.<system>.<quantity>.parquet``, ``ledgers`` and ``events``.

    A series is long (entity, time_s, value), entity by entity, which any Parquet tool can read.
    Each file is written under a temporary name, synced and renamed; ``events.parquet`` comes
    last and holds the digest of the whole. An older record in the folder is replaced.

    Returns
    -------
    tuple of Path
        The files written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / EVENTS_FILE).unlink(missing_ok=True)
    for old in folder.glob(_SERIES_PATTERN):
        old.unlink()
    files = []
    for (system, quantity), table in record.series.items():
        path = folder / f"series.{system}.{quantity}.parquet"
        _write_parquet(_series_to_arrow(system, quantity, table), path)
        files.append(path)
    _write_parquet(_frame_to_arrow(record.ledgers), folder / LEDGERS_FILE)
    events = _frame_to_arrow(record.events)
    events = events.replace_schema_metadata({_DIGEST: digest_record(record)})
    _write_parquet(events, folder / EVENTS_FILE)
    files += [folder / LEDGERS_FILE, folder / EVENTS_FILE]
    _sync_folder(folder)
    return tuple(files)


def read_record(folder: Path) -> Record:
    """Read a record; the content is bit by bit what was written.

    Raises
    ------
    InputError
        If the folder holds no complete record, or anything in it is not what was written.
    """
    with _readable(folder / EVENTS_FILE):
        content = _read_parquet(folder / EVENTS_FILE)
        expected = content.schema.metadata[_DIGEST].decode()
        events = frame(EVENT_COLUMNS, [content[name].to_pylist() for name in EVENT_COLUMNS])
    with _readable(folder / LEDGERS_FILE):
        content = _read_parquet(folder / LEDGERS_FILE)
        ledgers = frame(LEDGER_COLUMNS, [content[name].to_pylist() for name in LEDGER_COLUMNS])
    series = {}
    for path in sorted(folder.glob(_SERIES_PATTERN)):
        with _readable(path):
            key, table = _arrow_to_series(_read_parquet(path))
        series[key] = table
    record = Record(events=events, series=dict(sorted(series.items())), ledgers=ledgers)
    if digest_record(record) != expected:
        # Parquet's checksums cover the data pages only, and no file knows of the others.
        raise InputError(
            "the record is not what was written",
            where="record",
            value=[path.name for path in sorted(folder.iterdir())],
            hint="a file is damaged or missing; run the scenario again",
            file=folder,
        )
    return record


def digest_record(record: Record) -> str:
    """BLAKE2b hash (hexadecimal, 256 bits) over names, units, text and float bits."""
    digest = blake2b(digest_size=32)

    def add(part: bytes) -> None:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)

    def add_text(*parts: str) -> None:
        add(json.dumps(parts).encode())

    for table in (record.events, record.ledgers):
        for name in table.columns:
            add_text(name)
            if table[name].dtype == np.float64:
                add(table[name].to_numpy().tobytes())
            else:
                add_text(*table[name])
    for (system, quantity), series in sorted(record.series.items()):
        add_text(system, quantity, series.unit, *series.entities)
        add(series.time_s.tobytes())
        add(series.values.tobytes())
    return digest.hexdigest()


def _frame_to_arrow(table: pd.DataFrame) -> pa.Table:
    import pyarrow as pa

    # Not Table.from_pandas: its metadata holds library versions, which change the bytes.
    return pa.table(
        {
            name: pa.array(table[name].to_numpy())
            if table[name].dtype == np.float64
            else pa.array(table[name].tolist(), type=pa.string())
            for name in table.columns
        }
    )


def _series_to_arrow(system: str, quantity: str, table: SeriesTable) -> pa.Table:
    import pyarrow as pa

    times, entities = len(table.time_s), len(table.entities)
    numbers = pa.array(np.repeat(np.arange(entities, dtype=np.int32), times))
    names = pa.array(table.entities, type=pa.string())
    about: dict[str, Any] = {
        "system": system,
        "quantity": quantity,
        "unit": table.unit,
        "entities": table.entities,
    }
    if not entities:
        # No rows to carry the times.
        about["time_s"] = table.time_s.tolist()
    return pa.table(
        {
            "entity": pa.DictionaryArray.from_arrays(numbers, names),
            "time_s": pa.array(np.tile(table.time_s, entities)),
            "value": pa.array(np.ascontiguousarray(table.values.T).ravel()),
        },
    ).replace_schema_metadata({"series": json.dumps(about, ensure_ascii=False)})


def _arrow_to_series(content: pa.Table) -> tuple[tuple[str, str], SeriesTable]:
    about = json.loads(content.schema.metadata[b"series"])
    entities = tuple(about["entities"])
    count = content.num_rows // len(entities) if entities else len(about["time_s"])
    times = content["time_s"].to_numpy()[:count] if entities else about["time_s"]
    time_s = np.array(times, dtype=np.float64)
    values = np.array(content["value"].to_numpy().reshape(len(entities), count).T, order="C")
    time_s.flags.writeable = False
    values.flags.writeable = False
    key = (about["system"], about["quantity"])
    return key, SeriesTable(about["unit"], entities, time_s, values)


def _write_parquet(table: pa.Table, path: Path) -> None:
    import pyarrow.parquet as pq

    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as file:
            pq.write_table(
                table,
                file,
                compression="zstd",
                # Values seldom repeat; splitting their bytes lets zstd find what they share.
                use_dictionary=["entity", "time_s"],
                use_byte_stream_split=["value"] if "value" in table.column_names else False,
                write_page_checksum=True,
            )
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _read_parquet(path: Path) -> pa.Table:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        return file.read()


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn whatever a missing or damaged file raises while it is read into an `InputError`."""
    import pyarrow as pa

    try:
        yield
    except FileNotFoundError as error:
        raise InputError(
            "no such file",
            where="record",
            expected="the folder of a complete record",
            file=path,
        ) from error
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"cannot be read: {error}",
            where="record",
            hint="the file is damaged or no part of a record; run the scenario again",
            file=path,
        ) from error


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        # Windows cannot open a folder for syncing, and its renames are journalled.
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
