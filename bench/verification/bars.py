"""The bars of agreement, and which of them a file meets."""

from __future__ import annotations

from dataclasses import dataclass

from bench.verification.figures import Gap, Regime

NAMES = ("outflow", "volume", "recession", "flooded nodes", "depth")


@dataclass(frozen=True)
class Bars:
    """Limits of agreement for one regime; depths in cm, times in minutes."""

    nse: float
    volume_percent: float
    recession_min: float = 2.0
    recession_percent: float = 2.0
    jaccard: float = 0.95
    mae_cm: float = 1.0


FREE = Bars(nse=0.99, volume_percent=3.0)
UNDER_PRESSURE = Bars(nse=0.97, volume_percent=5.0)


def bars_for(regime: Regime) -> Bars:
    return FREE if regime == "free" else UNDER_PRESSURE


def verdicts(gap: Gap, regime: Regime) -> dict[str, bool | None]:
    """Return, by bar, whether it is met; None where the file has nothing to compare."""
    bars = bars_for(regime)
    recession: bool | None = None
    if gap.recession_min is not None:
        assert gap.recession_s is not None
        share_min = bars.recession_percent / 100.0 * gap.recession_s / 60.0
        recession = abs(gap.recession_min) <= max(bars.recession_min, share_min)
    volume, same = gap.volume_percent, gap.jaccard
    found = (
        gap.nse >= bars.nse,
        None if volume is None else abs(volume) <= bars.volume_percent,
        recession,
        None if same is None else same >= bars.jaccard,
        gap.mae_all_cm <= bars.mae_cm,
    )
    return dict(zip(NAMES, found, strict=True))


def missed(gap: Gap, regime: Regime) -> list[str]:
    """Return the names of the bars that are not met."""
    return [name for name, met in verdicts(gap, regime).items() if met is False]
