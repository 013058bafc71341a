"""What a control rule may say: the attributes each kind of object has, and what an action needs."""

from __future__ import annotations

import re
from collections.abc import Collection

from sim.drainage.elements import Premise, Rule
from sim.drainage.findings import Finding
from sim.kernel.errors import did_you_mean

ATTRIBUTES: dict[str, frozenset[str]] = {
    "node": frozenset({"depth", "maxdepth", "head", "volume", "inflow"}),
    "link": frozenset(
        {
            "flow", "depth", "status", "setting", "timeopen", "timeclosed", "fullflow",
            "fulldepth", "length", "slope", "velocity",
        }
    ),
    "simulation": frozenset({"time", "clocktime", "date", "day", "month", "dayofyear"}),
    "gauge": frozenset({"intensity"}),
}  # fmt: skip
#: Rain depth (mm) of the past 1 to 48 hours.
_PAST_RAIN = re.compile(r"precip_([1-9]|[1-3][0-9]|4[0-8])h")
_DAY_S = 86400.0
_CLOCKS = frozenset({"time", "clocktime"})


def normal_attribute(attribute: str) -> str:
    """Return the attribute as rules compare it: in lower case."""
    return attribute.lower()


def gives_value(premise: Premise) -> bool:
    """Return whether a control curve can be looked up by the premise's left-hand value.

    As in SWMM, equality with a time of the simulation or the clock leaves no value behind; an
    order (``time > 3600``) does, and so does everything else.
    """
    timed = premise.object == "simulation" and normal_attribute(premise.attribute) in _CLOCKS
    return not (timed and premise.relation in ("=", "<>"))


def rule_findings(
    rule: Rule,
    curves: Collection[str] | None = None,
    series: Collection[str] | None = None,
) -> list[Finding]:
    """Return what is wrong with `rule` on its own.

    Parameters
    ----------
    curves, series
        The ids there are; None leaves names unchecked.
    """
    place = f"rules/{rule.id}"
    findings = []
    for i, premise in enumerate(rule.premises):
        findings += _premise_findings(premise, first=i == 0, where=f"{place}/premises[{i}]")
    for branch in ("then", "otherwise"):
        for i, action in enumerate(getattr(rule, branch)):
            where = f"{place}/{branch}[{i}]"
            given = [
                name for name in ("setting", "curve", "series") if getattr(action, name) is not None
            ]
            if len(given) != 1:
                findings.append(
                    Finding(
                        where,
                        "an action sets a link in exactly one way",
                        " and ".join(given) or "nothing",
                        "one of setting, curve, series",
                        "leave the others empty",
                    )
                )
            if action.setting is not None and action.setting < 0:
                findings.append(
                    Finding(
                        f"{where}/setting",
                        "a setting is negative",
                        action.setting,
                        "0 or more",
                        "0 is closed or off, 1 open or on",
                    )
                )
            for field, known in (("curve", curves), ("series", series)):
                value = getattr(action, field)
                if value is not None and known is not None and value not in known:
                    findings.append(
                        Finding(
                            f"{where}/{field}",
                            f"no {field} has this id",
                            value,
                            f"one of {', '.join(sorted(known))}" if known else f"no {field} at all",
                            did_you_mean(value, sorted(known)) or f"add the {field}",
                        )
                    )
            if action.curve is not None and not any(map(gives_value, rule.premises)):
                findings.append(
                    Finding(
                        f"{where}/curve",
                        "no premise of the rule gives a value to look the curve up by",
                        action.curve,
                        "a premise on a node, link or gauge, or an order of times",
                        "use a time series for a setting that depends on time alone",
                    )
                )
    return findings


def _premise_findings(premise: Premise, *, first: bool, where: str) -> list[Finding]:
    findings = []
    if first != (premise.join == "if"):
        findings.append(
            Finding(
                f"{where}/join",
                "the first premise starts with if, the others with and / or",
                premise.join,
                "if" if first else "and / or",
                "or binds tighter than and",
            )
        )
    sides = [("attribute", premise.object, premise.attribute)]
    if premise.value is None:
        if premise.other_object == "":
            findings.append(
                Finding(
                    f"{where}/value",
                    "the premise compares with nothing",
                    None,
                    "a value, or other_object, other_id and other_attribute",
                    "a comparison has two sides",
                )
            )
        else:
            sides.append(("other_attribute", premise.other_object, premise.other_attribute))
    elif premise.other_object or premise.other_id or premise.other_attribute:
        findings.append(
            Finding(
                f"{where}/value",
                "the premise compares with a value and with another object",
                premise.value,
                "one of the two",
                "leave the other empty",
            )
        )
    for field, kind, name in sides:
        attribute = normal_attribute(name)
        known = ATTRIBUTES[kind]
        if attribute in known or (kind == "gauge" and _PAST_RAIN.fullmatch(attribute)):
            continue
        findings.append(
            Finding(
                f"{where}/{field}",
                f"a {kind} has no such attribute",
                name,
                ", ".join(sorted(known)) + (", precip_1h to precip_48h" if kind == "gauge" else ""),
                did_you_mean(attribute, sorted(known)) or "attributes depend on the kind of object",
            )
        )
    if (
        normal_attribute(premise.attribute) == "clocktime"
        and premise.value is not None
        and not 0 <= premise.value <= _DAY_S
    ):
        findings.append(
            Finding(
                f"{where}/value",
                "not a time of day",
                premise.value,
                f"0 to {_DAY_S:g} s",
                "a clock time is in seconds since midnight",
            )
        )
    return findings
