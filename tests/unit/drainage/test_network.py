"""Variants of a network: what stands once some works are built."""

import pytest

from sim.drainage.elements import (
    Action,
    Conduit,
    CrossSection,
    Curve,
    Inflow,
    Junction,
    Outfall,
    Premise,
    Pump,
    Rule,
    Storage,
    Work,
)
from sim.drainage.network import Network
from sim.kernel.errors import InputErrors


def pipe(name: str, start: str, end: str, diameter_m: float = 0.5, **more: object) -> Conduit:
    return Conduit(
        id=name,
        from_node=start,
        to_node=end,
        length_m=100.0,
        roughness_n=0.013,
        section=CrossSection(kind="circular", depth_m=diameter_m),
        **more,
    )


def work(name: str) -> Work:
    return Work(id=name, name_en=name, name_zh=name, kind="work", cost_million_cny=1.0)


def basin(name: str, **more: object) -> Storage:
    return Storage(id=name, invert_m=8.0, max_depth_m=3.0, area_constant_m2=100.0, **more)


def network(**more: object) -> Network:
    base = {
        "junctions": (Junction(id="J1", invert_m=10.0), Junction(id="J2", invert_m=9.0)),
        "outfalls": (Outfall(id="O", invert_m=7.0),),
        "conduits": (pipe("C1", "J1", "J2"), pipe("C2", "J2", "O")),
        "works": (work("W1"), work("W2")),
    }
    return Network(**(base | more))


def ids(elements: tuple) -> list[str]:
    return [element.id for element in elements]


def test_elements_of_unbuilt_works_are_left_out() -> None:
    whole = network(conduits=(*network().conduits, pipe("C3", "J1", "O", work="W1")))
    assert ids(whole.built(()).conduits) == ["C1", "C2"]
    assert ids(whole.built(["W2"]).conduits) == ["C1", "C2"]
    assert ids(whole.built(["W1"]).conduits) == ["C1", "C2", "C3"]


def test_a_built_work_replaces_and_what_remains_carries_no_work() -> None:
    wide = pipe("C2-wide", "J2", "O", 1.2, work="W1", replaces="C2")
    built = network(conduits=(*network().conduits, wide)).built({"W1"})
    assert ids(built.conduits) == ["C1", "C2-wide"]
    assert built.conduits[1].section.depth_m == 1.2
    assert {(c.work, c.replaces) for c in built.conduits} == {(None, None)}
    assert built.built(()) == built


def test_an_unbuilt_work_replaces_nothing() -> None:
    wide = pipe("C2-wide", "J2", "O", 1.2, work="W1", replaces="C2")
    assert ids(network(conduits=(*network().conduits, wide)).built(()).conduits) == ["C1", "C2"]


def test_names_follow_a_replaced_element_everywhere() -> None:
    pump = Pump(id="P", from_node="S", to_node="O", pump_type="type3", curve="small")
    rule = Rule(
        id="R",
        premises=(
            Premise(join="if", object="node", id="S", attribute="depth", relation=">", value=1.0),
        ),
        then=(Action(link="P", setting=1.0),),
        otherwise=(Action(link="P", setting=0.0),),
    )
    whole = network(
        storages=(basin("S"), basin("S-big", work="W1", replaces="S")),
        conduits=(pipe("C1", "J1", "S"),),
        pumps=(pump, pump.model_copy(update={"id": "P-big", "work": "W1", "replaces": "P"})),
        curves=(
            Curve(id="small", kind="pump", points=((0.0, 0.1),)),
            Curve(id="large", kind="pump", points=((0.0, 0.9),), work="W2", replaces="small"),
        ),
        inflows=(Inflow(node="S", baseline_m3s=0.1),),
        rules=(rule,),
    )
    built = whole.built(["W1", "W2"])
    assert ids(built.storages) == ["S-big"]
    assert built.conduits[0].to_node == "S-big"
    assert (built.pumps[0].id, built.pumps[0].from_node) == ("P-big", "S-big")
    assert built.pumps[0].curve == "large"
    assert built.inflows[0].node == "S-big"
    assert built.rules[0].premises[0].id == "S-big"
    assert [a.link for a in (*built.rules[0].then, *built.rules[0].otherwise)] == ["P-big"] * 2
    assert whole.built(()).rules == (rule,)


def test_names_follow_a_chain_of_replacements() -> None:
    whole = network(
        storages=(
            basin("S"),
            basin("S2", work="W1", replaces="S"),
            basin("S3", work="W2", replaces="S2"),
        ),
        conduits=(pipe("C1", "J1", "S"),),
    )
    assert whole.built(["W1", "W2"]).conduits[0].to_node == "S3"
    assert whole.built(["W1"]).conduits[0].to_node == "S2"


def test_a_section_follows_its_curve() -> None:
    custom = pipe("C1", "J1", "J2").model_copy(
        update={"section": CrossSection(kind="custom", depth_m=1.0, curve="K")}
    )
    whole = network(
        conduits=(custom,),
        curves=(
            Curve(id="K", kind="shape", points=((0.0, 1.0),)),
            Curve(id="L", kind="shape", points=((0.0, 2.0),), work="W1", replaces="K"),
        ),
    )
    assert whole.built(["W1"]).conduits[0].section.curve == "L"


def test_a_name_replaced_twice_stays_to_be_reported() -> None:
    whole = network(
        storages=(
            basin("S"),
            basin("A", work="W1", replaces="S"),
            basin("B", work="W1", replaces="S"),
        ),
        conduits=(pipe("C1", "J1", "S"),),
    )
    assert whole.built(["W1"]).conduits[0].to_node == "S"


def test_inflow_into_a_node_of_an_unbuilt_work_goes_with_it() -> None:
    whole = network(
        storages=(basin("S", work="W1"),),
        inflows=(Inflow(node="S", baseline_m3s=0.1), Inflow(node="J1", baseline_m3s=0.2)),
    )
    assert [flow.node for flow in whole.built(()).inflows] == ["J1"]
    assert [flow.node for flow in whole.built(["W1"]).inflows] == ["S", "J1"]


def test_an_unknown_work_is_named_with_those_there_are() -> None:
    with pytest.raises(InputErrors) as caught:
        network().built(["W1", "W9"])
    assert [error.value for error in caught.value.errors] == ["W9"]
    assert "W1, W2" in str(caught.value)


def test_nothing_changes_without_works() -> None:
    assert network().built(()) == network()
