"""Every defect of a network is found, named and located; sound networks pass."""

import time
from collections.abc import Callable

import pytest

from sim.drainage.checks import check_network
from sim.drainage.elements import (
    Action,
    Conduit,
    CrossSection,
    Curve,
    Inflow,
    Junction,
    Orifice,
    Outfall,
    Outlet,
    Premise,
    Pump,
    RainGauge,
    Rule,
    Series,
    Storage,
    Subcatchment,
    Transect,
    Weir,
    Work,
    Zone,
)
from sim.drainage.elements import CurveNumber as CN
from sim.drainage.network import Network
from sim.kernel.errors import InputError, InputErrors

ROUND = CrossSection(kind="circular", depth_m=0.5)


def pipe(name: str, start: str, end: str, **more: object) -> Conduit:
    fields = {"length_m": 100.0, "roughness_n": 0.013, "section": ROUND} | more
    return Conduit(id=name, from_node=start, to_node=end, **fields)


def sound() -> dict[str, tuple]:
    """A network with one of everything and no defect."""
    return {
        "junctions": (
            Junction(id="J1", invert_m=10.0, max_depth_m=2.0, zone="Z", ponding_curve="pond"),
            Junction(id="J2", invert_m=9.0, max_depth_m=2.0),
        ),
        "storages": (Storage(id="S", invert_m=8.0, max_depth_m=3.0, curve="basin"),),
        "outfalls": (
            Outfall(id="O1", invert_m=7.0, boundary="series", stage_series="stage"),
            Outfall(id="O2", invert_m=7.0),
            Outfall(id="O3", invert_m=7.0, boundary="fixed", stage_m=7.5),
        ),
        "conduits": (pipe("C1", "J1", "J2"), pipe("C2", "J2", "S")),
        "pumps": (Pump(id="P", from_node="S", to_node="O1", pump_type="type3", curve="pump"),),
        "weirs": (
            Weir(
                id="W",
                from_node="S",
                to_node="O2",
                form="transverse",
                discharge_coefficient=1.8,
                section=CrossSection(kind="rect_open", depth_m=1.0, width_m=2.0),
            ),
        ),
        "outlets": (Outlet(id="T", from_node="S", to_node="O3", curve="rating"),),
        "subcatchments": (subcatchment("A", "J1"), subcatchment("B", "A")),
        "gauges": (RainGauge(id="G", form="intensity", interval_s=300.0, series="rain"),),
        "curves": (
            Curve(id="pond", kind="ponding", points=((0.0, 1.0), (1.0, 900.0))),
            Curve(id="basin", kind="storage", points=((0.0, 0.0), (3.0, 90.0))),
            Curve(id="pump", kind="pump", points=((0.0, 0.5), (5.0, 0.0))),
            Curve(id="rating", kind="rating", points=((0.0, 0.0), (1.0, 0.3))),
            Curve(id="ctrl", kind="control", points=((0.0, 0.0), (1.0, 1.0))),
        ),
        "series": (
            Series(id="stage", points=((0.0, 7.0), (3600.0, 7.5))),
            Series(id="rain", points=((0.0, 5.0), (300.0, 0.0))),
        ),
        "inflows": (Inflow(node="J1", baseline_m3s=0.1, series="rain"),),
        "rules": (rule(),),
        "zones": (Zone(id="Z", name_en="Z", name_zh="区", kind="centre", allowed_recession_h=2.0),),
    }


def subcatchment(name: str, outlet: str) -> Subcatchment:
    return Subcatchment(
        id=name,
        gauge="G",
        outlet=outlet,
        area_ha=1.0,
        impervious_percent=50.0,
        width_m=100.0,
        slope_percent=1.0,
        n_impervious=0.01,
        n_pervious=0.1,
        storage_impervious_mm=1.0,
        storage_pervious_mm=3.0,
        infiltration=CN(curve_number=80.0, drying_time_d=7.0),
    )


def rule(**more: object) -> Rule:
    premise = Premise(join="if", object="node", id="S", attribute="depth", relation=">", value=1.0)
    fields = {"id": "R", "premises": (premise,), "then": (Action(link="P", curve="ctrl"),)}
    return Rule(**(fields | more))


def network(**more: object) -> Network:
    return Network(**(sound() | more))


def changed(family: str, **changes: object) -> Network:
    """The sound network with the first element of `family` changed."""
    first, *rest = sound()[family]
    return network(**{family: (first.model_copy(update=changes), *rest)})


def added(family: str, *elements: object) -> Network:
    return network(**{family: (*sound().get(family, ()), *elements)})


def errors_of(faulty: Network) -> list[InputError]:
    with pytest.raises(InputErrors) as caught:
        check_network(faulty)
    return caught.value.errors


def test_a_sound_network_passes_without_warnings() -> None:
    assert check_network(network()) == []


def weir_slot(**section: object) -> tuple[Weir, ...]:
    return (sound()["weirs"][0].model_copy(update={"section": CrossSection(**section)}),)


WORK = Work(id="W1", name_en="W1", name_zh="工", kind="work", cost_million_cny=1.0)
DEFECTS: dict[str, tuple[Callable[[], Network], str, str, object]] = {
    # name: network, where the error is, words of what it says, its value (... for any)
    "id twice in a family": (
        lambda: added("conduits", pipe("C1", "J1", "S")),
        "conduits/C1/id",
        "already taken in conduits",
        "C1",
    ),
    "id of a junction and an outfall": (
        lambda: added("outfalls", Outfall(id="J1", invert_m=1.0)),
        "outfalls/J1/id",
        "already taken in junctions",
        "J1",
    ),
    "id of a conduit and a pump": (
        lambda: added(
            "pumps", Pump(id="C1", from_node="J1", to_node="S", pump_type="type1", curve="pump")
        ),
        "pumps/C1/id",
        "already taken in conduits",
        "C1",
    ),
    "curve id twice": (
        lambda: added("curves", Curve(id="pond", kind="storage", points=((0.0, 1.0),))),
        "curves/pond/id",
        "already taken",
        "pond",
    ),
    "unknown node": (
        lambda: changed("conduits", to_node="J22"),
        "conduits/C1/to_node",
        "nothing has this id",
        "J22",
    ),
    "unknown ponding curve": (
        lambda: changed("junctions", ponding_curve="pnd"),
        "junctions/J1/ponding_curve",
        "nothing has this id",
        "pnd",
    ),
    "unknown stage series": (
        lambda: changed("outfalls", stage_series="stag"),
        "outfalls/O1/stage_series",
        "nothing has this id",
        "stag",
    ),
    "unknown gauge": (
        lambda: changed("subcatchments", gauge="G9"),
        "subcatchments/A/gauge",
        "nothing has this id",
        "G9",
    ),
    "unknown gauge series": (
        lambda: changed("gauges", series="rian"),
        "gauges/G/series",
        "nothing has this id",
        "rian",
    ),
    "subcatchment without its outlet": (
        lambda: changed("subcatchments", outlet="J99"),
        "subcatchments/A/outlet",
        "nothing has this id",
        "J99",
    ),
    "unknown zone": (
        lambda: changed("junctions", zone="ZZ"),
        "junctions/J1/zone",
        "nothing has this id",
        "ZZ",
    ),
    "inflow into nowhere": (
        lambda: added("inflows", Inflow(node="J9")),
        "inflows/J9/node",
        "nothing has this id",
        "J9",
    ),
    "unknown work": (
        lambda: added("conduits", pipe("C9", "J1", "S", work="W7")),
        "conduits/C9/work",
        "no work has this id",
        "W7",
    ),
    "replaces what is not there": (
        lambda: network(
            conduits=(*sound()["conduits"], pipe("C9", "J1", "S", work="W1", replaces="C7")),
            works=(WORK,),
        ),
        "conduits/C9/replaces",
        "no such element to replace",
        "C7",
    ),
    "replaces another kind": (
        lambda: network(
            conduits=(*sound()["conduits"], pipe("C9", "J1", "S", work="W1", replaces="P")),
            works=(WORK,),
        ),
        "conduits/C9/replaces",
        "of another kind, in pumps",
        "P",
    ),
    "replaces without a work": (
        lambda: added("conduits", pipe("C9", "J1", "J2", replaces="C1")),
        "conduits/C9/replaces",
        "without belonging to a work",
        "C1",
    ),
    "replaces itself": (
        lambda: network(
            conduits=(*sound()["conduits"], pipe("C9", "J1", "S", work="W1", replaces="C9")),
            works=(WORK,),
        ),
        "conduits/C9/replaces",
        "replaces itself",
        "C9",
    ),
    "base element that needs a work": (
        lambda: network(
            junctions=(*sound()["junctions"], Junction(id="J3", invert_m=9.0, work="W1")),
            conduits=(*sound()["conduits"], pipe("C9", "J3", "S")),
            works=(WORK,),
        ),
        "conduits/C9/from_node",
        "exists only once work W1 is built (with no works built)",
        "J3",
    ),
    "name of what several elements replace": (
        lambda: network(
            storages=(
                *sound()["storages"],
                *(
                    Storage(
                        id=name,
                        invert_m=8.0,
                        max_depth_m=3.0,
                        area_constant_m2=1.0,
                        work="W1",
                        replaces="S",
                    )
                    for name in ("S1", "S2")
                ),
            ),
            works=(WORK,),
        ),
        "conduits/C2/to_node",
        "replaced by several others (with every work built)",
        "S",
    ),
    "self loop": (
        lambda: added("conduits", pipe("C9", "J1", "J1")),
        "conduits/C9",
        "starts and ends at the same node",
        "J1",
    ),
    "island": (
        lambda: network(
            junctions=(
                *sound()["junctions"],
                Junction(id="K1", invert_m=1.0),
                Junction(id="K2", invert_m=1.0),
            ),
            conduits=(*sound()["conduits"], pipe("C9", "K1", "K2")),
        ),
        "nodes/K1",
        "2 nodes without any way to an outfall: K1, K2",
        ...,
    ),
    "island once a work is built": (
        lambda: network(
            junctions=(*sound()["junctions"], Junction(id="K1", invert_m=9.5, work="W1")),
            works=(WORK,),
        ),
        "nodes/K1",
        "1 node without any way to an outfall: K1 (with every work built)",
        ...,
    ),
    "outfall with two links": (
        lambda: added("conduits", pipe("C9", "J2", "O2")),
        "outfalls/O2",
        "2 links meet at an outfall: C9, W",
        ...,
    ),
    "outfall as a source": (
        lambda: network(
            outfalls=(*sound()["outfalls"], Outfall(id="O4", invert_m=11.0)),
            conduits=(*sound()["conduits"], pipe("C9", "O4", "J1")),
        ),
        "outfalls/O4",
        "leads away from the outfall",
        "C9",
    ),
    "ideal pump beside another link": (
        lambda: changed("pumps", pump_type="ideal", curve=None),
        "pumps/P",
        "other links leave it too: W, T",
        "S",
    ),
    "conduit above the rim": (
        lambda: changed("conduits", inlet_offset_m=2.1),
        "conduits/C1/inlet_offset_m",
        "above the rim of node J1",
        2.1,
    ),
    "street above the rim where nothing ponds": (
        lambda: changed("conduits", outlet_offset_m=2.1, level="street"),
        "conduits/C1/outlet_offset_m",
        "above the rim of node J2",
        2.1,
    ),
    "steep climb": (
        lambda: changed("conduits", length_m=9.0, from_node="J2", to_node="J1"),
        "conduits/C1",
        "climbs 1 m over 9 m",
        -1.0 / 9.0,
    ),
    "curve not increasing": (
        lambda: changed("curves", points=((0.0, 1.0), (1.0, 2.0), (1.0, 3.0))),
        "curves/pond",
        "repeats at point 3",
        1.0,
    ),
    "curve going back": (
        lambda: changed("curves", points=((0.0, 1.0), (2.0, 2.0), (1.0, 3.0))),
        "curves/pond",
        "goes back at point 3",
        1.0,
    ),
    "series not increasing": (
        lambda: changed("series", points=((0.0, 1.0), (0.0, 2.0))),
        "series/stage",
        "time repeats at point 2",
        0.0,
    ),
    "negative area": (
        lambda: changed("curves", points=((0.0, 1.0), (1.0, -2.0))),
        "curves/pond",
        "negative area at point 2",
        -2.0,
    ),
    "curve of another kind": (
        lambda: changed("pumps", curve="basin"),
        "pumps/P/curve",
        "of another kind",
        "storage",
    ),
    "control curve of another kind": (
        lambda: network(rules=(rule(then=(Action(link="P", curve="pump"),)),)),
        "rules/R/then[0].curve",
        "of another kind",
        "pump",
    ),
    "basin without area by its curve": (
        lambda: network(
            curves=(
                *(c for c in sound()["curves"] if c.id != "basin"),
                Curve(id="basin", kind="storage", points=((0.0, 0.0), (1.0, 0.0))),
            )
        ),
        "storages/S",
        "no area at any depth",
        0.0,
    ),
    "basin without area by its formula": (
        lambda: changed("storages", curve=None),
        "storages/S",
        "no area at any depth",
        0.0,
    ),
    "pump without its curve": (
        lambda: changed("pumps", curve=None),
        "pumps/P/curve",
        "needs a pump curve",
        ...,
    ),
    "pump that stops above its start": (
        lambda: changed("pumps", startup_depth_m=1.0, shutoff_depth_m=1.5),
        "pumps/P/shutoff_depth_m",
        "switches off above",
        1.5,
    ),
    "outlet without a rating": (
        lambda: changed("outlets", curve=None),
        "outlets/T",
        "never passes any water",
        ...,
    ),
    "fixed outfall without a stage": (
        lambda: network(
            outfalls=(*sound()["outfalls"][:2], Outfall(id="O3", invert_m=7.0, boundary="fixed"))
        ),
        "outfalls/O3/stage_m",
        "needs stage_m",
        ...,
    ),
    "stage outfall without a series": (
        lambda: changed("outfalls", stage_series=None),
        "outfalls/O1/stage_series",
        "needs stage_series",
        ...,
    ),
    "section without height": (
        lambda: changed("conduits", section=CrossSection(kind="circular")),
        "conduits/C1/section.depth_m",
        "no height",
        0.0,
    ),
    "section without width": (
        lambda: network(weirs=weir_slot(kind="rect_open", depth_m=1.0)),
        "weirs/W/section.width_m",
        "no width",
        0.0,
    ),
    "surveyed section without transect": (
        lambda: changed("conduits", section=CrossSection(kind="irregular")),
        "conduits/C1/section.curve",
        "needs a transect",
        ...,
    ),
    "custom section names a transect": (
        lambda: changed("conduits", section=CrossSection(kind="custom", depth_m=1.0, curve="none")),
        "conduits/C1/section.curve",
        "nothing has this id",
        "none",
    ),
    "transect going back": (
        lambda: added("transects", transect(stations=((0.0, 2.0), (2.0, 0.0), (1.0, 2.0)))),
        "transects/X",
        "goes back at point 3",
        1.0,
    ),
    "banks swapped": (
        lambda: added("transects", transect(left_bank_m=3.0, right_bank_m=1.0)),
        "transects/X/left_bank_m",
        "left bank lies right",
        3.0,
    ),
    "rule on an unknown link": (
        lambda: network(rules=(rule(then=(Action(link="PP", setting=1.0),)),)),
        "rules/R/then[0].link",
        "nothing has this id",
        "PP",
    ),
    "rule on an unknown attribute": (
        lambda: network(
            rules=(
                rule(
                    premises=(
                        Premise(
                            join="if",
                            object="node",
                            id="S",
                            attribute="flow",
                            relation=">",
                            value=1.0,
                        ),
                    )
                ),
            )
        ),
        "rules/R/premises[0]/attribute",
        "a node has no such attribute",
        "flow",
    ),
}


def transect(**more: object) -> Transect:
    fields = {
        "id": "X",
        "stations": ((0.0, 2.0), (2.0, 0.0), (4.0, 2.0)),
        "left_bank_m": 0.0,
        "right_bank_m": 4.0,
        "n_left": 0.03,
        "n_channel": 0.03,
        "n_right": 0.03,
    }
    return Transect(**(fields | more))


@pytest.mark.parametrize("name", DEFECTS)
def test_every_defect_is_located_and_explained(name: str) -> None:
    build, where, what, value = DEFECTS[name]
    errors = errors_of(build())
    found = [error for error in errors if error.where == where and what in error.what]
    assert found, "\n".join(map(str, errors))
    assert value is ... or found[0].value == value
    assert all(error.expected and error.hint for error in errors)


def test_a_single_defect_gives_a_single_error() -> None:
    assert len(errors_of(changed("conduits", inlet_offset_m=2.1))) == 1


def test_all_defects_are_listed_at_once() -> None:
    faulty = network(
        conduits=(pipe("C1", "J1", "nowhere"), pipe("C2", "J2", "J2")),
        series=(*sound()["series"], Series(id="late", points=((1.0, 0.0), (0.0, 0.0)))),
    )
    places = {error.where for error in errors_of(faulty)}
    assert {"conduits/C1/to_node", "conduits/C2", "series/late", "nodes/J1"} <= places


def test_an_unknown_name_gets_the_nearest_one_as_a_hint() -> None:
    errors = errors_of(changed("conduits", to_node="J22"))
    assert errors[0].hint == "did you mean 'J2'?"
    assert errors[0].expected == "an id from junctions, storages or outfalls"


@pytest.mark.parametrize("family", ["pumps", "orifices", "weirs", "outlets", "conduits"])
def test_every_kind_of_link_connects_an_island(family: str) -> None:
    ends = {"id": "L", "from_node": "J", "to_node": "O"}
    links = {
        "pumps": Pump(**ends, pump_type="ideal"),
        "orifices": Orifice(**ends, orientation="side", discharge_coefficient=0.65, section=ROUND),
        "weirs": Weir(
            **ends,
            form="transverse",
            discharge_coefficient=1.8,
            section=CrossSection(kind="rect_open", depth_m=1.0, width_m=1.0),
        ),
        "outlets": Outlet(**ends, coefficient=1.0, exponent=0.5),
        "conduits": pipe("L", "J", "O"),
    }
    nodes = {
        "junctions": (Junction(id="J", invert_m=2.0),),
        "outfalls": (Outfall(id="O", invert_m=1.0),),
    }
    assert check_network(Network(**nodes, **{family: (links[family],)})) == []
    assert "1 node without any way" in str(errors_of(Network(**nodes))[0])


def test_a_large_island_names_ten_nodes_and_counts_the_rest() -> None:
    junctions = tuple(Junction(id=f"K{i:02}", invert_m=1.0) for i in range(13))
    links = tuple(pipe(f"D{i}", f"K{i:02}", f"K{i + 1:02}") for i in range(12))
    [error] = errors_of(
        network(
            junctions=(*sound()["junctions"], *junctions), conduits=(*sound()["conduits"], *links)
        )
    )
    assert error.what.startswith("13 nodes")
    assert error.what.endswith("K08, K09 and 3 more")


def test_street_reaches_may_start_above_the_rim_where_water_ponds() -> None:
    street = pipe("C1", "J1", "J2", inlet_offset_m=2.1, level="street")
    assert check_network(network(conduits=(street, sound()["conduits"][1]))) == []


def test_a_rim_that_follows_from_the_pipes_limits_no_offset() -> None:
    nodes = sound()["junctions"]
    free = nodes[0].model_copy(update={"max_depth_m": 0.0})
    high = pipe("C1", "J1", "J2", inlet_offset_m=5.0)
    assert (
        check_network(network(junctions=(free, nodes[1]), conduits=(high, sound()["conduits"][1])))
        == []
    )


def test_climbing_level_and_falling_conduits_are_warned_of_once() -> None:
    climb = pipe("C1", "J2", "J1")
    warnings = check_network(network(conduits=(climb, sound()["conduits"][1])))
    assert warnings == ["conduits/C1: the conduit climbs (got -0.01)"]
    level = pipe("C1", "J1", "J2", outlet_offset_m=1.0)
    warnings = check_network(network(conduits=(level, sound()["conduits"][1])))
    assert warnings == ["conduits/C1: the conduit is level"]
    cliff = pipe("C1", "J1", "J2", length_m=0.5)
    warnings = check_network(network(conduits=(cliff, sound()["conduits"][1])))
    assert warnings == ["conduits/C1: the conduit falls by more than its length (got 2.0)"]


def test_an_outfall_that_nothing_reaches_is_warned_of() -> None:
    lonely = added("outfalls", Outfall(id="O9", invert_m=1.0))
    assert check_network(lonely) == ["outfalls/O9: nothing flows to this outfall"]


def test_alternatives_of_one_conduit_by_work_are_sound() -> None:
    """With both present the outfall would have two links: each variant has one."""
    weir = sound()["weirs"][0]
    wider = weir.model_copy(update={"id": "W-wide", "work": "W1", "replaces": "W"})
    assert check_network(network(weirs=(weir, wider), works=(WORK,))) == []


def test_1200_elements_are_checked_quickly() -> None:
    count = 600
    chain = Network(
        junctions=tuple(Junction(id=f"J{i}", invert_m=1000.0 - i) for i in range(count)),
        outfalls=(Outfall(id="O", invert_m=0.0),),
        conduits=tuple(
            pipe(f"C{i}", f"J{i}", f"J{i + 1}" if i + 1 < count else "O", length_m=1e4)
            for i in range(count)
        ),
    )
    begin = time.process_time()
    assert check_network(chain) == []
    assert time.process_time() - begin < 1.0
