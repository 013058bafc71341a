"""What systems tell each other: a board of current values, and events when one changes."""

from __future__ import annotations

from typing import Any

import simpy


class Signals:
    """Published values by topic and entity, e.g. ``("street_depth_m", "J12") -> 0.2``.

    Values are floats, booleans, text or frozen objects: a change is seen by comparing with
    ``==``, so a published object must not be altered afterwards.

    Parameters
    ----------
    env
        The environment in which waiting processes live.
    """

    def __init__(self, env: simpy.Environment) -> None:
        self._env = env
        self._values: dict[str, dict[str, Any]] = {}
        self._waiting: dict[str, simpy.Event] = {}

    def publish(self, topic: str, entity: str, value: Any) -> None:
        """Set a value; those who wait for the topic are woken if it differs from the last one."""
        values = self._values.setdefault(topic, {})
        if entity in values and values[entity] == value:
            return
        values[entity] = value
        event = self._waiting.pop(topic, None)
        if event is not None:
            event.succeed()

    def read(self, topic: str, entity: str, default: Any = None) -> Any:
        """Last published value, or ``default`` if there is none."""
        return self._values.get(topic, {}).get(entity, default)

    def all(self, topic: str) -> dict[str, Any]:
        """Last published values of a topic, by entity."""
        return dict(self._values.get(topic, {}))

    def changed(self, topic: str) -> simpy.Event:
        """Event that fires at the next change of any entity of the topic.

        It carries no value: several entities may have changed by the time a waiting process
        resumes, so the process reads what it needs.
        """
        event = self._waiting.get(topic)
        if event is None:
            event = self._waiting[topic] = self._env.event()
        return event

    @property
    def topics(self) -> tuple[str, ...]:
        """Topics published so far, in alphabetical order."""
        return tuple(sorted(self._values))
