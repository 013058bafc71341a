"""Pumps on the clock: switch levels, failures and repairs, power cuts, hand settings."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence

import simpy

from sim.drainage.elements import Pump
from sim.drainage.native import LevelWatch, NativeEngine
from sim.drainage.spec import GateOperation, PowerCut, PumpFailures
from sim.kernel.clock import Clock
from sim.kernel.recorder import Recorder
from sim.kernel.streams import Streams

Process = Generator[simpy.Event, object, None]


class PumpStation:
    """All pumps of a network: what each is meant to do, and whether it can.

    A pump runs when it is called for (by its switch levels, a rule or a hand), sound (not under
    repair) and powered. Switch levels are watched by the engine, so a switch happens at the
    moment its level is reached. Rules come after switch levels and override them, as in SWMM; a
    hand setting overrides both until the next one.

    A pump that cannot run is still called for or not: what called for it when it stopped holds
    until its levels, a rule or a hand say otherwise, so that it resumes when it can.
    """

    def __init__(
        self, pumps: Sequence[Pump], engine: NativeEngine, clock: Clock, recorder: Recorder
    ) -> None:
        self._pumps = {pump.id: pump for pump in pumps}
        self._engine = engine
        self._clock = clock
        self._recorder = recorder
        self._called = {pump.id: float(pump.initially_on) for pump in pumps}
        self._broken: set[str] = set()
        self._cut: dict[str, int] = dict.fromkeys(self._pumps, 0)
        self._held: set[str] = set()  # by hand: neither levels nor rules act on them
        self._running: set[str] = set()
        self._changed = {pump.id: clock.env.event() for pump in pumps}
        for name in self._pumps:
            self._apply(name)

    # -- switching -----------------------------------------------------------------------------

    def call(self, name: str, setting: float) -> None:
        """Ask a pump to run at a speed, 0 to stop; `settle` makes it so."""
        if name not in self._held:
            self._called[name] = setting

    def hold(self, name: str, setting: float) -> None:
        """Set a pump by hand: until the next time, whatever its levels and the rules say."""
        self._held.add(name)
        self._called[name] = setting
        self._apply(name)

    def settle(self) -> None:
        """Switch the pumps to what they were last asked for."""
        for name in self._pumps:
            self._apply(name)

    def _apply(self, name: str) -> None:
        able = name not in self._broken and not self._cut[name]
        setting = self._called[name] if able else 0.0
        self._engine.set_target(name, setting)
        runs, ran = setting > 0.0, name in self._running
        if runs == ran:
            return
        (self._running.add if runs else self._running.remove)(name)
        self._recorder.event(
            self._clock.now_s, "drainage", "pump_on" if runs else "pump_off", name, setting
        )
        self._changed[name].succeed()
        self._changed[name] = self._clock.env.event()

    def levels(self) -> list[LevelWatch]:
        """Return the switch levels that could be met next."""
        watches = []
        for pump in self._pumps.values():
            if pump.id in self._held:
                continue
            on = self._called[pump.id] > 0.0
            if not on and pump.startup_depth_m > 0.0:
                watches.append(
                    LevelWatch(pump.from_node, pump.startup_depth_m, True, f"start {pump.id}")
                )
            if on and pump.shutoff_depth_m > 0.0:
                watches.append(
                    LevelWatch(pump.from_node, pump.shutoff_depth_m, False, f"stop {pump.id}")
                )
        return watches

    def switch(self, watch: LevelWatch) -> None:
        """Ask for what a met switch level asks for."""
        verb, name = watch.purpose.split(" ", 1)
        self.call(name, 1.0 if verb == "start" else 0.0)

    def check_levels(self) -> None:
        """Ask for what levels ask that are beyond a switch level, as before any rule in SWMM."""
        for pump in self._pumps.values():
            depth = self._engine.state.depth_m[self._engine.node_index[pump.from_node]]
            on = self._called[pump.id] > 0.0
            if not on and pump.startup_depth_m > 0.0 and depth >= pump.startup_depth_m:
                self.call(pump.id, 1.0)
            elif on and pump.shutoff_depth_m > 0.0 and depth <= pump.shutoff_depth_m:
                self.call(pump.id, 0.0)

    # -- what goes wrong -----------------------------------------------------------------------

    def failing(self, name: str, failures: PumpFailures, streams: Streams) -> Process:
        """Fail after an exponential running time, be repaired after a lognormal time, again."""
        lifetimes = streams.generator(name, "pump_failure")
        repairs = streams.generator(name, "pump_repair")
        env = self._clock.env
        while True:
            left_s = lifetimes.exponential(failures.mean_time_to_failure_h) * 3600.0
            while True:
                if name not in self._running:
                    yield self._changed[name]
                    continue
                began, end = env.now, env.timeout(left_s)
                yield end | self._changed[name]
                if end.processed:
                    break
                left_s = max(left_s - (env.now - began), 0.0)
            self._broken.add(name)
            self._recorder.event(env.now, "drainage", "pump_failed", name)
            self._apply(name)
            spread = failures.repair_spread
            hours = failures.median_repair_h * math.exp(spread * repairs.standard_normal())
            yield env.timeout(hours * 3600.0)
            self._broken.discard(name)
            self._recorder.event(env.now, "drainage", "pump_repaired", name, hours)
            self._apply(name)

    def power_cut(self, cut: PowerCut) -> Process:
        """Take the power from the named pumps (all, if none is named) for a while."""
        env = self._clock.env
        names = cut.pumps or tuple(self._pumps)
        yield env.timeout(cut.starts_at_h * 3600.0)
        for name in names:
            self._cut[name] += 1
            self._recorder.event(env.now, "drainage", "power_cut", name)
            self._apply(name)
        yield env.timeout(cut.lasts_h * 3600.0)
        for name in names:
            self._cut[name] -= 1
            self._recorder.event(env.now, "drainage", "power_back", name)
            self._apply(name)


def operate_gate(
    operation: GateOperation,
    clock: Clock,
    recorder: Recorder,
    set_link: Callable[[str, float], None],
) -> Process:
    """Set a link by hand at its moment; the setting holds until the link's next operation."""
    yield clock.env.timeout(operation.at_h * 3600.0)
    recorder.event(clock.now_s, "drainage", "gate", operation.link, operation.setting)
    set_link(operation.link, operation.setting)
