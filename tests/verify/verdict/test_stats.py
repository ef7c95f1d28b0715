"""Slopes and shapes of curves that memory really draws."""

import math
import random

import pytest

from tflint_mem.verify.verdict import stats


def noisy(values, spread, seed=1):
    generator = random.Random(seed)
    return [value + generator.uniform(-spread, spread) for value in values]


def test_a_line_is_found_exactly():
    found = stats.slope([3 + 2 * x for x in range(50)])
    assert found.value == pytest.approx(2)
    assert found.low == pytest.approx(2) and found.high == pytest.approx(2)
    assert found.rises


def test_a_flat_curve_does_not_rise():
    assert stats.slope([5.0] * 40).value == 0
    assert not stats.slope([5.0] * 40).rises
    for seed in range(20):
        assert (
            not stats.slope(noisy([100.0] * 60, 5, seed)).rises
            or abs(stats.slope(noisy([100.0] * 60, 5, seed)).value) < 0.15
        )


def test_noise_widens_the_interval_and_keeps_the_slope_in_it():
    found = stats.slope(noisy([10.0 * x for x in range(60)], 60))
    assert found.low < 10 < found.high
    assert found.low > 5


def test_one_jump_does_not_make_a_slope():
    jump = [0.0] * 30 + [1000.0] * 30
    assert stats.slope(jump[:30]).value == 0
    # least squares would say 25 per step
    assert abs(stats.slope([0.0] * 55 + [1000.0] * 5).value) < 1e-9


def test_outliers_are_ignored():
    ys = [4.0 * x for x in range(50)]
    ys[20] = 1e9
    ys[33] = -1e9
    assert stats.slope(ys).value == pytest.approx(4, abs=0.3)


def test_few_points_prove_nothing():
    assert stats.slope([1, 2, 3]).low == -math.inf
    assert not stats.slope([1, 2, 3]).rises
    assert stats.slope([7]).value == 0
    assert stats.slope([]).value == 0


def test_uneven_steps():
    assert stats.slope([0, 10, 40, 50], [0, 1, 4, 5]).value == pytest.approx(10)
    with pytest.raises(ValueError):
        stats.slope([1, 2], [1])


def test_long_curves_are_thinned_without_changing_the_slope():
    found = stats.slope([0.5 * x for x in range(5000)])
    assert found.points <= 160
    assert found.value == pytest.approx(0.5)


@pytest.mark.parametrize(
    "ys, shape",
    [
        ([100.0] * 50, "flat"),
        (noisy([100.0] * 50, 3), "flat"),
        ([10.0 * x for x in range(50)], "growing"),
        (noisy([10.0 * x for x in range(50)], 12), "growing"),
        ([0.0] * 25 + [500.0] * 25, "step"),
        ([20.0 * min(x, 15) for x in range(60)], "plateau"),
        ([40.0 * (x % 12) for x in range(60)], "sawtooth"),
        ([0.0, 50.0, 100.0], "growing"),
    ],
)
def test_shapes(ys, shape):
    assert stats.shape(ys, noise=10) == shape


def test_median():
    assert stats.median([3, 1, 2]) == 2
    assert stats.median([4, 1, 2, 3]) == 2.5
