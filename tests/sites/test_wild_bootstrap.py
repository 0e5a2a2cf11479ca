"""`cp.sites.wild_bootstrap` against full enumeration in R."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import cpeval as cp
from cpeval.errors import OptionError, TooFewError
from cpeval.moments.choosing import with_units

RTOL = 1e-8  # closed forms on both sides


def test_enumeration_is_exact_and_p_counts_arrangements(moments):
    moments10 = moments("sleepstudy10")
    result = cp.sites.wild_bootstrap(moments10, "group")
    assert (result.draws, result.enumerated) == (1024, True)
    assert (result.table.p[0] * 1024) % 1 == 0
    linear = cp.sites.linear(moments10, vcov="CR1S").table.set_index("term").loc["group"]
    row = result.table.iloc[0]
    assert_allclose([row.estimate, row.se], [linear.estimate, linear.se], rtol=1e-10)


@pytest.mark.parametrize("term", ["group", "Days"])
def test_equals_enumeration_in_r(term, moments, reference):
    expected = reference("moments_robust.json", f"sleepstudy10/wild/{term}")
    result = cp.sites.wild_bootstrap(moments("sleepstudy10"), term, ci=False)
    row = result.table.iloc[0]
    found = [row.estimate, row.se, row.statistic]
    assert_allclose(found, [expected[k] for k in ("estimate", "se_CR1S", "t")], rtol=RTOL)
    # Counts of arrangements over their number: equal, not near.
    assert (row.p, result.p_strict) == (expected["p_geq"], expected["p_strict"])


@pytest.mark.parametrize("term", ["Intercept", "group"])
def test_ends_of_the_interval_are_the_values_where_the_test_turns(term, moments):
    moments10 = moments("sleepstudy10")
    row = cp.sites.wild_bootstrap(moments10, term).table.iloc[0]
    width = row.ci_high - row.ci_low
    for end, outward in ((row.ci_low, -1), (row.ci_high, 1)):
        for step, kept in ((-1e-6, True), (1e-6, False)):
            null = end + outward * step * width
            p = cp.sites.wild_bootstrap(moments10, term, null=null, ci=False).table.p[0]
            assert (p > 0.05) == kept


def test_five_clusters_are_told_and_webb_is_offered():
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"s": np.arange(40) % 5, "arm": np.arange(40) // 5 % 2})
    data["y"] = rng.normal(0, 1, 40)
    moments = cp.SiteMoments.from_data(data, "y ~ arm", site="s")
    few = cp.sites.wild_bootstrap(moments, "arm")
    assert few.smallest_p == 0.0625
    assert any("p can't be below 0.0625" in text and "webb" in text for text in few.warnings)
    webb = cp.sites.wild_bootstrap(moments, "arm", weights="webb", seed=1)
    assert not webb.warnings
    again = cp.sites.wild_bootstrap(moments, "arm", weights="webb", seed=1)
    pd.testing.assert_frame_equal(webb.table, again.table)


def test_bad_input_is_refused(moments):
    sleep = moments("sleepstudy10")
    with pytest.raises(OptionError, match=r"no term 'grup' \(did you mean 'group'\?\)"):
        cp.sites.wild_bootstrap(sleep, "grup")
    with pytest.raises(OptionError, match="'variant' must be one of"):
        cp.sites.wild_bootstrap(sleep, "group", variant="WCR")
    with pytest.raises(OptionError, match="'weights' must be one of"):
        cp.sites.wild_bootstrap(sleep, "group", weights="normal")
    with pytest.raises(TooFewError, match="One site only"):
        cp.sites.wild_bootstrap(with_units(sleep, np.array([0])), "Days")
