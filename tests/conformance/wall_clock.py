"""A wall clock that is years off and jumps, to catch models that look at it."""

from __future__ import annotations

import datetime
import itertools
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

# Kept, because the names in the module are what is replaced.
_DATE, _DATETIME, _UTC = datetime.date, datetime.datetime, datetime.UTC
_OFF = datetime.timedelta(days=4000, hours=7, seconds=12.345)
_CLOCKS = ("time", "monotonic", "perf_counter", "process_time")


class _LooksReal(type(_DATE)):  # type: ignore[misc]
    """Lets ordinary dates pass ``isinstance`` checks against the classes below."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.__mro__[1])


class _ShiftedDatetime(_DATETIME, metaclass=_LooksReal):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> Any:
        return _DATETIME.now(tz) + _OFF

    @classmethod
    def utcnow(cls) -> Any:
        return _DATETIME.now(_UTC).replace(tzinfo=None) + _OFF

    today = now


class _ShiftedDate(_DATE, metaclass=_LooksReal):
    @classmethod
    def today(cls) -> Any:
        return _DATETIME.now(_UTC).date() + _OFF


def shift(patch: pytest.MonkeyPatch, packages: tuple[str, ...]) -> None:
    """Shift ``time`` and ``datetime``, also where modules of the packages imported from them.

    Parameters
    ----------
    patch
        Undoes the shift when its context ends.
    packages
        Names of top-level packages or modules.
    """
    jumps = itertools.count(1)

    def jumping(clock: Callable[[], Any], per_second: int) -> Callable[[], Any]:
        # Every look moves the clock on by a different amount, so durations are wrong as well.
        return lambda: clock() + per_second * (10**8 + next(jumps) ** 2)

    replaced: dict[Any, Any] = {
        getattr(time, name): jumping(getattr(time, name), 1) for name in _CLOCKS
    }
    replaced |= {
        getattr(time, f"{name}_ns"): jumping(getattr(time, f"{name}_ns"), 10**9) for name in _CLOCKS
    }
    replaced |= {_DATETIME: _ShiftedDatetime, _DATE: _ShiftedDate}
    modules = [
        module
        for name, module in list(sys.modules.items())
        if any(name == package or name.startswith(f"{package}.") for package in packages)
    ]
    for module in (time, datetime, *modules):
        for attribute, value in list(vars(module).items()):
            try:
                fake = replaced.get(value)
            except TypeError:  # not hashable, so none of them
                continue
            if fake is not None and module.__name__ != __name__:
                patch.setattr(module, attribute, fake)
