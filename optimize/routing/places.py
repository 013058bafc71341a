"""Places of a document: brought to streets, looked up in a matrix, or joined by straight lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pyproj import CRS

from optimize.routing.clock import seconds_of
from optimize.routing.document import RoutingDocument, Straight, Streets
from optimize.routing.problem import Travel
from optimize.routing.rows import Record
from sim.kernel.csv_rows import check_columns, parse_number, read_sheet
from sim.kernel.errors import InputError, InputErrors, did_you_mean
from sim.streets.csv_files import StreetColumns, read_csv_streets
from sim.streets.graph import Conditions, Floats, StreetGraph
from sim.streets.graphml import read_graphml
from sim.streets.hours import SpeedProfile
from sim.streets.imported import local_plane, metric_plane, project
from sim.streets.journeys import Journeys
from sim.streets.layers import LayerColumns, read_street_layer
from sim.streets.osm import read_osm
from sim.streets.snapping import Snapped, snap
from sim.streets.travel_tables import travel_tables

_GLOBE = CRS.from_epsg(4326)


class Places:
    """The travel tables between all places of a document."""

    def __init__(
        self,
        document: RoutingDocument,
        folder: Path,
        file: Path | None,
        places: Sequence[tuple[str, Record]],
        cache: Path | None,
    ) -> None:
        self.journeys: Journeys | None = None
        self.snapped: Snapped | None = None
        self.crs: CRS | None = None
        self.notes: tuple[str, ...] = ()
        self._folder = folder
        twice = Counter(record.values.id for _, record in places)
        self._names = tuple(
            record.values.id if twice[record.values.id] == 1 else f"{kind[:-1]} {record.values.id}"
            for kind, record in places
        )
        self._records = [record for _, record in places]
        hours = SpeedProfile([0.0], [1.0])
        if document.traffic is not None:
            try:
                begins = [seconds_of(text) for text in document.traffic.begin]
                hours = SpeedProfile(begins, document.traffic.factor)
            except ValueError as error:
                raise InputError(str(error), where="traffic.begin", file=file) from error
        if document.streets is not None:
            xy, distance, duration = self._on_streets(document.streets, cache)
        elif document.matrix is not None:
            xy, distance, duration = self._by_matrix(folder / document.matrix.file)
        else:
            assert document.straight is not None
            xy, distance, duration = self._straight(document.straight)
        self.travel = Travel(self._names, xy, distance, duration, hours.from_s, hours.factor)

    def _located(self, crs: CRS | None) -> tuple[Floats, CRS | None]:
        """Return places in the plane; from longitudes and latitudes where those are given."""
        xy = np.full((len(self._records), 2), np.nan)
        globe = np.zeros(len(self._records), dtype=bool)
        errors = []
        for i, record in enumerate(self._records):
            values = record.values
            plane, sphere = (values.x_m, values.y_m), (values.lon, values.lat)
            if None not in plane and sphere == (None, None):
                xy[i] = plane
            elif None not in sphere and plane == (None, None):
                xy[i], globe[i] = sphere, True
                if not (-180.0 <= values.lon <= 180.0 and -90.0 <= values.lat <= 90.0):
                    errors.append(record.error("lon", "not on the globe", value=sphere))
            else:
                errors.append(
                    record.error("x_m", "no place", expected="x_m and y_m, or lon and lat")
                )
        if not errors and globe.any():
            if crs is None and not globe.all():
                errors.append(
                    self._records[int(np.argmax(globe))].error(
                        "lon", "places of two systems and no plane",
                        hint="state the plane as streets.crs",
                    )
                )  # fmt: skip
            elif crs is None:
                crs = local_plane(xy)
        if errors:
            raise InputErrors(errors)
        if globe.any():
            assert crs is not None
            xy[globe] = project(xy[globe], _GLOBE, crs)
        return xy, crs

    def _on_streets(self, streets: Streets, cache: Path | None) -> tuple[Floats, Floats, Floats]:
        graph = self._graph(streets)
        xy, _ = self._located(self.crs)
        self.snapped = snap(graph, self._names, xy, streets.limit_m)
        positions = [position for position in self.snapped.positions if position is not None]
        conditions = Conditions(streets.speed_factor)
        tables = travel_tables(graph, positions, conditions, cache=cache)
        self.journeys = Journeys(graph, positions, conditions)
        return xy, tables.distance_m, tables.duration_s

    def _graph(self, streets: Streets) -> StreetGraph:
        """Read the streets, in a plane that is the same for points."""
        folder = self._folder
        if streets.streets is not None and streets.nodes is not None:
            if streets.crs is not None:
                self.crs = metric_plane(streets.crs, "streets.crs")
            known = StreetColumns.__dataclass_fields__
            for name in streets.columns:
                if name not in known:
                    raise InputError(
                        "no such field", where=f"streets.columns.{name}", value=name,
                        expected=", ".join(known), hint=did_you_mean(name, tuple(known)),
                    )  # fmt: skip
            columns = StreetColumns(**streets.columns)
            return read_csv_streets(folder / streets.streets, folder / streets.nodes, columns)
        if streets.osm is not None:
            found = read_osm(folder / streets.osm, crs=streets.crs)
        elif streets.graphml is not None:
            found = read_graphml(
                folder / streets.graphml, source_crs=streets.source_crs, crs=streets.crs
            )
        else:
            names = dict(streets.layer_columns)
            if "id" not in names:
                raise InputError("no column for the id", where="streets.layer_columns.id")
            columns_of_layer = LayerColumns(
                id=names["id"], speed_km_h=names.get("speed_km_h"), kind=names.get("kind"),
                one_way=names.get("one_way"),
            )  # fmt: skip
            found = read_street_layer(
                folder / str(streets.layer_file), columns_of_layer, layer=streets.layer,
                source_crs=streets.source_crs, crs=streets.crs, tolerance_m=streets.tolerance_m,
            )  # fmt: skip
        self.crs = found.crs
        self.notes = tuple(str(found).splitlines())
        return found.graph

    def _straight(self, straight: Straight) -> tuple[Floats, Floats, Floats]:
        xy, self.crs = self._located(None)
        apart = xy[:, None, :] - xy[None, :, :]
        distance = np.hypot(apart[..., 0], apart[..., 1]) * straight.detour
        self.notes = (
            f"assumed: straight lines times {straight.detour:g} at {straight.speed_km_h:g} km/h",
        )
        return xy, distance, distance / (straight.speed_km_h / 3.6)

    def _by_matrix(self, file: Path) -> tuple[Floats, Floats, Floats]:
        sheet = read_sheet(file)
        wanted = ("from", "to", "distance_m", "duration_s")
        errors = check_columns(sheet, sheet.header, wanted)
        if errors:
            raise InputErrors(errors)
        known: dict[str, list[int]] = {}
        for i, record in enumerate(self._records):
            known.setdefault(record.values.place or record.values.id, []).append(i)
        tables = [np.full((len(self._records), len(self._records)), np.inf) for _ in range(2)]
        for table in tables:
            for same in known.values():
                table[np.ix_(same, same)] = 0.0
        met: dict[tuple[str, str], int] = {}
        for line, row in sheet.rows:
            cells = dict(zip(sheet.header, row, strict=True))
            pair = cells["from"], cells["to"]
            if pair in met:
                errors.append(
                    InputError(f"the same pair as on line {met[pair]}", where=f"line {line}",
                               value=" ".join(pair), file=file)
                )  # fmt: skip
            met[pair] = line
            for table, column in zip(tables, wanted[2:], strict=True):
                try:
                    value = parse_number(cells[column])
                except ValueError as error:
                    errors.append(
                        InputError(str(error), where=f"line {line}, column {column}",
                                   value=cells[column], file=file, expected="a number")
                    )  # fmt: skip
                    continue
                if pair[0] != pair[1]:
                    table[np.ix_(known.get(pair[0], []), known.get(pair[1], []))] = value
        absent = [name for name in known if not any(name in pair for pair in met)]
        if len(known) > 1:
            errors += [
                InputError("a place without any pair", where="from", value=name, file=file,
                           hint="add its rows, or correct its name")
                for name in absent
            ]  # fmt: skip
        if errors:
            raise InputErrors(errors)
        xy = np.array(
            [
                (np.nan, np.nan) if r.values.x_m is None or r.values.y_m is None
                else (r.values.x_m, r.values.y_m)
                for r in self._records
            ]
        )  # fmt: skip
        return xy, tables[0], tables[1]
