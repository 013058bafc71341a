"""Several systems on one clock."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime

from sim.kernel import registry
from sim.kernel.clock import Clock
from sim.kernel.errors import Cancelled, CityClockError, InputError, did_you_mean
from sim.kernel.recorder import Record, Recorder
from sim.kernel.signals import Signals
from sim.kernel.streams import Streams
from sim.kernel.system import Inputs, Run, System

__all__ = ["LEDGER_TOLERANCE", "Cancelled", "simulate"]

# 1e-6 % of what came in.
LEDGER_TOLERANCE = 1e-8
_REPORTS = 100
# A moment reached by adding delays is off by rounding; what is meant for the horizon must happen.
_ROUNDING = 1e-12


def simulate(
    sections: Mapping[str, Inputs],
    start: datetime,
    horizon_s: float,
    seed: int = 1,
    replication: int = 0,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    *,
    systems: Mapping[str, System] | None = None,
) -> Record:
    """Run the systems of a scenario from its start to its horizon.

    Everything due up to and including the horizon happens.

    Parameters
    ----------
    sections
        Loaded inputs by system name. Systems start in alphabetical order.
    start
        Calendar start, with a time zone.
    horizon_s
        Simulated duration, positive.
    seed, replication
        Key of all random draws.
    progress
        Called with the fraction done, 0.01 to 1, at every 1 % of simulated time.
    cancelled
        Asked at the start and at every 1 % of simulated time.
    systems
        Systems to choose from; those of `sim.kernel.registry` by default.

    Raises
    ------
    Cancelled
        If ``cancelled`` said so.
    LedgerError
        If a ledger is off by more than `LEDGER_TOLERANCE` of what came in.
    InputError
        If the horizon, the start or a section's name cannot be used.
    """
    available = registry.systems() if systems is None else systems
    _check(sections, horizon_s, available)
    clock = Clock(start)
    run = Run(clock, Streams(seed, replication), Recorder(), Signals(clock.env), horizon_s)
    for name in sorted(sections):
        available[name].start(sections[name], run)
    _stop_if(cancelled)
    for report in range(1, _REPORTS + 1):
        # In this order: the last fraction is exactly 1.
        until_s = horizon_s * (report / _REPORTS) * (1 + _ROUNDING)
        # Not ``env.run(until=...)``: that stops before the events due at the moment itself, and
        # ledgers are closed at the horizon.
        while clock.env.peek() <= until_s:
            _step(clock)
        if progress is not None:
            progress(report / _REPORTS)
        _stop_if(cancelled)
    for ledger in run.recorder.ledgers:
        ledger.check(LEDGER_TOLERANCE)
    return run.recorder.record()


def _step(clock: Clock) -> None:
    try:
        clock.env.step()
    except CityClockError as error:
        # What a process raised arrives as a copy, made of its text alone.
        if isinstance(error.__cause__, CityClockError):
            raise error.__cause__ from None
        raise


def _check(
    sections: Mapping[str, Inputs], horizon_s: float, available: Mapping[str, System]
) -> None:
    if not 0 < horizon_s < math.inf:
        raise InputError(
            "the duration cannot be simulated",
            where="horizon_s",
            value=horizon_s,
            expected="a positive, finite number of seconds",
        )
    if not sections:
        raise InputError(
            "the scenario has no system",
            where="sections",
            expected=f"at least one of {', '.join(available)}",
        )
    for name in sections:
        if name not in available:
            raise InputError(
                "no such system",
                where=name,
                expected=f"one of {', '.join(available)}",
                hint=did_you_mean(name, tuple(available)),
            )


def _stop_if(cancelled: Callable[[], bool] | None) -> None:
    if cancelled is not None and cancelled():
        raise Cancelled("the run was cancelled")
