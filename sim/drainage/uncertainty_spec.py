"""What a scenario may leave to chance in its drainage: rain, roughness, clogged inlets and pipes.

Each draw is keyed by seed, replication, entity and purpose, so the same pipe has the same luck in
every arm of a comparison, and a longer list of pipes changes nobody else's.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from sim.drainage.elements import Fraction, NonNegative, Positive
from sim.kernel.schema import Frozen

ShareBelowOne = Annotated[float, Field(ge=0, le=0.95)]


class InletBlockage(Frozen):
    """Clogged gullies: with ``probability`` a junction's inlets lose a share of their opening.

    The share is uniform between ``least_share`` and ``largest_share``. A clogged junction is split
    in two for the run (see `sim.drainage.inlets`): between the street and the manhole below it is
    a grate of ``(1 - share) * opening_m2_per_ha * area`` of the subcatchments that drain there.
    Water that does not fit stays on the street; a drowned sewer comes up the same way. Inlets that
    are not clogged let everything through, as without this section.

    The default opening is what passes 120 L/s/ha at 0.15 m of water: twice a flow of 60 L/s/ha
    that sewers are made for, within the 1.5 to 3 times of GB 50014-2021.
    """

    probability: Fraction
    least_share: Fraction = 0.5
    largest_share: Fraction = 1.0
    opening_m2_per_ha: Positive = 0.1

    @model_validator(mode="after")
    def _ordered(self) -> InletBlockage:
        if self.least_share > self.largest_share:
            raise ValueError("least_share is above largest_share")
        return self


class ConduitBlockage(Frozen):
    """Silted sewers: with ``probability`` a closed pipe loses a share of its full area.

    The share is uniform between ``least_share`` and ``largest_share``; sediment lies on the
    invert, so a circular pipe becomes a filled circular one and a box gets a higher floor, each
    with the crown where it was. Other shapes, and open channels, do not silt up.
    """

    probability: Fraction
    least_share: ShareBelowOne = 0.1
    largest_share: ShareBelowOne = 0.5

    @model_validator(mode="after")
    def _ordered(self) -> ConduitBlockage:
        if self.least_share > self.largest_share:
            raise ValueError("least_share is above largest_share")
        return self


class Uncertainty(Frozen):
    """What differs from replication to replication. What is left out does not vary.

    Attributes
    ----------
    rain_spread
        Standard deviation of the logarithm of the rain multiplier, whose median is 1; one draw for
        the whole city.
    roughness_multiplier
        Multiplies Manning's n of every conduit; not random itself.
    roughness_spread
        Standard deviation of the logarithm of a further multiplier with median 1, drawn for each
        conduit. Conduits with a surveyed transect keep the transect's own roughness.
    """

    rain_spread: NonNegative = 0.0
    roughness_multiplier: Positive = 1.0
    roughness_spread: NonNegative = 0.0
    inlet_blockage: InletBlockage | None = None
    conduit_blockage: ConduitBlockage | None = None
