"""Engines that solve a routing problem, by name, with every plan checked before it is returned.

- ``core``: our own search; charging is inside the evaluation of every move. Represents everything.
- ``exact``: proves the best plan of small problems.
- ``ortools``: the routing library of OR-Tools.
- ``pyvrp``: PyVRP, and charging inserted afterwards.
"""

from optimize.routing.engines.registry import ENGINES, BrokenPlan, choose, solve

__all__ = ["ENGINES", "BrokenPlan", "choose", "solve"]
