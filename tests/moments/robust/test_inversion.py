import numpy as np
import pytest

from cpeval.moments.inversion import accepted_interval

LAST_DIGITS = 1e-14  # bisected until no number lies between


@pytest.mark.parametrize("width", [1e-3, 0.7, 3.0, 1e4])
@pytest.mark.parametrize("estimate", [0.0, 5.0, -1e6])
def test_steps_are_found_to_the_last_digits(width, estimate):
    low, high = accepted_interval(
        lambda value: 1.0 if -width < value - estimate < 2 * width else 0.01, estimate, 1.0, 0.05
    )
    atol = LAST_DIGITS * abs(estimate)
    np.testing.assert_allclose(low, estimate - width, rtol=LAST_DIGITS, atol=atol)
    np.testing.assert_allclose(high, estimate + 2 * width, rtol=LAST_DIGITS, atol=atol)


def test_values_kept_beyond_a_gap_count():
    kept = [(-1.0, 1.0), (1.5, 2.5)]
    _, high = accepted_interval(
        lambda value: 1.0 if any(a < value < b for a, b in kept) else 0.0, 0.0, 1.0, 0.05
    )
    np.testing.assert_allclose(high, 2.5, rtol=LAST_DIGITS)


def test_a_test_that_never_rejects_on_one_side_has_no_bound_there():
    low, high = accepted_interval(lambda value: 1.0 if value < 4 else 0.05, 1.0, 0.5, 0.05)
    assert low == -np.inf
    np.testing.assert_allclose(high, 4, rtol=LAST_DIGITS)
