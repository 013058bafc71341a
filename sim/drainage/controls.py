"""Control rules: which link gets which setting, given levels, flows and the time.

The meaning is that of EPA SWMM 5.2 (reference manual volume I, chapter on control rules, and user's
manual, appendix on control rules):

- Premises are joined from left to right. OR is tried only while the result so far is false; the
  first AND after a false result ends the rule as false. So OR binds tighter than AND:
  ``A and B or C`` means ``A and (B or C)``, and ``A or B and C`` means ``(A or B) and C``.
- Every rule yields its THEN actions or its ELSE actions. Among actions on the same link the highest
  priority wins, and the rule filed first among equals; within one rule, the action filed last.
- ``=`` and ``<>`` on times compare within half an evaluation step; everything else is exact.
- A premise about something that has no value at the moment (how long a closed gate has been open)
  is false.
- A CURVE setting looks up the left-hand value of the rule's last evaluated premise, apart from
  equality with simulation time or clock time, which leaves no value behind; a TIMESERIES setting
  is linear in elapsed time. Both hold their first and last value outside their points.

One deviation, for the sake of runs that resume bit-identically: SWMM remembers the controlled value
from whatever rule it evaluated before; here it never crosses from one rule to another. If no such
premise was reached, the rule's last one is read; without a value the action is left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Literal, NamedTuple, cast

import numpy as np

from sim.drainage.control_checks import gives_value, normal_attribute, rule_findings
from sim.drainage.elements import Action, Curve, Premise, Rule, Series
from sim.kernel.errors import InputErrors
from sim.kernel.schema import Pairs

#: ``read(object, id, attribute)``: object "node", "link" or "gauge"; NaN where there is no value.
Read = Callable[[str, str, str], float]
#: ``calendar(time_s)``: the zone-aware local time of an elapsed time.
Calendar = Callable[[float], datetime]

#: Half-width (s) of the window of ``=`` on times when the engine lands on the moment itself.
LANDING_TOLERANCE_S = 1e-6
_TIMES = frozenset({"time", "clocktime", "timeopen", "timeclosed"})
_SECONDS_PER_DAY = 86400.0


class LevelTrigger(NamedTuple):
    """A water level (m; above the invert for depth) at which some premise may change."""

    node: str
    attribute: Literal["depth", "head"]
    level_m: float


class Rules:
    """The control rules of one network, ready to be evaluated.

    Holds no state: the settings depend on the arguments of `evaluate` alone.

    Units: depth, head, maxdepth, fulldepth, length in m; volume m3; flow, inflow, fullflow m3/s;
    velocity m/s; time, clocktime (since midnight), timeopen, timeclosed in s; date in s from the
    midnight before the start to that of the day; day 1 (Sunday) to 7; month 1 to 12; dayofyear 1 to
    366; a gauge's intensity mm/h, precip_1h to precip_48h in mm. Control curves have the premise's
    unit as abscissa.

    Parameters
    ----------
    rules
        In the order they were filed.
    curves, series
        What CURVE and TIMESERIES settings refer to.

    Raises
    ------
    InputErrors
        A rule names a curve or series that is not there, an attribute its object does not have, or
        sets a curve without any premise to look it up by.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        curves: Iterable[Curve] = (),
        series: Iterable[Series] = (),
    ) -> None:
        self._curves = {curve.id: _columns(curve.points) for curve in curves}
        self._series = {one.id: _columns(one.points) for one in series}
        findings = [f for rule in rules for f in rule_findings(rule, self._curves, self._series)]
        if findings:
            raise InputErrors([finding.error() for finding in findings])
        self._rules = tuple(rules)

    def __len__(self) -> int:
        return len(self._rules)

    def evaluate(
        self, time_s: float, calendar: Calendar, read: Read, *, step_s: float = 0.0
    ) -> dict[str, float]:
        """Return the setting of every link that some rule decides at this moment.

        Parameters
        ----------
        time_s
            Elapsed simulation time.
        calendar
            Local time of an elapsed time.
        read
            Current values; called as ``read(object, id, attribute)``, the attribute in lower case.
        step_s
            Time between evaluations, for ``=`` and ``<>`` on times: an engine on a grid passes its
            step, one that lands on `time_triggers` passes 0.

        Returns
        -------
        dict
            Settings by link id: 0 closed or off, 1 open or on. Links no rule decides are absent.
        """
        moment = _Moment(time_s, calendar, read, max(step_s / 2.0, LANDING_TOLERANCE_S))
        chosen: dict[str, tuple[float, float]] = {}
        for rule in self._rules:
            holds, controlled = _holds(rule.premises, moment)
            # Reversed: within one rule SWMM lets the action filed last win.
            for action in reversed(rule.then if holds else rule.otherwise):
                if action.link in chosen and chosen[action.link][0] >= rule.priority:
                    continue
                setting = self._setting(action, rule, controlled, moment)
                if not math.isnan(setting):
                    chosen[action.link] = (rule.priority, setting)
        return {link: setting for link, (_, setting) in chosen.items()}

    def level_triggers(self) -> list[LevelTrigger]:
        """Return the node levels that premises compare with a number, without repeats.

        An engine that lands on them should land on or just beyond the level, so that a strict
        comparison has changed when it evaluates the rules.
        """
        triggers = {
            LevelTrigger(
                premise.id,
                cast(Literal["depth", "head"], normal_attribute(premise.attribute)),
                premise.value,
            ): None
            for rule in self._rules
            for premise in rule.premises
            if premise.object == "node"
            and normal_attribute(premise.attribute) in ("depth", "head")
            and premise.value is not None
        }
        return list(triggers)

    def time_triggers(self, horizon_s: float, calendar: Calendar | None = None) -> list[float]:
        """Return the times (s, ascending, 0 to `horizon_s`) at which a premise on time may change.

        Without `calendar` only simulation times count; with it also clock times of every day and,
        for premises on date, day, month or day of year, every midnight. A strict comparison (``>``,
        ``<=``) changes just after its trigger, so an engine evaluates there and at its next step.
        """
        times: set[float] = set()
        clocks: set[float] = set()
        for rule in self._rules:
            for premise in rule.premises:
                attribute = normal_attribute(premise.attribute)
                if premise.object != "simulation" or premise.value is None:
                    continue
                if attribute == "time":
                    times.add(premise.value)
                else:
                    clocks.add(premise.value if attribute == "clocktime" else 0.0)
        if calendar is not None:
            for clock_s in clocks:
                times.update(_daily(clock_s, horizon_s, calendar))
        return sorted(time_s for time_s in times if 0.0 <= time_s <= horizon_s)

    def _setting(
        self, action: Action, rule: Rule, controlled: float | None, moment: _Moment
    ) -> float:
        if action.setting is not None:
            return action.setting
        if action.series is not None:
            x, y = self._series[action.series]
            return float(np.interp(moment.time_s, x, y))
        if controlled is None:
            controlled = moment.left([p for p in rule.premises if gives_value(p)][-1])
        if math.isnan(controlled):
            return math.nan
        x, y = self._curves[cast(str, action.curve)]
        return float(np.interp(controlled, x, y))


class _Moment:
    """What premises see at one evaluation."""

    def __init__(self, time_s: float, calendar: Calendar, read: Read, half_step_s: float) -> None:
        self.time_s = time_s
        self._calendar = calendar
        self._read = read
        self._half_step_s = half_step_s

    def left(self, premise: Premise) -> float:
        return self._value(premise.object, premise.id, premise.attribute)

    def holds(self, premise: Premise, left: float) -> bool:
        if premise.value is not None:
            right = premise.value
        else:
            right = self._value(premise.other_object, premise.other_id, premise.other_attribute)
        if math.isnan(left) or math.isnan(right):
            return False
        if normal_attribute(premise.attribute) in _TIMES and premise.relation in ("=", "<>"):
            within = right - self._half_step_s <= left < right + self._half_step_s
            return within == (premise.relation == "=")
        return _COMPARE[premise.relation](left, right)

    def _value(self, kind: str, name: str, attribute: str) -> float:
        attribute = normal_attribute(attribute)
        if kind != "simulation":
            return self._read(kind, name, attribute)
        if attribute == "time":
            return self.time_s
        now = self._calendar(self.time_s)
        if attribute == "date":
            return (now.date() - self._calendar(0.0).date()).days * _SECONDS_PER_DAY
        return _CALENDAR[attribute](now)


def _holds(premises: Sequence[Premise], moment: _Moment) -> tuple[bool, float | None]:
    result = True
    controlled: float | None = None
    for premise in premises:
        if premise.join == "or":
            if result:
                continue
        elif not result:
            break
        left = moment.left(premise)
        result = moment.holds(premise, left)
        if gives_value(premise) and not math.isnan(left):
            controlled = left
    return result, controlled


_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "=": lambda left, right: left == right,
    "<>": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}
_CALENDAR: dict[str, Callable[[datetime], float]] = {
    "clocktime": lambda now: (
        now.hour * 3600.0 + now.minute * 60.0 + now.second + now.microsecond / 1e6
    ),
    "day": lambda now: float(now.isoweekday() % 7 + 1),
    "month": lambda now: float(now.month),
    "dayofyear": lambda now: float(now.timetuple().tm_yday),
}


def _columns(points: Pairs) -> tuple[list[float], list[float]]:
    return [x for x, _ in points], [y for _, y in points]


def _daily(clock_s: float, horizon_s: float, calendar: Calendar) -> Iterable[float]:
    """Yield the elapsed times at which local clocks show `clock_s` after midnight.

    A time that the change to summer time skips does not occur; one that is repeated occurs twice.
    """
    start = calendar(0.0)
    day: date = start.date()
    last = calendar(horizon_s).date()
    shown = (datetime(1, 1, 1, tzinfo=UTC) + timedelta(seconds=clock_s % _SECONDS_PER_DAY)).time()
    while day <= last:
        naive = datetime.combine(day, shown)
        for fold in (0, 1):
            moment = naive.replace(tzinfo=start.tzinfo, fold=fold).astimezone(UTC)
            if moment.astimezone(start.tzinfo).replace(tzinfo=None, fold=0) == naive:
                yield (moment - start.astimezone(UTC)).total_seconds()
        day += timedelta(days=1)
