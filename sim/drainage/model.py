"""A drainage network on the clock: windows of rain and runoff, hydraulics between events."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import numpy as np
import simpy

from sim.drainage.emergency import Emergency
from sim.drainage.emergency_posts import PURPOSE as TRUCKS
from sim.drainage.forcing import NodeInflows, RainBlocks, river_stage
from sim.drainage.inputs import DrainageInputs
from sim.drainage.kpis import EVERYWHERE
from sim.drainage.native import LevelWatch, NativeEngine
from sim.drainage.pumps import PumpStation, operate_gate
from sim.drainage.rule_control import RULE, RuleControl
from sim.drainage.runoff import Runoff
from sim.drainage.street_depths import StreetDepths
from sim.kernel.system import Run

_RUNOFF_SLOWS_S = 3600.0  # after rain: from then on runoff changes little in a report step

Process = Generator[simpy.Event, object, None]


class DrainageRun:
    """One run of one network with the native engine.

    The hydraulics run ahead of the clock only to the next event of any system, so nothing that
    happens can come too late for them; crossings found on the way are told at their own moment.
    """

    def __init__(self, inputs: DrainageInputs, run: Run) -> None:
        spec, network = inputs.spec, inputs.network
        self._spec = spec
        self._run = run
        self._clock = run.clock
        self.engine = NativeEngine(
            network,
            waterlogged_depth_m=spec.waterlogged_depth_m,
            manhole_area_m2=inputs.manhole_area_m2,
            basins_surcharge=inputs.basins_surcharge,
        )
        engine, env = self.engine, run.clock.env
        self._rain = RainBlocks(inputs.rain, run.clock, run.recorder, run.horizon_s)
        self._runoff = Runoff(network, engine.node_index)
        gauge = {name: i for i, name in enumerate(self._rain.gauges)}
        self._gauge_of = np.array([gauge[s.gauge] for s in network.subcatchments], dtype=np.int64)
        series = {s.id: s.points for s in network.series}
        self._inflows = NodeInflows(network.inflows, series, engine.node_index)
        self._pumps = PumpStation(network.pumps, engine, run.clock, run.recorder)
        self._pump_ids = {pump.id for pump in network.pumps}
        self._rules = RuleControl(network, engine, run.clock, self._set_by_rule)
        self._held: set[str] = set()  # links set by hand
        self._inflow_m3, self._withdraws = 0.0, False
        self._recording = _Recording(inputs, run, engine, self._rain)
        self._street_depths = StreetDepths(inputs.points, engine, run.signals)
        self._emergency: Emergency | None = None
        if inputs.emergency is not None:
            self._emergency = Emergency(inputs.emergency, network, engine, run)

        for knots, outfalls in inputs.stages:
            env.process(river_stage(run.clock, run.recorder, knots, outfalls, engine.set_stage))
        if spec.pump_failures is not None:
            for pump in network.pumps:
                env.process(self._pumps.failing(pump.id, spec.pump_failures, run.streams))
        for cut in spec.power_cuts:
            env.process(self._pumps.power_cut(cut))
        for operation in spec.gate_operations:
            env.process(operate_gate(operation, run.clock, run.recorder, self._set_by_hand))
        env.process(self._work())

    def _set_by_rule(self, link: str, setting: float) -> None:
        if link in self._pump_ids:
            self._pumps.call(link, setting)
        elif link not in self._held:
            self.engine.set_target(link, setting)

    def _set_by_hand(self, link: str, setting: float) -> None:
        self._held.add(link)
        if link in self._pump_ids:
            self._pumps.hold(link, setting)
        else:
            self.engine.set_target(link, setting)

    def _control(self, met: Sequence[LevelWatch] = ()) -> None:
        """Let the pumps' levels and then the rules decide, as SWMM does at each of its steps.

        Parameters
        ----------
        met : sequence of LevelWatch
            Levels that are being crossed at this moment.
        """
        self._pumps.check_levels()
        for watch in met:
            if watch.purpose == TRUCKS and self._emergency is not None:
                self._emergency.posts.check_levels()
            elif watch.purpose not in (TRUCKS, RULE):
                self._pumps.switch(watch)
        self._rules.apply(met)
        self._pumps.settle()
        self._rules.note_open()

    # -- the process -------------------------------------------------------------------------

    def _work(self) -> Process:
        clock, horizon_s = self._clock, self._run.horizon_s
        yield clock.settled(0.0)
        self._control()
        self._report()
        next_report_s = self._spec.report_step_s
        while clock.now_s < horizon_s:
            self._control()
            now = clock.now_s
            end = min(now + self._window_s(), next_report_s, clock.env.peek(), horizon_s)
            end = min(end, self._rules.next_time_s(), self._inflows.next_change_s(clock))
            if end <= now:  # another system still acts at this moment
                yield clock.settled(now)
                continue
            lateral = self._inflow_of_window(now, end)
            yield from self._advance(end, lateral)
            if clock.now_s >= next_report_s or clock.now_s >= horizon_s:
                self._report()
                next_report_s += self._spec.report_step_s
        self._close()

    def _report(self) -> None:
        """Record this moment, and tell others how deep the streets are."""
        self._recording.sample(self._clock.now_s)
        self._street_depths.publish()
        if self._emergency is not None:
            self._emergency.sample(self._clock.now_s)
            self._emergency.look()

    def _window_s(self) -> float:
        """Return how long runoff may be held constant: short while it changes quickly."""
        since_rain_s = self._clock.now_s - self._rain.last_end_s
        dry = not self._rain.intensity_mm_h.any() and since_rain_s >= _RUNOFF_SLOWS_S
        return self._spec.report_step_s if dry else self._spec.runoff_step_s

    def _inflow_of_window(self, start_s: float, end_s: float) -> np.ndarray:
        dt = end_s - start_s
        lateral = self._inflows.mean_m3s(start_s, end_s, self._clock, len(self.engine.node_ids))
        self._inflow_m3 += float(lateral.clip(min=0.0).sum()) * dt
        self._withdraws |= bool((lateral < 0.0).any())
        if self._gauge_of.size:
            lateral += self._runoff.step(self._rain.intensity_mm_h[self._gauge_of], dt)
        return lateral

    def _advance(self, end_s: float, lateral_m3s: np.ndarray) -> Process:
        """Run the hydraulics to `end_s`, stopping the clock at every switch and crossing."""
        clock, recorder = self._clock, self._run.recorder
        trucks = None if self._emergency is None else self._emergency.posts
        while clock.now_s < end_s:
            watches = [*self._pumps.levels(), *self._rules.levels()]
            until_s, began_s = min(end_s, self._rules.next_duration_s()), self.engine.time_s
            if trucks is None:
                self.engine.set_lateral(lateral_m3s)
            else:
                # a truck that has just stopped may act again before the window ends
                until_s = min(until_s, clock.env.peek())
                if until_s <= began_s:
                    yield clock.settled(clock.now_s)
                    continue
                watches += trucks.levels()
                self.engine.set_lateral(lateral_m3s + trucks.lateral_m3s)
            self.engine.watch(watches)
            met, crossings = self.engine.advance(until_s)
            if trucks is not None:
                trucks.book(self.engine.time_s - began_s)
            for time_s, node, rising in crossings:
                yield clock.settled(time_s)
                kind = "waterlogged" if rising else "drained"
                recorder.event(time_s, "drainage", kind, node)
                self._run.signals.publish("street_waterlogged", node, rising)
            yield clock.settled(self.engine.time_s)
            if met or clock.now_s < end_s:
                self._control(met)

    # -- the end -------------------------------------------------------------------------------

    def _close(self) -> None:
        state, runoff = self.engine.state, self._runoff.totals()
        peak_m = self.engine.ponded_peak_m()
        for i in np.flatnonzero(peak_m > 0.0):
            self._run.recorder.event(
                float(state.max_depth_s[i]), "drainage", "peak_depth",
                self.engine.node_ids[i], float(peak_m[i]),
            )  # fmt: skip
        ledger = self._run.ledger("water", "m3")
        ledger.opening("network", self.engine.opening_m3)
        ledger.inflow("rain", runoff.rain)
        ledger.inflow("inflows", self._inflow_m3)
        ledger.inflow("river_backflow", float(state.back_m3.sum()))
        ledger.outflow("infiltration", runoff.infiltration)
        ledger.outflow("runoff_elsewhere", runoff.elsewhere)
        ledger.outflow("outfalls", float(state.out_m3.sum()))
        ledger.outflow("overflow_lost", float(state.overflow_m3.sum()))
        if self._withdraws:  # what was there to be withdrawn, which may be less than asked for
            taken = self._inflow_m3 + runoff.runoff - float(state.lateral_m3.sum())
            if self._emergency is not None:
                taken -= self._emergency.posts.away_m3
            ledger.outflow("withdrawals", taken)
        if self._emergency is not None:
            self._emergency.close(ledger)
        ledger.closing("surface", runoff.storage)
        ledger.closing("ponded", float(self.engine.ponded_volume_m3().sum()))
        stored = state.volume_m3 - self.engine.ponded_volume_m3()
        ledger.closing("network", float(stored.sum()))


class _Recording:
    """The series of a run, sampled on the report grid."""

    def __init__(
        self, inputs: DrainageInputs, run: Run, engine: NativeEngine, rain: RainBlocks
    ) -> None:
        network = inputs.network
        self._engine, self._rain = engine, rain
        nodes, links = engine.node_ids, engine.link_ids
        self._points = np.array([engine.node_index[p.id] for p in inputs.points], dtype=np.int64)
        self._outfalls = np.array(
            [engine.node_index[o.id] for o in network.outfalls], dtype=np.int64
        )
        named = [*(zone.id for zone in network.zones), *(point.zone for point in inputs.points)]
        zones = list(dict.fromkeys(named))
        zones = zones or [EVERYWHERE]
        self._zone_of = np.array([zones.index(p.zone) for p in inputs.points], dtype=np.int64)
        self._zones = len(zones)
        new = run.recorder.series
        points = [p.id for p in inputs.points]
        outfalls = [o.id for o in network.outfalls]
        self._ponded = new("drainage", "ponded_depth", "m", points)
        self._depth = new("drainage", "node_depth", "m", nodes)
        self._volume = new("drainage", "ponded_volume", "m3", [*zones, "total"])
        self._outflow = new("drainage", "outfall_flow", "m3/s", outfalls)
        self._flow = new("drainage", "link_flow", "m3/s", links)
        self._rainfall = new("drainage", "rain", "mm/h", list(rain.gauges))
        self._stage = new("drainage", "stage", "m", outfalls)
        self._lateral = new("drainage", "lateral_inflow", "m3/s", nodes)
        self._lateral_m3 = np.zeros(len(nodes))
        self._sampled_s = 0.0

    def sample(self, time_s: float) -> None:
        engine, state = self._engine, self._engine.state
        ponded_m3 = engine.ponded_volume_m3()[self._points]
        by_zone = np.bincount(self._zone_of, weights=ponded_m3, minlength=self._zones)
        level = engine.level_m()
        self._ponded.append(time_s, engine.ponded_depth_m()[self._points])
        self._depth.append(time_s, level - engine.plant.invert_m)
        self._volume.append(time_s, np.append(by_zone, ponded_m3.sum()))
        self._outflow.append(time_s, state.net_m3s[self._outfalls])
        self._flow.append(time_s, state.flow_m3s)
        self._rainfall.append(time_s, self._rain.intensity_mm_h)
        self._stage.append(time_s, level[self._outfalls])
        # the mean since the last sample, so that the series carries every drop
        span = time_s - self._sampled_s
        mean = (state.lateral_m3 - self._lateral_m3) / span if span > 0 else state.lateral_m3s
        self._lateral.append(time_s, mean)
        self._lateral_m3, self._sampled_s = state.lateral_m3.copy(), time_s
