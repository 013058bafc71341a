"""The base of every document and table row: strict, frozen, finite, no unknown keys."""

from pydantic import BaseModel, ConfigDict

Pairs = tuple[tuple[float, float], ...]


class Frozen(BaseModel):
    """A pydantic model that accepts exactly what its fields say and never changes.

    ``strict`` refuses text for numbers and booleans for floats; ``allow_inf_nan`` is off, so a
    value that reached a model is finite; a key nobody declared is an error, never ignored.
    """

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", allow_inf_nan=False, validate_default=True
    )
