"""[CONTROLS] of an export."""

from __future__ import annotations

from sim.drainage.elements import Action, Premise, Rule
from sim.drainage.swmm.controls import date_of, hours_of
from sim.drainage.swmm.export import Export, refuse
from sim.drainage.swmm.sheet import item, time_text

_SECONDS = {"time", "clocktime", "timeopen", "timeclosed"}
_OWN_WORD = {"flow", "setting", "status", "timeopen", "timeclosed"}


def control_lines(export: Export) -> list[str]:
    """Return the lines of all rules, a blank line between them."""
    writer = _ControlWriter(export)
    return [line for rule in export.network.rules for line in (*writer.rule(rule), "")]


class _ControlWriter:
    def __init__(self, export: Export) -> None:
        n = export.network
        self.export = export
        self.words = {
            link.id: word
            for word, family in (
                ("CONDUIT", n.conduits), ("PUMP", n.pumps), ("ORIFICE", n.orifices),
                ("WEIR", n.weirs), ("OUTLET", n.outlets),
            )
            for link in family
        }  # fmt: skip

    def rule(self, rule: Rule) -> list[str]:
        lines = [f"RULE {item(rule.id)}"]
        lines += [self._premise(rule, premise) for premise in rule.premises]
        for word, actions in (("THEN", rule.then), ("ELSE", rule.otherwise)):
            for k, action in enumerate(actions):
                lines.append(f"{word if k == 0 else 'AND'} {self._action(rule, action)}")
        if rule.priority:
            lines.append(f"PRIORITY {item(rule.priority)}")
        return lines

    def _premise(self, rule: Rule, premise: Premise) -> str:
        left = self._variable(rule, premise.object, premise.id, premise.attribute)
        if premise.other_object:
            right = self._variable(
                rule, premise.other_object, premise.other_id, premise.other_attribute
            )
        elif premise.value is None:
            raise refuse(rule.id, "a premise compares with nothing")
        else:
            right = self._value(premise.attribute, premise.value)
        return f"{premise.join.upper()} {left} {premise.relation} {right}"

    def _variable(self, rule: Rule, kind: str, name: str, attribute: str) -> str:
        if kind == "simulation":
            return f"SIMULATION {attribute.upper()}"
        if kind == "gauge":
            word = "INTENSITY" if attribute == "intensity" else f"{hours_of(attribute)}-HR_PRECIP"
            return f"GAGE {item(name)} {word}"
        if kind == "node":
            return f"NODE {item(name)} {attribute.upper()}"
        if name not in self.words:
            raise refuse(rule.id, f"the rule names the link '{name}', which does not exist")
        own = attribute in _OWN_WORD and not (
            attribute == "status" and self.words[name] not in ("CONDUIT", "PUMP")
        )
        return f"{self.words[name] if own else 'LINK'} {item(name)} {attribute.upper()}"

    def _value(self, attribute: str, value: float) -> str:
        if attribute == "status":
            return "ON" if value else "OFF"
        if attribute in _SECONDS:
            return time_text(value)
        if attribute == "date":
            return date_of(value, self.export.options).strftime("%m/%d/%Y")
        return item(value)

    def _action(self, rule: Rule, action: Action) -> str:
        word = self.words.get(action.link)
        if word is None:
            raise refuse(rule.id, f"the rule sets the link '{action.link}', which does not exist")
        target = f"{word} {item(action.link)}"
        if word == "CONDUIT":
            if action.setting not in (0.0, 1.0):
                raise refuse(rule.id, "SWMM only opens or closes conduits")
            return f"{target} STATUS = {'OPEN' if action.setting else 'CLOSED'}"
        if action.curve:
            name = self.export.curve(action.curve, "CONTROL", self._abscissa(rule))
            return f"{target} SETTING = CURVE {item(name)}"
        if action.series:
            return f"{target} SETTING = TIMESERIES {item(action.series)}"
        return f"{target} SETTING = {item(action.setting)}"

    def _abscissa(self, rule: Rule) -> float:
        attribute = rule.premises[-1].attribute
        if attribute in ("timeopen", "timeclosed"):
            return 1 / 3600.0
        return 1 / 86400.0 if attribute in ("time", "clocktime", "date") else 1.0
