"""The systems there are: every folder of ``sim`` that exports ``SYSTEM``."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from sim.kernel.errors import InputError, did_you_mean
from sim.kernel.system import System


def systems(package: str = "sim") -> dict[str, System]:
    """Systems by name, in alphabetical order.

    Parameters
    ----------
    package
        Package whose sub-packages, except ``kernel``, are looked at.

    Raises
    ------
    TypeError
        If a ``SYSTEM`` lacks a member of the protocol or is not named as its folder.
    """
    found: dict[str, System] = {}
    for module in pkgutil.iter_modules(import_module(package).__path__):
        if not module.ispkg or module.name == "kernel":
            continue
        system = getattr(import_module(f"{package}.{module.name}"), "SYSTEM", None)
        if system is None:
            continue
        if not isinstance(system, System):
            members = (member for member in dir(System) if not member.startswith("_"))
            missing = ", ".join(member for member in members if not hasattr(system, member))
            raise TypeError(f"{package}.{module.name}.SYSTEM lacks {missing}")
        if system.name != module.name:
            raise TypeError(
                f"{package}.{module.name}.SYSTEM is named '{system.name}', not as its folder"
            )
        found[module.name] = system
    return dict(sorted(found.items()))


def get(name: str) -> System:
    """System of that name.

    Raises
    ------
    InputError
        If there is none; names those there are.
    """
    found = systems()
    if name not in found:
        raise InputError(
            "no such system",
            where=name,
            expected=f"one of {', '.join(found)}" if found else "no system is installed",
            hint=did_you_mean(name, tuple(found)),
        )
    return found[name]
