"""What a check of a network finds: a place, what is wrong there, and how to mend it."""

from __future__ import annotations

from typing import NamedTuple

from sim.kernel.errors import InputError


class Finding(NamedTuple):
    """One defect or warning. ``where`` is ``family/id`` or ``family/id/field``.

    ``value`` None means that no single value is at fault.
    """

    where: str
    what: str
    value: str | float | None = None
    expected: str = ""
    hint: str = ""

    def error(self) -> InputError:
        """Return this finding as an error."""
        if self.value is None:
            return InputError(self.what, where=self.where, expected=self.expected, hint=self.hint)
        return InputError(
            self.what, where=self.where, value=self.value, expected=self.expected, hint=self.hint
        )

    def sentence(self) -> str:
        """Return this finding as one line of text, for a warning."""
        return str(self.error())
