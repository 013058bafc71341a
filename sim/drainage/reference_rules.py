"""What hands, power cuts and failures do in a run, as control rules for SWMM.

As in the native engine: a hand setting holds, over rules and switch levels, until the link's next
one; a pump that is cut off or broken stands still; when it can run again it runs if it was called
for when it stopped and nothing has called it off since. SWMM forgets what a stopped pump was
called for, so a rule of least priority turns on again what has been closed no longer than the
outage, and a rule of the network or the pump's own shutoff level may have it otherwise.
"""

from __future__ import annotations

import numpy as np

from sim.drainage.elements import Action, Premise, Rule
from sim.drainage.inputs import DrainageInputs
from sim.kernel.recorder import Record

_Window = tuple[float, float]  # from, to, s


def scenario_rules(inputs: DrainageInputs, record: Record | None, step_s: float) -> list[Rule]:
    """Return what hands set, and what power cuts and the failures of a run stop, as rules.

    Parameters
    ----------
    record : Record, optional
        The run whose pump failures count.
    step_s : float
        Longest time between two evaluations of the rules.
    """
    own = [rule.priority for rule in inputs.network.rules]
    least, most = min([0.0, *own]) - 1.0, max([0.0, *own])
    rules = _set_by_hand(inputs, most + 1.0)
    for pump in inputs.network.pumps:
        for k, (begin, end) in enumerate(_union(_outages(inputs, record, pump.id))):
            name = f"outage{k}:{pump.id}"
            stop = (Action(link=pump.id, setting=0.0),)
            rules.append(
                Rule(id=name, premises=_from_to(begin, end), then=stop, priority=most + 2.0)
            )
            if not np.isfinite(end) or (begin <= 0.0 and not pump.initially_on):
                continue
            premises = _from_to(end, end + 2.0 * step_s)
            if begin > 0.0:  # at the start SWMM counts every closed pump as closed just now
                premises += (_closed_for(pump.id, end - begin + 2.0 * step_s),)
            again = (Action(link=pump.id, setting=1.0),)
            rules.append(Rule(id=f"after:{name}", premises=premises, then=again, priority=least))
    return rules


def _set_by_hand(inputs: DrainageInputs, priority: float) -> list[Rule]:
    rules = []
    order = sorted(enumerate(inputs.spec.gate_operations), key=lambda one: one[1].at_h)
    for place, (k, operation) in enumerate(order):
        later = [o.at_h * 3600.0 for _, o in order[place + 1 :] if o.link == operation.link]
        begin, end = operation.at_h * 3600.0, later[0] if later else np.inf
        if begin < end:
            action = Action(link=operation.link, setting=operation.setting)
            rules.append(
                Rule(
                    id=f"hand{k}", premises=_from_to(begin, end), then=(action,), priority=priority
                )
            )
    return rules


def _outages(inputs: DrainageInputs, record: Record | None, pump: str) -> list[_Window]:
    windows = [
        (cut.starts_at_h * 3600.0, (cut.starts_at_h + cut.lasts_h) * 3600.0)
        for cut in inputs.spec.power_cuts
        if not cut.pumps or pump in cut.pumps
    ]
    if record is None:
        return windows
    events = record.events
    mine = events[(events["entity"] == pump) & (events["system"] == "drainage")]
    failed = mine[mine["kind"] == "pump_failed"]["time_s"].tolist()
    repaired = mine[mine["kind"] == "pump_repaired"]["time_s"].tolist()
    repaired += [np.inf] * (len(failed) - len(repaired))
    return [*windows, *zip(failed, repaired, strict=True)]


def _union(windows: list[_Window]) -> list[_Window]:
    """Return the windows in order of time, those that touch or overlap as one."""
    joined: list[_Window] = []
    for begin, end in sorted(windows):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return joined


def _from_to(begin_s: float, end_s: float) -> tuple[Premise, ...]:
    premises = [_time("if", ">=", begin_s)]
    if np.isfinite(end_s):
        premises.append(_time("and", "<", end_s))
    return tuple(premises)


def _closed_for(pump: str, most_s: float) -> Premise:
    return Premise(
        join="and", object="link", id=pump, attribute="timeclosed", relation="<=", value=most_s
    )


def _time(join: str, relation: str, time_s: float) -> Premise:
    return Premise.model_validate(
        {"join": join, "object": "simulation", "attribute": "time", "relation": relation,
         "value": float(time_s)}
    )  # fmt: skip
