"""Ponds on terrains whose flooded area by depth is known exactly."""

import math

import numpy as np
import pytest

from sim.drainage.terrain import NOBODY, Grid, nearest_owner, own_cells, ponds

DEPTHS_M = (0.0, 0.1, 0.2, 0.4, 0.8)


def terrain(level, half_m: float = 60.0, cell_m: float = 1.0, middle=(0.0, 0.0)) -> Grid:
    """A square of cells around `middle`; `level` takes x and y."""
    count = round(2.0 * half_m / cell_m)
    steps = (np.arange(count) + 0.5) * cell_m - half_m
    x, y = np.meshgrid(middle[0] + steps, middle[1] - steps)
    return Grid(x, y, np.asarray(level(x, y), dtype=float), np.full(x.shape, cell_m**2))


def areas(grid: Grid, limit_m: float = 50.0, rim_m: float = 0.0, at=(0.0, 0.0)) -> np.ndarray:
    return ponds(grid, np.array([at]), np.array([rim_m]), DEPTHS_M, limit_m).area_m2[0]


def cone(x, y):
    return 0.025 * np.hypot(x, y)


def cone_m2(depth_m):
    return math.pi * (depth_m / 0.025) ** 2


def bowl(x, y):
    return (x**2 + y**2) / 2000.0


def bowl_m2(depth_m):
    return 2000.0 * math.pi * depth_m


def slope(x, y):
    return 0.02 * x + 0.0 * y


def slope_m2(depth_m, limit_m=50.0):
    """The disc around the manhole, up to the contour x = depth / slope."""
    reach = min(depth_m / 0.02, limit_m)
    segment = limit_m**2 * math.acos(reach / limit_m) - reach * math.sqrt(limit_m**2 - reach**2)
    return math.pi * limit_m**2 - segment


@pytest.mark.parametrize(
    ("level", "exact"), [(cone, cone_m2), (bowl, bowl_m2), (slope, slope_m2)],
    ids=["cone", "bowl", "slope"],
)  # fmt: skip
def test_the_flooded_area_is_the_exact_one_and_the_error_falls_with_the_cells(level, exact):
    # Off the lattice, so that no symmetry flatters the count.
    middle, errors = (0.137, -0.291), []
    wanted = np.array([exact(depth) for depth in DEPTHS_M[1:]])
    for cell_m in (2.0, 1.0, 0.5, 0.25):
        grid = terrain(level, cell_m=cell_m, middle=middle)
        errors.append(float(np.abs(areas(grid)[1:] - wanted).max() / wanted.max()))
    assert errors[1] < 0.02
    assert errors[-1] < 0.004
    assert errors[-1] < errors[0] / 4.0


def test_ground_below_the_rim_is_flooded_at_no_depth_at_all_and_its_water_told():
    found = ponds(terrain(bowl, cell_m=0.5), np.zeros((1, 2)), np.array([0.2]), DEPTHS_M, 50.0)
    assert found.area_m2[0, 0] == pytest.approx(bowl_m2(0.2), rel=0.01)
    # A paraboloid holds half of its cylinder.
    assert found.below_rim_m3[0] == pytest.approx(bowl_m2(0.2) * 0.2 / 2.0, rel=0.01)


def test_water_does_not_pass_a_ridge_before_it_stands_as_high():
    def trench(x, y):
        ridge = (np.abs(x - 10.0) < 1.0) & (np.abs(y) < 1e9)
        return np.where(ridge, 0.3, 0.0)

    found = areas(terrain(trench, half_m=20.0), limit_m=100.0)
    near, ridge, far = 29.0 * 40.0, 2.0 * 40.0, 9.0 * 40.0
    assert found.tolist() == [near, near, near, near + ridge + far, near + ridge + far]


def test_cells_that_touch_only_at_a_corner_are_not_connected():
    grid = terrain(lambda x, y: np.where((x > 0.0) == (y > 0.0), 0.0, 9.0), half_m=5.0)
    assert areas(grid, at=(2.5, 2.5)).tolist() == [25.0] * 5


def test_every_cell_belongs_to_one_manhole_at_most():
    generator = np.random.Generator(np.random.Philox(7))
    place = generator.uniform(-50.0, 50.0, (40, 2))
    grid = terrain(lambda x, y: np.zeros_like(x))
    owner = nearest_owner(grid, place, 25.0)
    found = ponds(grid, place, np.zeros(40), DEPTHS_M, 25.0)
    assert (owner == NOBODY).any()
    assert found.area_m2[:, -1].sum() <= (owner != NOBODY).sum() + 40
    # Nearest neighbour, counted one cell at a time.
    for row, column in generator.integers(0, grid.x_m.shape[0], (50, 2)):
        apart = np.hypot(*(place - (grid.x_m[row, column], grid.y_m[row, column])).T)
        expected = int(apart.argmin()) if apart.min() < 25.0 else NOBODY
        assert owner[row, column] == expected


def test_two_bowls_share_the_ground_between_them_along_the_middle():
    grid = terrain(lambda x, y: np.zeros_like(x), half_m=40.0)
    place = np.array([[-20.25, 0.25], [20.25, 0.25]])
    found = ponds(grid, place, np.zeros(2), DEPTHS_M, 200.0)
    assert found.area_m2[:, 0].tolist() == [3200.0, 3200.0]
    # Each one's pond is cut where the other's begins: a column of cells.
    assert found.cut_m2.tolist() == [80.0, 80.0]


def test_area_never_falls_with_depth_on_rough_ground():
    generator = np.random.Generator(np.random.Philox(3))
    rough = terrain(lambda x, y: generator.normal(0.0, 0.3, x.shape))
    place = generator.uniform(-50.0, 50.0, (30, 2))
    found = ponds(rough, place, np.zeros(30), DEPTHS_M, 30.0).area_m2
    assert (np.diff(found, axis=1) >= 0.0).all()
    assert (found[:, -1] > 0.0).all()


def test_places_off_the_grid_and_cells_without_elevation():
    grid = terrain(lambda x, y: np.where(x > 30.0, np.nan, 0.0))
    place = np.array([[0.0, 0.0], [45.0, 0.0], [0.0, 500.0]])
    assert (own_cells(grid, place) != NOBODY).tolist() == [True, False, False]
    found = ponds(grid, place, np.zeros(3), DEPTHS_M, 20.0)
    assert (found.area_m2[:, -1] > 0.0).tolist() == [True, False, False]
    assert np.isnan(found.ground_m).tolist() == [False, True, True]


def test_two_manholes_on_one_cell_do_not_share_it():
    place = np.array([[0.4, 0.4], [0.6, 0.6]])
    found = ponds(terrain(cone), place, np.zeros(2), DEPTHS_M, 50.0).area_m2
    owner = nearest_owner(terrain(cone), place, 50.0)
    assert found.sum(axis=0)[-1] <= (owner != NOBODY).sum()
    assert (found[:, -1] > 0.0).sum() == 1
