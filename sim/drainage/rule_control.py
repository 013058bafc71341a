"""Control rules in force: what they read from the engine, and when they are looked at."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from sim.drainage.control_checks import ATTRIBUTES, normal_attribute
from sim.drainage.controls import Rules
from sim.drainage.elements import Outfall, Rule
from sim.drainage.equivalents import stored_volume, volume_at
from sim.drainage.native import LevelWatch, NativeEngine
from sim.drainage.network import Network
from sim.kernel.clock import Clock
from sim.kernel.errors import InputError

RULE = "rule"  # the purpose of a watch that is there for a premise

_JUST_AFTER_S = 1e-6  # a moment is judged as it begins: TIME > t holds at t
_JUST_BEYOND_M = 1e-9  # a level that is being crossed has been crossed
_DURATIONS = ("timeopen", "timeclosed")


class RuleControl:
    """Evaluates the rules of a network and hands on what they set.

    Rules are evaluated at every window of the drainage process, and at the moment when a level, a
    time or a duration that a premise names is reached. What they set is handed on every time,
    since a switch level may have changed it since. At the moment itself a premise sees the side
    that is being entered, so strict comparisons act there too.

    Parameters
    ----------
    set_link : callable
        Told (link id, setting) for each link that some rule decides.
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
        self._crossed: tuple[float, tuple[LevelWatch, ...]] = (-math.inf, ())
        curves = {curve.id: curve for curve in network.curves}
        self._basins = {s.id: stored_volume(s, curves) for s in network.storages}
        self._durations = [
            (premise.id, normal_attribute(premise.attribute), premise.value)
            for rule in network.rules
            for premise in rule.premises
            if normal_attribute(premise.attribute) in _DURATIONS and premise.value is not None
        ]
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
        return min(later[0] if later else math.inf, self.next_duration_s())

    def next_duration_s(self) -> float:
        """Return when a link will have been open or closed as long as a premise says."""
        later = math.inf
        for link, attribute, value in self._durations:
            if link in self._since:
                is_open, since = self._since[link]
                moment = since + value
                if is_open == (attribute == "timeopen") and moment > self._clock.now_s:
                    later = min(later, moment)
        return later

    def levels(self) -> list[LevelWatch]:
        """Return the levels to stop at, from both sides."""
        watches = []
        for trigger in self._levels:
            node = self._engine.node_index[trigger.node]
            depth = trigger.level_m
            if trigger.attribute == "head":
                depth -= float(self._engine.plant.invert_m[node])
            if depth > 0.0 and trigger.node not in self._outfalls:
                watches += [LevelWatch(trigger.node, depth, up, RULE) for up in (True, False)]
        return watches

    def apply(self, met: Sequence[LevelWatch] = ()) -> None:
        """Evaluate the rules now and set what they ask for.

        Parameters
        ----------
        met : sequence of LevelWatch
            Levels that are being crossed at this moment.
        """
        if not len(self.rules):
            return
        now = self._clock.now_s
        if met or self._crossed[0] != now:
            self._crossed = (now, tuple(met))
        self.note_open()
        settings = self.rules.evaluate(
            now + _JUST_AFTER_S, self._clock.calendar, self._read, step_s=4.0 * _JUST_AFTER_S
        )
        for link, setting in settings.items():
            self._set_link(link, setting)

    def note_open(self) -> None:
        """Note since when each link has been open or closed.

        A gate that takes its time is open until it has closed.
        """
        if not len(self.rules):
            return
        state, rate = self._engine.state, self._engine.plant.close_rate_s
        for link, i in self._engine.link_index.items():
            is_open = bool(state.target[i] > 0.0)
            if math.isfinite(rate[i]):
                is_open |= bool(state.setting[i] > 0.0)
            if link not in self._since or self._since[link][0] != is_open:
                self._since[link] = (is_open, self._clock.now_s)

    def _read(self, kind: str, name: str, attribute: str) -> float:
        state, plant = self._engine.state, self._engine.plant
        if kind == "node":
            i = self._engine.node_index[name]
            values: dict[str, Callable[[], float]] = {
                "depth": lambda: self._depth_m(name),
                "head": lambda: plant.invert_m[i] + self._depth_m(name),
                "volume": lambda: self._volume_m3(name),
                "inflow": lambda: state.lateral_m3s[i],
                "maxdepth": lambda: self._full[name],
            }
        elif kind == "link":
            i = self._engine.link_index[name]
            is_open, since = self._since[name]
            lasted = self._clock.now_s - since + _JUST_AFTER_S
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

    def _depth_m(self, node: str) -> float:
        for watch in self._crossed[1]:
            if watch.node == node:
                return watch.depth_m + (_JUST_BEYOND_M if watch.rising else -_JUST_BEYOND_M)
        i = self._engine.node_index[node]
        return float(self._engine.level_m()[i] - self._engine.plant.invert_m[i])

    def _volume_m3(self, node: str) -> float:
        """Return a basin's own volume, as SWMM reads it; a junction's with that of its pipes."""
        if node in self._basins:
            return volume_at(self._basins[node], self._depth_m(node))
        return float(self._engine.state.volume_m3[self._engine.node_index[node]])


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
