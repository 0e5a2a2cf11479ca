"""Every bad input that the sites' functions know, and what they say to it."""

import numpy as np
import pandas as pd
import pytest

import cpeval as cp
from cpeval.errors import ColumnError, CpevalError, DataError, OptionError, TooFewError

STUDY = cp.Study(person="id", site="s", team="t", arm="arm", intervention="CP")


def people(sites=6, n=10):
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"s": np.repeat([f"s{k}" for k in range(sites)], n)})
    data["t"] = np.tile(np.repeat(["a", "b"], n // 2), sites)
    data["arm"] = np.where(data["t"] == "a", "CP", "usual")
    data["x"], data["y"] = rng.normal(0, 1, len(data)), rng.normal(0, 1, len(data))
    return data.assign(id=range(len(data)))


def moments(data, formula="y ~ arm + x"):
    return cp.SiteMoments.from_data(data, formula, study=STUDY)


CALLS = {
    "linear": lambda m, term: cp.sites.linear(m),
    "mixed": lambda m, term: cp.sites.mixed(m),
    "mixed_teams": lambda m, term: cp.sites.mixed(m, random=("site", "team")),
    "icc": lambda m, term: cp.sites.icc(m),
    "cluster_summary": lambda m, term: cp.sites.cluster_summary(m, term),
    "wild_bootstrap": lambda m, term: cp.sites.wild_bootstrap(m, term, draws=99, seed=1),
    "diagnostics": lambda m, term: cp.sites.diagnostics(m, term, draws=99, seed=1),
    "permutation": lambda m, term: cp.sites.permutation(m, term, draws=99, seed=1),
    "heterogeneity": lambda m, term: cp.sites.heterogeneity(m, term),
}
ONE_SITE = dict.fromkeys(["linear", "mixed", "mixed_teams", "icc", "wild_bootstrap"], "One site")
ONE_SITE |= {"diagnostics": "One site", "heterogeneity": "in 1 of 1 sites.*several people"}
ALONE = {"mixed": "one row only", "mixed_teams": "one row only", "icc": "one row only"}
ALONE |= {"heterogeneity": "in 0 of 6 sites"}
NO_SPREAD = {"mixed": "constant", "mixed_teams": "constant", "icc": "constant"}
NO_SPREAD |= {"heterogeneity": "whose outcomes differ"}
PERFECT = dict.fromkeys(["mixed", "mixed_teams", "icc"], "explain the outcome perfectly")
PERFECT |= {"heterogeneity": "whose outcomes differ"}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (people(1), ONE_SITE),
        (people().groupby(["s", "t"]).head(1), {"mixed_teams": "one row", "icc": "cluster='site'"}),
        (people().assign(y=3.0), NO_SPREAD),
        (people().assign(y=lambda d: 3 * d["x"] + (d["arm"] == "CP")), PERFECT),
    ],
    ids=["one site", "one person a team", "no spread", "perfect fit"],
)
@pytest.mark.parametrize("name", CALLS)
def test_designs_that_give_no_answer(name, data, said):
    if name in said:
        with pytest.raises((TooFewError, DataError), match=said[name]):
            CALLS[name](moments(data), "arm[T.CP]")
    elif name == "heterogeneity":
        with pytest.raises(TooFewError, match="coefficient of its own in 0 of 6 sites"):
            CALLS[name](moments(data), "arm[T.CP]")
    else:
        result = CALLS[name](moments(data), "arm[T.CP]")
        p = result.table.get("p", pd.Series([0.5]))
        # Where there is no p (or one of 1 that says nothing), a warning says why.
        assert result.warnings or ((p > 0) & (p < 1)).any()


@pytest.mark.parametrize("name", [name for name in CALLS if name in ALONE])
def test_one_person_a_site(name):
    data = people().groupby("s").head(1).assign(arm=["CP", "usual"] * 3)
    with pytest.raises(TooFewError, match=ALONE[name]):
        CALLS[name](moments(data), "arm[T.CP]")


@pytest.mark.parametrize("name", ["cluster_summary", "permutation", "heterogeneity"])
def test_arm_aliased_with_site(name):
    data = people().assign(arm=lambda d: np.where(d["s"] < "s3", "CP", "usual"))
    says = r"arm differs between sites|in 0 of 6 sites"
    with pytest.raises(TooFewError, match=says):
        CALLS[name](moments(data), "arm[T.CP]")


@pytest.mark.parametrize("name", ["wild_bootstrap", "diagnostics", "heterogeneity"])
def test_arm_that_follows_from_strata(name):
    data = people().assign(arm=lambda d: np.where(d["s"] < "s3", "CP", "usual"))
    with pytest.raises(OptionError, match=r"can't be estimated: it is constant, or follows"):
        CALLS[name](moments(data, "y ~ C(s) + arm"), "arm[T.CP]")


@pytest.mark.parametrize(
    "name",
    ["cluster_summary", "wild_bootstrap", "diagnostics", "permutation", "heterogeneity"],
)
def test_an_arm_that_everyone_is_in_is_named(name):
    everyone = moments(people().assign(arm="CP"))
    with pytest.raises(OptionError, match=r"no term 'arm\[T.CP\]': 'arm' is 'CP' in all rows"):
        CALLS[name](everyone, "arm[T.CP]")


@pytest.mark.parametrize("name", ["linear", "mixed", "icc"])
def test_a_factor_that_has_no_part_in_the_model_is_told(name):
    result = CALLS[name](moments(people().assign(arm="CP")), None)
    assert "Left out of the model: 'arm'. It is 'CP' in all rows." in result.warnings


@pytest.mark.parametrize("name", ["wild_bootstrap", "heterogeneity", "cluster_summary"])
def test_the_name_of_the_formula_leads_to_that_of_the_model(name):
    with pytest.raises(OptionError, match=r"the formula's 'arm' is 'arm\[T.CP\]' in the model"):
        CALLS[name](moments(people()), "arm")


@pytest.mark.parametrize("name", ["cluster_summary", "permutation", "heterogeneity"])
def test_a_site_without_one_arm_is_named(name):
    data = people()
    data = data[~((data["s"] == "s0") & (data["arm"] == "usual"))]
    assert any("'s0'" in text for text in CALLS[name](moments(data), "arm[T.CP]").warnings)


def test_an_outcome_that_is_the_same_for_all_says_so_in_permutation():
    found = cp.sites.permutation(moments(people().assign(y=3.0), "y ~ arm"), "arm[T.CP]")
    assert any("same mean: p and interval say nothing" in text for text in found.warnings)


@pytest.mark.parametrize("column", ["x", "y"])
def test_infinite_values_are_named(column):
    data = people()
    data.loc[[3, 8], column] = [np.inf, -np.inf]
    with pytest.raises(DataError, match=rf"Infinite values: '{column}' in rows 4, 9"):
        moments(data)


def test_words_for_an_outcome_are_named():
    with pytest.raises(ColumnError, match="'y' holds 'good' in rows 1, 2"):
        moments(people().assign(y="good"))


def test_terms_that_collide_are_named():
    data = people().assign(**{"arm[T.CP]": 1.0, "Intercept": 2.0})
    with pytest.raises(ColumnError, match=r"Terms collide: 'arm\[T.CP\]'"):
        moments(data, "y ~ arm + `arm[T.CP]`")
    with pytest.raises(ColumnError, match="Terms collide: 'Intercept'"):
        moments(data, "y ~ arm + Intercept")


@pytest.mark.parametrize("name", CALLS)
def test_what_are_no_moments_is_refused(name):
    with pytest.raises(CpevalError, match=r"should be moments|With a dataframe, say which"):
        CALLS[name](people(), "arm[T.CP]")
