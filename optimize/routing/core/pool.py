"""Good routes seen during a search, and the best plan that can be made of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from optimize.routing.core.arrays import MANY

# Kind of truck, then stops in order.
Order = tuple[int, ...]


def orders_in(flat: np.ndarray) -> list[Order]:
    """Routes of a flat list: kind, stops, -1, ... ended by -2."""
    orders: list[Order] = []
    current: list[int] = []
    for value in flat.tolist():
        if value == -2:
            break
        if value == -1:
            orders.append(tuple(current))
            current = []
        else:
            current.append(value)
    return orders


def flat_of(orders: list[Order]) -> np.ndarray:
    """The inverse of `orders_in`."""
    return np.array([v for order in orders for v in (*order, -1)] + [-2], dtype=np.int64)


@dataclass
class RoutePool:
    """The cheapest order seen for each kind of truck and set of stops.

    When it is full the routes seen longest ago go.
    """

    room: int
    routes: dict[tuple[int, frozenset[int]], tuple[float, Order]] = field(default_factory=dict)

    def add(self, order: Order, cost: float) -> None:
        """Take a route in."""
        key = (order[0], frozenset(order[1:]))
        known = self.routes.pop(key, None)
        if known is not None and known[0] <= cost:
            self.routes[key] = known
            return
        self.routes[key] = (cost, order)
        if len(self.routes) > self.room:
            del self.routes[next(iter(self.routes))]

    def best_plan(
        self,
        stops: int,
        penalty: np.ndarray,
        trucks: np.ndarray,
        per_truck: float,
        start: list[Order],
        seconds: float,
        seed: int,
    ) -> list[Order] | None:
        """Choose routes that serve every stop once, or pay for those left out (HiGHS).

        Parameters
        ----------
        penalty
            Cost of leaving a stop out; infinite if it must be served.
        trucks
            How many there are of each kind.
        per_truck
            What a truck counts beside its cost.
        start
            A plan to start from, of routes in the pool.
        """
        import highspy

        kept = list(self.routes.values())
        at = {(order[0], frozenset(order[1:])): m for m, (_, order) in enumerate(kept)}
        cost = [c + per_truck for c, _ in kept]
        columns = [list(order[1:]) for _, order in kept]
        optional = [c for c in range(stops) if np.isfinite(penalty[c])]
        cost += [float(penalty[c]) for c in optional]
        columns += [[c] for c in optional]
        limited = [k for k in range(len(trucks)) if trucks[k] < MANY]
        row_of = {k: stops + m for m, k in enumerate(limited)}
        starts, index = [0], []
        for m, column in enumerate(columns):
            index += column
            if m < len(kept) and kept[m][1][0] in row_of:
                index.append(row_of[kept[m][1][0]])
            starts.append(len(index))
        model = highspy.HighsLp()
        model.num_col_ = len(columns)
        model.num_row_ = stops + len(limited)
        model.col_cost_ = np.array(cost)
        model.col_lower_ = np.zeros(len(columns))
        model.col_upper_ = np.ones(len(columns))
        model.row_lower_ = np.array([1.0] * stops + [0.0] * len(limited))
        model.row_upper_ = np.array([1.0] * stops + [float(trucks[k]) for k in limited])
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_ = np.array(starts)
        model.a_matrix_.index_ = np.array(index)
        model.a_matrix_.value_ = np.ones(len(index))
        model.integrality_ = [highspy.HighsVarType.kInteger] * len(columns)
        highs = highspy.Highs()
        highs.silent()
        highs.setOptionValue("threads", 1)
        highs.setOptionValue("random_seed", seed % 1000)
        highs.setOptionValue("time_limit", seconds)
        highs.passModel(model)
        solution = highspy.HighsSolution()
        values = np.zeros(len(columns))
        served: set[int] = set()
        for order in start:
            values[at[order[0], frozenset(order[1:])]] = 1.0
            served |= set(order[1:])
        for m, c in enumerate(optional):
            values[len(kept) + m] = float(c not in served)
        solution.col_value = list(values)
        highs.setSolution(solution)
        highs.run()
        chosen = np.array(highs.getSolution().col_value)
        if len(chosen) != len(columns) or highs.getInfo().primal_solution_status != 2:
            return None
        return [order for m, (_, order) in enumerate(kept) if chosen[m] > 0.5]
