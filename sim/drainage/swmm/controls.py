"""[CONTROLS]: rules of premises and actions, values in SI.

Times (TIME, CLOCKTIME, TIMEOPEN, TIMECLOSED) are in seconds; DATE is seconds from midnight of the
day the run starts. A gauge's INTENSITY is in mm/h, its rain of the last n hours (``precip_nh``) in
mm. A control curve's abscissa is the value of the rule's last premise in the same SI unit.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

from sim.drainage.elements import Action, Premise, Rule
from sim.drainage.swmm.lexer import Row
from sim.drainage.swmm.options import SwmmOptions
from sim.drainage.swmm.reading import Reading, bad, keyword, made, match, number, text
from sim.drainage.swmm.tables import Book, Scale
from sim.drainage.swmm.times import parse_date, parse_number, parse_seconds

_CLAUSES = ("RULE", "IF", "AND", "OR", "THEN", "ELSE", "PRIORITY", "VARIABLE", "EXPRESSION")
_OBJECTS = ("GAGE", "NODE", "LINK", "CONDUIT", "PUMP", "ORIFICE", "WEIR", "OUTLET", "SIMULATION")
_ATTRIBUTES = (
    "DEPTH",
    "MAXDEPTH",
    "HEAD",
    "VOLUME",
    "INFLOW",
    "FLOW",
    "FULLFLOW",
    "FULLDEPTH",
    "STATUS",
    "SETTING",
    "LENGTH",
    "SLOPE",
    "VELOCITY",
    "TIMEOPEN",
    "TIMECLOSED",
    "TIME",
    "DATE",
    "CLOCKTIME",
    "DAYOFYEAR",
    "DAY",
    "MONTH",
)
_RELATIONS = ("=", "<>", "<", "<=", ">", ">=")
_LINK_TIMES = {"TIMEOPEN", "TIMECLOSED"}
_ALLOWED = {
    "NODE": {"DEPTH", "MAXDEPTH", "HEAD", "VOLUME", "INFLOW"},
    "LINK": {"STATUS", "DEPTH", "FULLFLOW", "FULLDEPTH", "FLOW", "LENGTH", "SLOPE", "VELOCITY"}
    | _LINK_TIMES,
    "PUMP": {"FLOW", "SETTING", "STATUS"} | _LINK_TIMES,
    "ORIFICE": {"FLOW", "SETTING"} | _LINK_TIMES,
    "SIMULATION": {"TIME", "DATE", "CLOCKTIME", "DAY", "MONTH", "DAYOFYEAR"},
}
_ALLOWED |= {"CONDUIT": _ALLOWED["LINK"], "WEIR": _ALLOWED["ORIFICE"]}
_ALLOWED |= {"OUTLET": _ALLOWED["ORIFICE"]}
_SECTION_OF = {"CONDUIT": "CONDUITS", "PUMP": "PUMPS", "ORIFICE": "ORIFICES", "WEIR": "WEIRS",
               "OUTLET": "OUTLETS"}  # fmt: skip
_STATES = {"OFF": 0.0, "ON": 1.0, "CLOSED": 0.0, "OPEN": 1.0}
_TIMES = {"TIME", "CLOCKTIME"} | _LINK_TIMES


@dataclass(frozen=True)
class _Variable:
    object: str  # node, link, gauge or simulation
    id: str
    attribute: str  # upper case, or PRECIP_nH


@dataclass
class _Draft:
    row: Row
    id: str
    state: str = "RULE"
    premises: list[Premise] = field(default_factory=list)
    last_attribute: str = ""
    then: list[Action] = field(default_factory=list)
    otherwise: list[Action] = field(default_factory=list)
    priority: float = 0.0


class ControlReader:
    """Reads [CONTROLS] line by line; every line is one clause."""

    def __init__(self, reading: Reading, options: SwmmOptions, curves: Book, series: Book) -> None:
        self.reading = reading
        self.options = options
        self.curves = curves
        self.series = series
        self.drafts: list[_Draft] = []
        self.variables: dict[str, _Variable] = {}

    def read(self) -> tuple[Rule, ...]:
        self.reading.each("CONTROLS", self._clause)
        rules = []
        for draft in self.drafts:
            if not draft.premises or not draft.then:
                self.reading.problems.append(
                    bad(draft.row, "the rule is incomplete", draft.id, "IF and THEN clauses")
                )
                continue
            rules.append(
                Rule(
                    id=draft.id, premises=tuple(draft.premises), then=tuple(draft.then),
                    otherwise=tuple(draft.otherwise), priority=draft.priority,
                )
            )  # fmt: skip
        return tuple(rules)

    def _clause(self, row: Row) -> None:
        word = keyword(row, 0, "the clause", _CLAUSES)
        text(row, 1, "what the clause says")
        if word == "VARIABLE":
            if len(row) < 5 or row[2] != "=":
                raise bad(row, "not a variable", row.text, "VARIABLE name = object id attribute")
            self.variables[row[1].upper()] = self._variable(row, 3)[0]
            return
        if word == "EXPRESSION":
            raise self.reading.unsupported(row, "a mathematical expression in control rules")
        if word == "RULE":
            name = self.reading.define("rule", row, row[1])
            self.drafts.append(_Draft(row, name))
            return
        if not self.drafts:
            raise bad(row, "a clause before the first rule", row.text, "RULE name")
        self._continue(row, word, self.drafts[-1])

    def _continue(self, row: Row, word: str, draft: _Draft) -> None:
        state = draft.state
        if word == "PRIORITY" and state in ("THEN", "ELSE"):
            draft.priority = number(row, 1, "the priority")
            draft.state = word
        elif word == "IF" and state == "RULE":
            draft.state = "IF"
            self._premise(row, "if", draft)
        elif word in ("AND", "OR") and state == "IF":
            self._premise(row, word.lower(), draft)
        elif (word == "THEN" and state == "IF") or (word == "ELSE" and state == "THEN"):
            draft.state = word
            self._action(row, draft)
        elif word == "AND" and state in ("THEN", "ELSE"):
            self._action(row, draft)
        else:
            raise bad(row, f"{word} cannot follow {state}", row.text,
                      "RULE, IF, AND/OR, THEN, AND, ELSE, AND, PRIORITY in this order")  # fmt: skip

    # --- premises --------------------------------------------------------------------------

    def _premise(self, row: Row, join: str, draft: _Draft) -> None:
        left, k = self._variable(row, 1)
        relation = text(row, k, "the relation")
        if relation not in _RELATIONS:
            raise bad(row, "the relation is unknown", relation, f"one of {' '.join(_RELATIONS)}")
        right = text(row, k + 1, "the value to compare with")
        fields: dict[str, object] = {}
        if right.upper() in self.variables or match(right, _OBJECTS):
            other, k = self._variable(row, k + 1)
            if other.object not in ("node", "link"):
                raise self.reading.unsupported(row, f"comparing with a {other.object}'s value")
            fields = {
                "other_object": other.object, "other_id": other.id,
                "other_attribute": other.attribute.lower(),
            }  # fmt: skip
        else:
            fields = {"value": self._value(row, k + 1, left.attribute)}
            k += 2
        if k < len(row) and match(row[k], _CLAUSES):
            raise bad(row, "two clauses on one line", row.text, "one clause per line")
        draft.last_attribute = left.attribute
        draft.premises.append(
            made(
                Premise,
                join=join,
                object=left.object,
                id=left.id,
                attribute=left.attribute.lower(),
                relation=relation,
                **fields,
            )
        )

    def _variable(self, row: Row, k: int) -> tuple[_Variable, int]:
        """Return the variable at token `k` and the index of the token behind it."""
        named = self.variables.get(text(row, k, "an object").upper())
        if named:
            return named, k + 1
        word = keyword(row, k, "the object", _OBJECTS)
        if word == "SIMULATION":
            attribute = self._attribute(row, k + 1, word)
            return _Variable("simulation", "", attribute), k + 2
        if word == "GAGE":
            gauge = self.reading.refer("gauge", row, k + 1)
            return _Variable("gauge", gauge, self._gauge_attribute(row, k + 2)), k + 3
        family = "node" if word == "NODE" else "link"
        name = self.reading.refer(family, row, k + 1)
        return _Variable(family, name, self._attribute(row, k + 2, word)), k + 3

    def _attribute(self, row: Row, k: int, word: str) -> str:
        token = text(row, k, "the attribute")
        # the longest keyword first: TIME would also match TIMEOPEN
        attribute = match(token, sorted(_ATTRIBUTES, key=len, reverse=True))
        if attribute is None or attribute not in _ALLOWED[word]:
            raise bad(
                row, f"{word} has no such attribute", token, ", ".join(sorted(_ALLOWED[word]))
            )
        return attribute

    def _gauge_attribute(self, row: Row, k: int) -> str:
        token = text(row, k, "the gauge's attribute").upper()
        if token.startswith("INTENSITY"):
            return "INTENSITY"
        hours = re.match(r"\d+", token)
        if not hours or not 1 <= int(hours[0]) <= 48:
            raise bad(row, "a gauge has no such attribute", token, "INTENSITY or nHR_PRECIP")
        return f"PRECIP_{int(hours[0])}H"

    def _value(self, row: Row, k: int, attribute: str) -> float:
        token = text(row, k, "the value to compare with")
        if attribute == "STATUS":
            return _STATES[keyword(row, k, "the status", _STATES)]
        if attribute in _TIMES:
            seconds = parse_seconds(token)
            if seconds is None:
                raise bad(row, "not a time", token, "h:mm:ss or decimal hours")
            return seconds
        if attribute == "DATE":
            date = parse_date(token)
            if date is None:
                raise bad(row, "not a date", token, "month/day/year")
            return (date - self.options.start.date()).total_seconds()
        if attribute == "DAYOFYEAR":
            date = parse_date(f"{token}/1947")
            if date is not None:
                return float(date.timetuple().tm_yday)
            return number(row, k, "the day of the year", minimum=1, maximum=365)
        if attribute in ("DAY", "MONTH"):
            most = 7 if attribute == "DAY" else 12
            return number(row, k, f"the {attribute.lower()}", minimum=1, maximum=most)
        return number(row, k, "the value to compare with") * self._factor(attribute)

    def _factor(self, attribute: str) -> float:
        """Return what turns a number of the file into the SI value of the attribute."""
        units = self.reading.units
        if attribute in ("DEPTH", "MAXDEPTH", "HEAD", "FULLDEPTH", "LENGTH", "VELOCITY"):
            return units.length_m
        if attribute in ("INFLOW", "FLOW", "FULLFLOW"):
            return units.flow_m3s
        if attribute == "VOLUME":
            return units.volume_m3
        if attribute == "INTENSITY" or attribute.startswith("PRECIP"):
            return units.rain_mm
        return 1.0

    # --- actions ---------------------------------------------------------------------------

    def _action(self, row: Row, draft: _Draft) -> None:
        word = keyword(row, 1, "the object", _OBJECTS[3:8])
        link = self.reading.refer("link", row, 2)
        if self.reading.link_kinds[link.upper()] != _SECTION_OF[word]:
            raise bad(row, f"the link is no {word}", link, f"a link of [{_SECTION_OF[word]}]")
        text(row, 5, "the setting")
        attribute = keyword(row, 3, "the attribute", ("STATUS", "SETTING"))
        if (word == "CONDUIT") != (attribute == "STATUS") and word != "PUMP":
            raise bad(row, f"a {word} has no such attribute", row[3],
                      "STATUS of conduits and pumps, SETTING of all but conduits")  # fmt: skip
        actions = draft.otherwise if draft.state == "ELSE" else draft.then
        if attribute == "STATUS":
            words = ("CLOSED", "OPEN") if word == "CONDUIT" else ("OFF", "ON")
            actions.append(Action(link=link, setting=_STATES[keyword(row, 5, "the status", words)]))
            return
        kind = match(row[5], ("CURVE", "TIMESERIES", "PID"))
        if kind == "PID":
            raise self.reading.unsupported(row, "PID control")
        if kind == "CURVE":
            curve = self.curves.tables[self.reading.refer("curve", row, 6)]
            scale = Scale("control", self._abscissa(draft), 1.0)
            actions.append(Action(link=link, curve=self.curves.use(self.reading, curve.id, scale)))
        elif kind == "TIMESERIES":
            series = self.series.use(
                self.reading, self.reading.refer("series", row, 6), Scale("setting")
            )
            actions.append(Action(link=link, series=series))
        else:
            most = None if word == "PUMP" else 1.0
            setting = number(row, 5, "the setting", minimum=0.0, maximum=most)
            actions.append(Action(link=link, setting=setting))
        end = 7 if kind else 6
        if end < len(row) and match(row[end], _CLAUSES):
            raise bad(row, "two clauses on one line", row.text, "one clause per line")

    def _abscissa(self, draft: _Draft) -> float:
        """Return the factor to SI of a control curve's abscissa: SWMM gives hours or days there."""
        if draft.last_attribute in _LINK_TIMES:
            return 3600.0
        if draft.last_attribute in ("TIME", "CLOCKTIME", "DATE"):
            return 86400.0
        return self._factor(draft.last_attribute)


def date_of(seconds: float, options: SwmmOptions) -> dt.date:
    """Return the date behind the SI value of a DATE premise."""
    return options.start.date() + dt.timedelta(seconds=seconds)


def hours_of(attribute: str) -> int:
    """Return n of ``precip_nh``."""
    found = parse_number(attribute.removeprefix("precip_").removesuffix("h"))
    return int(found or 0)
