"""Electric routing with non-linear charging (E-VRP-NL), from JSON of frvcpy or XML of VRP-REP.

Montoya, Gueret, Mendoza and Villegas (2017), "The electric vehicle routing problem with nonlinear
charging function", Transportation Research B 103. The objective is total time: driving, serving
and charging. A route lasts at most so many hours, charging is partial and piecewise linear, there
are no capacities or windows, trucks are as many as wanted and leave full. Times become seconds,
energies kWh, and a second costs 1/3600, so that the cost is hours.

JSON gives energy and time between nodes but no length: there a "metre" of distance is a
watt-hour, and costs nothing. XML gives kilometres.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn
from xml.etree import ElementTree

import numpy as np

from optimize.routing.formats.lines import Floats, euclidean, number, whole
from optimize.routing.problem import Charger, ChargingCurve, Problem, Stop, Travel, TruckType
from sim.kernel.errors import InputError

_S_PER_H = 3600.0
_WH_PER_KWH = 1000.0
_KEYS = (
    "max_q", "t_max", "css", "process_times", "time_matrix", "energy_matrix", "breakpoints_by_type",
)  # fmt: skip


def _problem(
    name: str,
    travel: Travel,
    service_h: Mapping[int, float],
    stations: Sequence[tuple[int, int]],
    curves: Sequence[ChargingCurve],
    *,
    battery_kwh: float,
    kwh_per_m: float,
    most_h: float,
    depot: int,
) -> Problem:
    truck = TruckType(
        id="truck",
        capacity=(),
        start=depot,
        end=depot,
        battery_kwh=battery_kwh,
        kwh_per_m=kwh_per_m,
        charging=tuple(curves),
        most_duration_s=most_h * _S_PER_H,
        cost_per_m=0.0,
        cost_per_s=1.0 / _S_PER_H,
    )
    return Problem(
        name=name,
        travel=travel,
        dimensions=(),
        stops=tuple(
            Stop(travel.places[i], i, (), service_s=hours * _S_PER_H)
            for i, hours in service_h.items()
        ),
        trucks=(truck,),
        chargers=tuple(Charger(travel.places[i], i, technology) for i, technology in stations),
        recharge="partial",
    )


# --- JSON -----------------------------------------------------------------------------------


def read_frvcpy(file: Path) -> Problem:
    """Read the JSON that frvcpy uses; node 0 is the depot, those not stations are to be served.

    Raises
    ------
    InputError
        Naming the file and the line, or the path of the value inside it.
    """
    document = _json(file)
    for key in document:
        if key not in _KEYS:
            raise InputError(
                "unknown key", where=key, expected=f"one of {', '.join(_KEYS)}", file=file
            )
    for key in _KEYS:
        if key not in document:
            raise InputError("a key is missing", where=key, file=file)
    energy, hours = (_matrix(document[key], key, file) for key in ("energy_matrix", "time_matrix"))
    count = len(energy)
    if hours.shape != energy.shape:
        raise InputError(
            "not as large as energy_matrix", where="time_matrix", value=hours.shape, file=file,
            expected=str(energy.shape),
        )  # fmt: skip
    service = _numbers(document["process_times"], "process_times", file)
    if len(service) != count or service[0] != 0.0:
        raise InputError(
            "not one for each node, or time at the depot", where="process_times", file=file,
            value=f"{len(service)} of them, the first {service[0]:g}" if service else "none",
            expected=f"{count} numbers, the first 0",
        )  # fmt: skip
    full = _numbers([document["max_q"]], "max_q", file)[0]
    curves: dict[int, ChargingCurve] = {}
    for i, item in enumerate(_list(document["breakpoints_by_type"], "breakpoints_by_type", file)):
        where = f"breakpoints_by_type[{i}]"
        _has(item, ("cs_type", "time", "charge"), where, file)
        curves[item["cs_type"]] = _curve(
            _numbers(item["charge"], f"{where}.charge", file),
            _numbers(item["time"], f"{where}.time", file),
            full, where, file,
        )  # fmt: skip
    kinds = sorted(curves)
    stations: list[tuple[int, int]] = []
    for i, item in enumerate(_list(document["css"], "css", file)):
        where = f"css[{i}]"
        _has(item, ("node_id", "cs_type"), where, file)
        node, kind = item["node_id"], item["cs_type"]
        met = [other for other, _ in stations]
        if not isinstance(node, int) or not 0 < node < count or node in met or kind not in curves:
            raise InputError(
                "no such node or type, or a node named twice", where=where, value=item,
                expected=f"a node from 1 to {count - 1} and one of the types {kinds}", file=file,
            )  # fmt: skip
        stations.append((node, kinds.index(kind)))
    charging = {node for node, _ in stations}
    for node in charging:
        if service[node] != 0.0:
            raise InputError(
                "a station has a service time", where=f"process_times[{node}]", file=file,
                value=service[node], expected="0",
            )  # fmt: skip
    names = tuple(str(i) for i in range(count))
    return _problem(
        file.stem,
        Travel(names, np.full((count, 2), np.nan), energy, hours * _S_PER_H),
        {i: service[i] for i in range(1, count) if i not in charging},
        stations,
        [curves[kind] for kind in kinds],
        battery_kwh=full / _WH_PER_KWH,
        kwh_per_m=1.0 / _WH_PER_KWH,
        most_h=_numbers([document["t_max"]], "t_max", file)[0],
        depot=0,
    )


def _json(file: Path) -> dict[str, Any]:
    def refuse(text: str) -> NoReturn:
        raise InputError("not a finite number", where="file", value=text, file=file)

    try:
        found = json.loads(file.read_text(encoding="utf-8"), parse_constant=refuse)
    except OSError as error:
        raise InputError("the file cannot be read", where="file", file=file) from error
    except json.JSONDecodeError as error:
        raise InputError(
            "not JSON", where=f"line {error.lineno}, column {error.colno}", value=error.msg,
            file=file,
        ) from error  # fmt: skip
    except UnicodeDecodeError as error:
        raise InputError("the file is not in UTF-8", where="file", file=file) from error
    if not isinstance(found, dict):
        raise InputError("not an object", where="file", value=type(found).__name__, file=file)
    return found


def _list(value: object, where: str, file: Path) -> list[Any]:
    if not isinstance(value, list):
        raise InputError("not a list", where=where, value=value, file=file)
    return value


def _has(value: object, keys: tuple[str, ...], where: str, file: Path) -> None:
    if not isinstance(value, dict) or set(value) != set(keys):
        raise InputError(
            "not what it should hold", where=where, value=value,
            expected=f"an object of {', '.join(keys)}", file=file,
        )  # fmt: skip


def _numbers(value: object, where: str, file: Path) -> list[float]:
    found = _list(value, where, file)
    for i, item in enumerate(found):
        if isinstance(item, bool) or not isinstance(item, (int, float)) or item < 0:
            raise InputError(
                "not a number of at least 0", where=f"{where}[{i}]", value=item, file=file
            )
    return [float(item) for item in found]


def _matrix(value: object, where: str, file: Path) -> Floats:
    rows = [_numbers(row, f"{where}[{i}]", file) for i, row in enumerate(_list(value, where, file))]
    for i, row in enumerate(rows):
        if len(row) != len(rows):
            raise InputError(
                "the matrix is not square", where=f"{where}[{i}]", value=len(row), file=file,
                expected=f"{len(rows)} numbers",
            )  # fmt: skip
    return np.array(rows, dtype=float).reshape(len(rows), len(rows))


def _curve(
    energy_wh: list[float], time_h: list[float], full_wh: float, where: str, file: Path
) -> ChargingCurve:
    if len(energy_wh) != len(time_h):
        raise InputError(
            "not as many energies as times", where=where, value=(len(energy_wh), len(time_h)),
            file=file,
        )  # fmt: skip
    slopes = np.diff(energy_wh) / np.maximum(np.diff(time_h), 1e-300)
    sound = (
        len(time_h) > 1
        and energy_wh[0] == time_h[0] == 0.0
        and energy_wh[-1] == full_wh
        and bool(np.all(np.diff(energy_wh) > 0) and np.all(np.diff(time_h) >= 0))
        and bool(np.all(np.diff(slopes) <= 1e-9 * np.abs(slopes[:-1])))
    )
    if not sound:
        raise InputError(
            "not a concave curve from nothing to full", where=where,
            value=list(zip(energy_wh, time_h, strict=False)), file=file,
            expected=f"energies rising from 0 to {full_wh:g}, at times from 0, ever more slowly",
        )  # fmt: skip
    return ChargingCurve(
        tuple(e / _WH_PER_KWH for e in energy_wh), tuple(t * _S_PER_H for t in time_h)
    )


# --- XML ------------------------------------------------------------------------------------


def read_vrprep(file: Path) -> Problem:
    """Read the XML of VRP-REP for this problem: nodes of type 0, 1 and 2, one vehicle profile.

    Raises
    ------
    InputError
        Naming the file and the line, or the element inside it.
    """
    root = _xml(file)
    nodes = root.findall("./network/nodes/node")
    names = [node.get("id", "") for node in nodes]
    if len(set(names)) != len(names):
        raise InputError("the same id twice", where="network/nodes", file=file)
    kinds = [node.get("type", "") for node in nodes]
    if kinds.count("0") != 1 or set(kinds) - {"0", "1", "2"}:
        raise InputError(
            "not one depot, or an unknown type", where="network/nodes", value=sorted(set(kinds)),
            expected="types 0 (depot, once), 1 (customer) and 2 (station)", file=file,
        )  # fmt: skip
    xy_km = np.array(
        [
            [_value(node, tag, f"node {name}", file, least=-math.inf) for tag in ("cx", "cy")]
            for name, node in zip(names, nodes, strict=True)
        ]
    )
    if root.find("./network/euclidean") is None:
        raise InputError("no straight lines", where="network", expected="euclidean", file=file)
    distance_km = euclidean(xy_km)
    if root.find("./network/decimals") is not None:
        text = _text(root, "./network/decimals", "network", file)
        distance_km = np.round(distance_km, whole(text, file, "network/decimals"))
    profiles = root.findall("./fleet/vehicle_profile")
    if len(profiles) != 1:
        raise InputError("not one vehicle profile", where="fleet", value=len(profiles), file=file)
    profile = profiles[0]
    depot = kinds.index("0")
    for tag in ("departure_node", "arrival_node"):
        if _text(profile, tag, "vehicle_profile", file) != names[depot]:
            raise InputError(
                "not the depot", where=f"vehicle_profile/{tag}", expected=names[depot], file=file
            )
    full = _value(profile, "custom/battery_capacity", "vehicle_profile", file)
    curves: dict[str, ChargingCurve] = {}
    for function in profile.findall("./custom/charging_functions/function"):
        kind = function.get("cs_type", "")
        where = f"function {kind}"
        points = function.findall("breakpoint")
        curves[kind] = _curve(
            [_value(point, "battery_level", where, file) for point in points],
            [_value(point, "charging_time", where, file) for point in points],
            full, where, file,
        )  # fmt: skip
    technologies = sorted(curves)
    stations = []
    for i, (name, node) in enumerate(zip(names, nodes, strict=True)):
        if kinds[i] == "2":
            kind = _text(node, "custom/cs_type", f"node {name}", file)
            if kind not in curves:
                raise InputError(
                    "no such charging function", where=f"node {name}", value=kind,
                    expected=f"one of {', '.join(technologies)}", file=file,
                )  # fmt: skip
            stations.append((i, technologies.index(kind)))
    requests: dict[int, float] = {}
    for request in root.findall("./requests/request"):
        name = request.get("node", "")
        where = f"request {request.get('id', '')}"
        if name not in names or kinds[names.index(name)] != "1" or names.index(name) in requests:
            raise InputError(
                "not a customer, or one named twice", where=where, value=name, file=file
            )
        requests[names.index(name)] = _value(request, "service_time", where, file)
    speed_km_h = _value(profile, "speed_factor", "vehicle_profile", file, above=0.0)
    return _problem(
        file.stem,
        Travel(
            tuple(names), xy_km * 1000.0, distance_km * 1000.0,
            distance_km / speed_km_h * _S_PER_H,
        ),
        requests,
        stations,
        [curves[kind] for kind in technologies],
        battery_kwh=full / _WH_PER_KWH,
        kwh_per_m=_value(profile, "custom/consumption_rate", "vehicle_profile", file) / 1e6,
        most_h=_value(profile, "max_travel_time", "vehicle_profile", file, above=0.0),
        depot=depot,
    )  # fmt: skip


def _xml(file: Path) -> ElementTree.Element:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError("the file cannot be read", where="file", file=file) from error
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        # Entities can make a small file expand without end.
        raise InputError("a document type is not accepted", where="file", file=file)
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        line, column = error.position
        raise InputError(
            "not XML", where=f"line {line}, column {column + 1}", value=str(error), file=file
        ) from error
    if root.tag != "instance":
        raise InputError("not an instance", where="root", value=root.tag, file=file)
    return root


def _text(element: ElementTree.Element, tag: str, where: str, file: Path) -> str:
    found = element.find(tag)
    if found is None or not (found.text or "").strip():
        raise InputError("an element is missing", where=where, expected=tag, file=file)
    return (found.text or "").strip()


def _value(
    element: ElementTree.Element, tag: str, where: str, file: Path, *,
    least: float = 0.0, above: float = -math.inf,
) -> float:  # fmt: skip
    text = _text(element, tag, where, file)
    return number(text, file, f"{where}, {tag}", least=least, above=above)
