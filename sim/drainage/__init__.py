"""Storm drainage: rain, runoff, sewers and streets, pumps and gates, and how long water stands."""

from sim.drainage.system import SYSTEM

__all__ = ["SYSTEM"]
