"""Control rules in force: what they read from the engine, and when they are looked at."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from sim.drainage.control_checks import ATTRIBUTES, normal_attribute
from sim.drainage.controls import Rules
from sim.drainage.elements import Outfall, Rule
from sim.drainage.native import LevelWatch, NativeEngine
from sim.drainage.network import Network
from sim.kernel.clock import Clock
from sim.kernel.errors import InputError


class RuleControl:
    """Evaluates the rules of a network and hands changed settings on.

    Rules are evaluated at every window of the drainage process and at the moment a level named by
    a premise is crossed.

    Parameters
    ----------
    set_link : callable
        Told (link id, setting) for each setting that differs from the last one.
    """

    def __init__(
        self,
        network: Network,
        engine: NativeEngine,
        clock: Clock,
        set_link: Callable[[str, float], None],
    ) -> None:
        self.rules = Rules(network.rules, network.curves, network.series)
        _refuse_unread(network.rules)
        self._engine = engine
        self._clock = clock
        self._set_link = set_link
        self._full = {n.id: getattr(n, "max_depth_m", 0.0) for n in network.nodes}
        self._outfalls = {n.id for n in network.nodes if isinstance(n, Outfall)}
        self._last: dict[str, float] = {}
        self._since: dict[str, tuple[bool, float]] = {}  # link: is open, since when
        self._levels = self.rules.level_triggers()

    def next_time_s(self) -> float:
        """Return the next moment a premise on time may change, or infinity."""
        if not len(self.rules):
            return math.inf
        now = self._clock.now_s
        later = [
            t for t in self.rules.time_triggers(now + 86400.0, self._clock.calendar) if t > now
        ]
        return later[0] if later else math.inf

    def levels(self) -> list[LevelWatch]:
        """Return the levels to stop at, from both sides."""
        watches = []
        for trigger in self._levels:
            node = self._engine.node_index[trigger.node]
            depth = trigger.level_m
            if trigger.attribute == "head":
                depth -= float(self._engine.plant.invert_m[node])
            if depth > 0.0 and trigger.node not in self._outfalls:
                watches += [LevelWatch(trigger.node, depth, up, "rule") for up in (True, False)]
        return watches

    def apply(self) -> None:
        """Evaluate the rules now and set what they ask for."""
        if not len(self.rules):
            return
        self._note_open()
        settings = self.rules.evaluate(self._clock.now_s, self._clock.calendar, self._read)
        for link, setting in settings.items():
            if self._last.get(link) != setting:
                self._last[link] = setting
                self._set_link(link, setting)

    def _note_open(self) -> None:
        for link, i in self._engine.link_index.items():
            is_open = bool(self._engine.state.setting[i] > 0.0)
            if link not in self._since or self._since[link][0] != is_open:
                self._since[link] = (is_open, self._clock.now_s)

    def _read(self, kind: str, name: str, attribute: str) -> float:
        state, plant = self._engine.state, self._engine.plant
        if kind == "node":
            i = self._engine.node_index[name]
            values: dict[str, Callable[[], float]] = {
                "depth": lambda: state.depth_m[i],
                "head": lambda: self._engine.level_m()[i],
                "volume": lambda: state.volume_m3[i],
                "inflow": lambda: state.lateral_m3s[i],
                "maxdepth": lambda: self._full[name],
            }
        elif kind == "link":
            i = self._engine.link_index[name]
            is_open, since = self._since[name]
            lasted = self._clock.now_s - since
            values = {
                "flow": lambda: state.flow_m3s[i],
                "status": lambda: state.setting[i],
                "setting": lambda: state.setting[i],
                "timeopen": lambda: lasted if is_open else math.nan,
                "timeclosed": lambda: math.nan if is_open else lasted,
                "length": lambda: plant.length_m[i],
            }
        else:
            raise KeyError(kind)
        return float(values[attribute]())


_READ = {
    "node": frozenset({"depth", "head", "volume", "inflow", "maxdepth"}),
    "link": frozenset({"flow", "status", "setting", "timeopen", "timeclosed", "length"}),
    "simulation": ATTRIBUTES["simulation"],
    "gauge": frozenset[str](),
}


def _refuse_unread(rules: Sequence[Rule]) -> None:
    for rule in rules:
        for premise in rule.premises:
            for kind, attribute in (
                (premise.object, premise.attribute),
                (premise.other_object, premise.other_attribute),
            ):
                if kind and normal_attribute(attribute) not in _READ[kind]:
                    raise InputError(
                        f"the native engine does not read a {kind}'s {attribute} for rules",
                        where=f"rules/{rule.id}",
                        value=attribute,
                        expected=", ".join(sorted(_READ[kind])) or "no premise on a gauge",
                        hint="run it with --engine swmm",
                    )
