"""What all public analyses share: what they return, and how they take good and bad input.

A new analysis joins by adding a `Case`.
"""

import copy
import pickle
from collections.abc import Callable
from dataclasses import dataclass, replace
from html import unescape

import matplotlib as mpl
import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st
from matplotlib.figure import Figure

import cpeval as cp
from cpeval.errors import (
    ColumnError,
    CpevalError,
    DataError,
    DuplicateError,
    OptionError,
    TooFewError,
)

STUDY = cp.Study(
    person="id",
    arm="arm",
    intervention="<b>new</b>",
    wave="wave",
    baseline=0,
    follow_up=6,
    randomised=True,
)

#: How tables name things; an analysis may have others beside these.
TIDY = {"term", "group", "site", "scale", "estimate", "se", "df", "statistic", "p", "n"}
TIDY |= {"ci_low", "ci_high"}
#: Other words for the same, which a table must not use.
UNTIDY = {"effect", "coef", "coefficients", "std_err", "stderr", "t", "dof", "pvalue", "p_value"}
UNTIDY |= {"lower", "upper", "ci_lower", "ci_upper", "conf_low", "conf_high", "N", "arm", "value"}


def people(seed=0, n=40):
    """A made-up trial, long: two arms, two waves, some gaps; items of a scale."""
    rng = np.random.default_rng(seed)
    who = pd.DataFrame(
        {
            "id": [f"p{k:03}" for k in range(n)],
            "arm": np.where(np.arange(n) % 2 == 0, "<b>new</b>", "usual & old"),
            "age": rng.integers(18, 80, n).astype(float),
            "sex": rng.choice(["f", "m"], n),
        }
    )
    trait = rng.normal(10, 3, n)
    waves = []
    for wave, there in ((0, np.ones(n, dtype=bool)), (6, rng.random(n) < 0.8)):
        one = who.assign(wave=wave, y=trait + rng.normal(-wave / 6, 2, n))
        for item in ("q1", "q2", "q3"):
            one[item] = np.abs(np.round(trait + rng.normal(0, 2, n)))
        waves.append(one[there])
    data = pd.concat(waves, ignore_index=True)
    data.loc[[3, n + 2], "y"] = np.nan
    data.loc[5, "q2"] = np.nan
    return data


@dataclass(frozen=True)
class Case:
    """One analysis: how to call it on `people`, and which column is its outcome."""

    run: Callable
    kind: str  # the class of the result, in the module of the function
    outcome: str | None = "y"
    by_person: bool = True  # uses the study, so people, arms and waves matter
    frame: bool = True  # takes a dataframe in memory, not columns or moments
    located: tuple[str, ...] = ()  # columns that move and stretch with the outcome
    scaled: tuple[str, ...] = ()  # columns that only stretch
    fixed: tuple[str, ...] = ()  # columns that stay


def items_of(data, *others):
    """The items, whatever the engine (columns only: `reliability` takes all that it is given)."""
    names = ["q1", "q2", "q3", *others]
    return data.select(names) if hasattr(data, "select") else data[names]


def by_person(data):
    """Moments with each person as a cluster of waves."""
    return cp.SiteMoments.from_data(data, "y ~ arm + wave + age", site="id")


def by_team(data):
    """Moments with each person as a team of waves, in the site of their sex."""
    return cp.SiteMoments.from_data(data, "y ~ arm + wave + age", site="sex", team="id")


#: Items of `people` as ratings, and ways to see informants and sites among its columns.
RATED = cp.Instrument.from_mapping(
    {
        "name": "rated",
        "title": "A scale of <b>ratings</b> & more",
        "citation": "Nobody (2026).",
        "licence": {"terms": "free"},
        "responses": {"points": {"codes": {0: "none", 40: "full"}, "between": True}},
        "items": [
            {"code": str(k), "label": f"<b>item {k}</b>", "responses": "points"} for k in (1, 2, 3)
        ],
        "scales": [{"label": "all", "items": "all", "combine": "mean", "answered": 1}],
    }
)
WAVES_RATE = {"instrument": RATED, "study": cp.Study(person="id"), "items": "q{n}"}
WAVES_RATE |= {"informant": "wave"}


def agreed(data):
    """One informant of each person: their sex."""
    study = cp.Study(person="id", site="arm", wave="wave")
    return cp.fidelity.triangulate(data, RATED, study, informant="sex", items="q{n}")


def long_items(data):
    """The items as ratings, long; waves are those who rated."""
    return cp.fidelity.score(data, **WAVES_RATE).items


def networks(data):
    """Three alters of each person and wave, two of them tied; one is always named."""
    frame = data if isinstance(data, pd.DataFrame) else nw.from_native(data).to_pandas()
    egos = frame[["id", "wave", "sex"]]
    many = egos.loc[egos.index.repeat(3)].reset_index(drop=True)
    names = np.array(["<b>Ann</b>", "Ben", "Cy"])
    many["place"] = np.tile(np.arange(3), len(egos))
    many["alter"] = names[many["place"]]
    many.loc[(many["place"] == 1) & (many["wave"] == 6), "alter"] = "Di"
    kinds = (many["place"] + many["id"].str[-1].astype(int)) % 2
    alters = many.assign(
        kind=np.where(kinds, "<b>kin</b>", "friend"), talk=kinds, help=(many["place"] < 2) * 1
    )
    ties = egos.assign(source="<b>Ann</b>", target="Cy")
    return cp.EgoNetworks(
        nw.from_native(data).select("id", "wave", "sex").to_native(),
        *(as_given(one, data) for one in (alters, ties[["id", "wave", "source", "target"]])),
        ego="id",
        wave="wave",
    )


def as_given(table, data):
    """A table in the engine of the data."""
    if isinstance(data, pd.DataFrame):
        return table
    return (
        nw.from_native(table).to_polars()
        if isinstance(data, pl.DataFrame)
        else (nw.from_native(table).to_arrow())
    )


def yes_or_no(data):
    """Items as answers 0 and 1 to five resources."""
    x = nw.from_native(data)
    return x.with_columns(
        **{f"own_{k}": (nw.col(f"q{k}").fill_null(0) > 10).cast(nw.Float64) for k in (1, 2, 3)}
    ).to_native()


#: Resources of which people have access or not.
RESOURCES = cp.Instrument.from_mapping(
    {
        "name": "own",
        "title": "<b>Resources</b> & more",
        "citation": "Nobody (2026).",
        "licence": {"terms": "free"},
        "responses": {"yes": {"codes": {0: "no", 1: "yes"}}},
        "items": [
            {"code": str(k), "label": f"<b>resource {k}</b>", "responses": "yes"} for k in (1, 2, 3)
        ],
        "scales": [{"label": "all", "items": "all", "combine": "sum"}],
    }
)


def at_wave(data, wave):
    """The rows of one wave."""
    return nw.from_native(data).filter(nw.col("wave") == wave).to_native()


def resources(data):
    """Access to resources of each person and wave."""
    return cp.social_capital.resource_generator(
        yes_or_no(data), RESOURCES, cp.Study(person="id", wave="wave")
    )


#: Cases of functions whose name two packages have.
OTHER_NAMES = {"icc_of_sites": "icc"}

CASES = {
    "fidelity.score": Case(
        lambda data: cp.fidelity.score(data, **WAVES_RATE),
        "Ratings",
        outcome=None,
        by_person=False,
    ),
    "fidelity.triangulate": Case(
        lambda data: cp.fidelity.triangulate(data, **WAVES_RATE),
        "Agreed",
        outcome=None,
        by_person=False,
    ),
    "fidelity.disagreements": Case(
        lambda data: cp.fidelity.disagreements(data, **WAVES_RATE),
        "Disagreements",
        outcome=None,
        by_person=False,
    ),
    "fidelity.agreement": Case(
        lambda data: cp.fidelity.agreement(data, **WAVES_RATE),
        "InformantAgreement",
        outcome=None,
        by_person=False,
    ),
    "fidelity.profile": Case(
        lambda data: cp.fidelity.profile(agreed(data)),
        "Profile",
        outcome=None,
        by_person=False,
    ),
    "fidelity.drift": Case(
        lambda data: cp.fidelity.drift(agreed(data)),
        "Drift",
        outcome=None,
        by_person=False,
    ),
    "fidelity.feedback": Case(
        lambda data: cp.fidelity.feedback(agreed(data), site="<b>new</b>"),
        "Feedback",
        outcome=None,
        by_person=False,
    ),
    "fidelity.generalisability": Case(
        lambda data: cp.fidelity.generalisability(
            long_items(data), unit="id", facets=["wave", "item"]
        ),
        "Generalisability",
        outcome=None,
        by_person=False,
    ),
    "fidelity.classify": Case(
        lambda data: cp.fidelity.classify(
            # Without the site, which is called "arm" here: units keep the data's own names.
            agreed(data).table.drop(columns="arm"),
            cuts={"low": 0, "<b>high</b>": 10},
            error=1,
        ),
        "Classification",
        outcome=None,
        by_person=False,
    ),
    "fidelity.dose": Case(
        lambda data: cp.fidelity.dose(
            data,
            cp.Study(person="id", site="arm"),
            planned={"frequency": 2, "duration": 40},
            minutes="age",
            period="wave",
        ),
        "Dose",
        outcome=None,
        by_person=False,
    ),
    "fidelity.decision_study": Case(
        lambda data: cp.fidelity.decision_study(
            cp.fidelity.generalisability(long_items(data), unit="id", facets=["wave", "item"]),
            wave=[1, 2],
            item=[3, 5],
        ),
        "DecisionStudy",
        outcome=None,
        by_person=False,
    ),
    "change": Case(
        lambda data: cp.outcomes.change(data, "y", STUDY),
        "Change",
        located=("before", "after"),
        scaled=("sd_before", "sd_after", "estimate", "se", "ci_low", "ci_high"),
        fixed=("statistic", "df", "p", "d_z", "d_z_low", "d_z_high", "d_av", "hedges_g_low"),
    ),
    "compare": Case(
        lambda data: cp.outcomes.compare(data, "y", STUDY, covariates=["age", "sex"]),
        "Comparison",
        scaled=("estimate", "se", "ci_low", "ci_high"),
        fixed=("statistic", "df", "p", "hedges_g", "hedges_g_low", "hedges_g_high"),
    ),
    "means": Case(
        lambda data: cp.outcomes.means(data, "y", STUDY),
        "Means",
        located=("estimate", "ci_low", "ci_high"),
        scaled=("sd", "se"),
        fixed=("n", "missing", "df"),
    ),
    "participants": Case(
        lambda data: cp.outcomes.participants(data, STUDY), "Participants", outcome=None
    ),
    "baseline": Case(
        lambda data: cp.outcomes.baseline(data, STUDY, {"y": "number", "sex": "category"}),
        "Baseline",
        located=("mean", "minimum", "median", "maximum"),
        scaled=("sd",),
        fixed=("n", "count", "percent", "smd"),
    ),
    "reliability": Case(
        lambda data: cp.measurement.reliability(items_of(data)),
        "Reliability",
        outcome="q1",
        by_person=False,
    ),
    "scalability": Case(
        lambda data: cp.measurement.scalability(items_of(data)),
        "Scalability",
        outcome="q1",
        by_person=False,
    ),
    "select_scales": Case(
        lambda data: cp.measurement.select_scales(items_of(data)),
        "ScaleSelection",
        outcome="q1",
        by_person=False,
    ),
    "dif": Case(
        lambda data: cp.measurement.dif(items_of(data, "arm"), "arm", method="mantel"),
        "DifferentialFunctioning",
        outcome="q1",
        by_person=False,
    ),
    "monotonicity": Case(
        lambda data: cp.measurement.monotonicity(items_of(data), min_size=20),
        "Monotonicity",
        outcome="q1",
        by_person=False,
    ),
    "invariant_ordering": Case(
        lambda data: cp.measurement.invariant_ordering(items_of(data), min_size=20),
        "InvariantOrdering",
        outcome="q1",
        by_person=False,
    ),
    "agreement": Case(
        lambda data: cp.measurement.agreement(items_of(data), weights="linear"),
        "Agreement",
        outcome=None,
        by_person=False,
    ),
    "icc": Case(
        lambda data: cp.measurement.icc(items_of(data)),
        "IntraclassCorrelation",
        outcome=None,
        by_person=False,
    ),
    "limits_of_agreement": Case(
        lambda data: cp.measurement.limits_of_agreement(data["q1"], data["q2"]),
        "LimitsOfAgreement",
        outcome=None,
        by_person=False,
        frame=False,
    ),
    "responsiveness": Case(
        lambda data: cp.measurement.responsiveness(
            data["q1"], data["q2"], anchor=data["sex"], unchanged=["f"], improved=["m"]
        ),
        "Responsiveness",
        outcome=None,
        by_person=False,
        frame=False,
    ),
    "items": Case(
        lambda data: cp.measurement.items(items_of(data)),
        "ItemAnalysis",
        outcome="q1",
        by_person=False,
    ),
    "balance": Case(
        lambda data: cp.sites.balance(data, STUDY, {"y": "number", "sex": "category"}),
        "Balance",
        scaled=("sd_comparison", "sd_intervention"),
        fixed=("n", "smd", "variance_ratio"),
    ),
    "effects": Case(
        lambda data: cp.sites.effects(data, "y", replace(STUDY, site="sex")),
        "SiteEffects",
        scaled=("estimate", "se", "ci_low", "ci_high"),
        fixed=("statistic", "df", "p", "n"),
    ),
    "difference_in_differences": Case(
        lambda data: cp.sites.difference_in_differences(data, "y", STUDY, covariates=["age"]),
        "DifferenceInDifferences",
        scaled=("estimate", "se", "ci_low", "ci_high"),
        fixed=("statistic", "df", "p", "n"),
    ),
    "gee": Case(
        lambda data: cp.sites.gee(data, "y ~ arm + age", family="gaussian", site="id"),
        "EstimatingEquations",
        by_person=False,
    ),
    "funnel": Case(
        lambda data: cp.sites.funnel(data, "mean", site="sex", outcome="y"),
        "Funnel",
        by_person=False,
        located=("estimate", "low_95", "high_95", "low_99.8", "high_99.8"),
        scaled=("se",),
        fixed=("statistic",),
    ),
    "caterpillar": Case(
        lambda data: cp.sites.caterpillar(data, "y", site="sex"),
        "Caterpillar",
        by_person=False,
        located=("estimate", "ci_low", "compare_low", "shrunken", "shrunken_low"),
        scaled=("se", "shrunken_se"),
        fixed=("df", "weight"),
    ),
    "dimensions": Case(
        lambda data: cp.measurement.dimensions(items_of(data), draws=20, seed=1),
        "Dimensions",
        outcome="q1",
        by_person=False,
    ),
    "report": Case(
        lambda data: cp.measurement.report(items_of(data, "arm"), group="arm", seed=1),
        "MethodsReport",
        outcome="q1",
        by_person=False,
    ),
    "icc_of_sites": Case(
        lambda data: cp.sites.icc(by_person(data)),
        "ClusterCorrelation",
        by_person=False,
        frame=False,
        fixed=("estimate", "ci_low", "ci_high", "design_effect", "statistic", "df", "p", "n"),
    ),
    "linear": Case(
        lambda data: cp.sites.linear(by_person(data)), "Linear", by_person=False, frame=False
    ),
    "mixed": Case(
        lambda data: cp.sites.mixed(by_person(data)), "Mixed", by_person=False, frame=False
    ),
    "wild_bootstrap": Case(
        lambda data: cp.sites.wild_bootstrap(by_person(data), "wave", draws=199, seed=1),
        "WildBootstrap",
        by_person=False,
        frame=False,
    ),
    "heterogeneity": Case(
        lambda data: cp.sites.heterogeneity(
            cp.SiteMoments.from_data(data, "y ~ wave + age", site="arm"), "wave"
        ),
        "Heterogeneity",
        by_person=False,
        frame=False,
        scaled=("estimate", "se", "ci_low", "ci_high"),
        fixed=("weight", "df", "n"),
    ),
    "permutation": Case(
        lambda data: cp.sites.permutation(by_team(data), "arm[T.usual & old]", draws=999, seed=1),
        "Permutation",
        by_person=False,
        frame=False,
        scaled=("estimate", "ci_low", "ci_high"),
        fixed=("p", "n"),
    ),
    "diagnostics": Case(
        lambda data: cp.sites.diagnostics(by_team(data), "wave", cluster="team", draws=99, seed=1),
        "Diagnostics",
        by_person=False,
        frame=False,
        scaled=("without",),
        fixed=("n", "leverage", "partial_leverage"),
    ),
    "noise_cost": Case(
        lambda data: cp.sites.noise_cost(
            cp.SiteMoments.from_data(
                data, "y ~ wave", site="sex", bounds={"y": (-100, 100), "wave": (0, 6)}
            ),
            epsilon=1,
            draws=20,
            seed=1,
        ),
        "NoiseCost",
        outcome=None,
        by_person=False,
        frame=False,
    ),
    "cluster_summary": Case(
        lambda data: cp.sites.cluster_summary(by_team(data), "arm[T.usual & old]"),
        "ClusterSummary",
        by_person=False,
        frame=False,
        scaled=("estimate", "se", "ci_low", "ci_high"),
        fixed=("statistic", "df", "p", "n"),
    ),
}
#: Measures of each person's network or resources: a row a person and wave, in the data's order.
MEASURES = {
    **{
        f"networks.{name}": Case(run, kind, outcome=None, by_person=False, frame=False)
        for name, run, kind in (
            ("metrics", lambda d: networks(d).metrics(by="kind"), "EgoMetrics"),
            ("composition", lambda d: networks(d).composition("kind"), "Composition"),
            ("homophily", lambda d: networks(d).homophily("kind", ego="sex"), "Homophily"),
            ("support", lambda d: networks(d).support(["talk", "help"]), "Support"),
            ("multiplexity", lambda d: networks(d).multiplexity(["talk", "help"]), "Multiplexity"),
            ("change", lambda d: networks(d).change(0, 6), "NetworkChange"),
        )
    },
    "social_capital.resource_generator": Case(
        resources, "ResourceGenerator", outcome=None, by_person=False, frame=False
    ),
    "social_capital.resource_change": Case(
        lambda data: cp.social_capital.resource_change(
            resources(at_wave(data, 0)), resources(at_wave(data, 6))
        ),
        "ResourceChange",
        outcome=None,
        by_person=False,
        frame=False,
    ),
    "social_capital.position_generator": Case(
        lambda data: cp.social_capital.position_generator(
            yes_or_no(data),
            {"own_1": 20, "own_2": 50, "own_3": 80},
            study=cp.Study(person="id", wave="wave"),
        ),
        "PositionGenerator",
        outcome=None,
        by_person=False,
        frame=False,
    ),
}
ALL = CASES | MEASURES
#: Analyses of a design, or of moments, have tests of their own.
WITHOUT_DATA = (
    {"power", "fidelity.read_consensus"}
    | {
        "fidelity.auto_score",
        "fidelity.read_rating_sheet",
    }
    | {
        f"social_capital.{name}"  # networks out of files and tables
        for name in (
            *("from_adjacency", "from_wide", "name_generator_sheet"),
            *("read_egoweb", "read_name_generator_sheet", "read_network_canvas"),
        )
    }
    | {name for name, case in CASES.items() if not case.frame} & set(cp.sites.__all__)
)
OUTCOMES = [name for name, case in CASES.items() if case.outcome is not None]
FRAMES = [name for name, case in CASES.items() if case.frame]
BY_PERSON = [name for name, case in CASES.items() if case.by_person]
UNITS = [name for name, case in CASES.items() if case.scaled or case.fixed]


@pytest.fixture(autouse=True)
def agg():
    mpl.use("Agg")


@pytest.fixture(scope="module")
def results():
    return {name: case.run(people()) for name, case in ALL.items()}


def same(one, other, **how):
    pd.testing.assert_frame_equal(one.table, other.table, rtol=1e-9, atol=1e-12, **how)
    assert one.note == other.note
    assert one.warnings == other.warnings


def test_every_public_analysis_is_here():
    packages = (
        *(("", package) for package in (cp.outcomes, cp.measurement, cp.sites)),
        ("fidelity.", cp.fidelity),
        ("social_capital.", cp.social_capital),
    )
    public = [
        prefix + name
        for prefix, package in packages
        for name in package.__all__
        if not isinstance(getattr(package, name), type)
    ]
    public += [f"networks.{name}" for name in vars(cp.EgoNetworks) if not name.startswith("_")]
    cases = [OTHER_NAMES.get(name, name) for name in ALL.keys() | WITHOUT_DATA]
    assert sorted(public) == sorted(cases)


@pytest.mark.parametrize("name", CASES)
def test_returns_a_result_with_tidy_names(name, results):
    result = results[name]
    assert isinstance(result, cp.Result)
    assert type(result).__name__ == CASES[name].kind
    assert type(result.table) is pd.DataFrame
    assert TIDY & set(result.table.columns)
    assert not UNTIDY & set(result.table.columns)
    assert isinstance(result.table.index, pd.RangeIndex)
    assert result.note.endswith(".")
    assert isinstance(result.warnings, tuple)
    assert all(isinstance(text, str) and text for text in result.warnings)


@pytest.mark.parametrize("name", ALL)
def test_is_frozen_and_does_not_share_its_table(name, results):
    with pytest.raises(AttributeError):
        results[name].note = "another"
    result = ALL[name].run(people())
    result.table[result.table.columns[0]] = "changed"
    same(ALL[name].run(people()), results[name])


@pytest.mark.parametrize("make", [lambda d: d, pl.from_pandas, pa.Table.from_pandas])
@pytest.mark.parametrize("name", ALL)
def test_leaves_its_input_as_it_was(name, make):
    data = make(people())
    before = copy.deepcopy(data)
    ALL[name].run(data)
    if isinstance(data, pd.DataFrame):
        pd.testing.assert_frame_equal(data, before)
    else:
        assert data.equals(before)


@pytest.mark.parametrize("make", [pl.from_pandas, pa.Table.from_pandas])
@pytest.mark.parametrize("name", CASES)
def test_engines_give_the_same(name, make, results):
    same(CASES[name].run(make(people())), results[name], check_dtype=False)


@pytest.mark.parametrize("make", [lambda d: d, pl.from_pandas, pa.Table.from_pandas])
@pytest.mark.parametrize("name", MEASURES)
def test_measures_do_not_depend_on_row_order_or_engine(name, make, results):
    """Rows follow the data, so they are compared by what they say."""
    found = MEASURES[name].run(make(people().sample(frac=1, random_state=3))).table
    pd.testing.assert_frame_equal(in_order(found), in_order(results[name].table), check_dtype=False)


def in_order(table):
    """Rows sorted by whom they are of."""
    keys = [name for name in ("ego", "person", "wave", "term", "group") if name in table]
    return table.sort_values(keys, ignore_index=True)


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 2**32 - 1))
@pytest.mark.parametrize("name", CASES)
def test_row_order_does_not_matter(name, seed):
    data = people(seed % 97)
    shuffled = data.sample(frac=1, random_state=seed % 2**31)
    same(CASES[name].run(shuffled), CASES[name].run(data))


@settings(deadline=None, max_examples=10)
@given(
    a=st.floats(1e-3, 1e3),
    # In spreads of the outcome; far from zero, least squares loses digits.
    b=st.floats(-100, 100),
    seed=st.integers(0, 50),
)
@pytest.mark.parametrize("name", UNITS)
def test_units_rescale_as_they_should(name, a, b, seed):
    case, data = CASES[name], people(seed)
    one = case.run(data).table
    two = case.run(data.assign(y=a * (data["y"] + b))).table
    rows = one["term"] == "y" if name in ("baseline", "balance") else slice(None)
    close = {"rtol": 1e-6, "atol": 1e-6 * a}
    for column in case.located:
        np.testing.assert_allclose(
            two.loc[rows, column], a * (one.loc[rows, column] + b), **close, err_msg=column
        )
    for column in case.scaled:
        np.testing.assert_allclose(
            two.loc[rows, column], a * one.loc[rows, column], **close, err_msg=column
        )
    for column in case.fixed:
        np.testing.assert_allclose(
            two[column].astype(float), one[column].astype(float), rtol=1e-6, atol=1e-9
        )


@settings(deadline=None, max_examples=10)
@given(order=st.permutations(range(40)), seed=st.integers(0, 50))
@pytest.mark.parametrize("name", BY_PERSON)
def test_what_people_are_called_does_not_matter(name, order, seed):
    data = people(seed)
    ids = data["id"].unique()
    numbers = data["id"].map(dict(zip(ids, order, strict=True)))
    one = CASES[name].run(data)
    same(CASES[name].run(data.assign(id=numbers)), one)
    texts = data["id"].map(dict(zip(ids, (f"name {k}" for k in order), strict=True)))
    same(CASES[name].run(data.assign(id=texts)), one)


@pytest.mark.parametrize("name", ALL)
def test_pickles(name, results):
    result = results[name]
    again = pickle.loads(pickle.dumps(result))
    assert type(again) is type(result)
    same(again, result)


@pytest.mark.parametrize("name", CASES)
def test_shows_itself(name, results):
    result = results[name]
    html, text = result._repr_html_(), str(result)
    assert "<b>new" not in html
    assert unescape(html).count("<table") == 1
    assert repr(result) == text
    assert result.note in text
    for warning in result.warnings:
        assert f"Warning: {warning}" in text
    if "group" in result.table:
        assert "&lt;b&gt;new&lt;/b&gt;" in html
        assert "<b>new</b>" in text


@pytest.mark.parametrize("name", ALL)
def test_draws_on_given_axes_and_touches_nothing_else(name, results):
    import matplotlib.pyplot as plt

    settings_before, figures = dict(mpl.rcParams), plt.get_fignums()
    figure = Figure()
    ax, other = figure.subplots(1, 2)
    size = figure.get_size_inches().tolist()
    assert results[name].plot(ax=ax) is ax
    assert ax.has_data()
    assert not other.has_data()
    figure.canvas.draw()
    assert figure.axes == [ax, other]
    assert figure.get_size_inches().tolist() == size
    assert dict(mpl.rcParams) == settings_before
    assert plt.get_fignums() == figures


@pytest.mark.parametrize("name", ALL)
def test_draws_on_new_axes(name, results):
    import matplotlib.pyplot as plt

    ax = results[name].plot()
    assert ax.has_data()
    plt.close(ax.figure)


def refused(case, data, kind, says):
    """The call raises one error of ours, of this kind, and says what is at fault."""
    with pytest.raises(CpevalError, match=says) as error:
        case.run(data)
    assert isinstance(error.value, kind)
    assert error.value.exit_code == (2 if kind is OptionError else 1)
    assert error.value.__cause__ is None


@pytest.mark.parametrize("name", CASES)
def test_refuses_an_empty_frame(name):
    refused(CASES[name], people().head(0), TooFewError, "no rows|0 rows")
    refused(CASES[name], pl.from_pandas(people()).head(0), TooFewError, "no rows|0 rows")


@pytest.mark.parametrize("name", BY_PERSON)
def test_refuses_a_frame_without_columns(name):
    refused(CASES[name], pd.DataFrame(), ColumnError, "have no columns? 'y'|have no columns 'id'")


@pytest.mark.parametrize("column", ["id", "arm", "wave", "y"])
@pytest.mark.parametrize("name", BY_PERSON)
def test_refuses_an_absent_column(name, column):
    case = CASES[name]
    if column == "y" and case.outcome is None:
        case.run(people().drop(columns="y"))
    else:
        data = people().drop(columns=column)
        refused(case, data, ColumnError, rf"The data have no column '{column}'.*Columns there: ")


@pytest.mark.parametrize("name", BY_PERSON)
def test_refuses_a_person_twice_at_a_wave(name):
    data = people()
    data = pd.concat([data, data.iloc[[1]]])
    says = rf"'p001' at 0 2 times \(rows 2, {len(data)}\)"
    refused(CASES[name], data, DuplicateError, says)


@pytest.mark.parametrize("name", OUTCOMES)
def test_refuses_text_in_a_column_of_numbers(name):
    case = CASES[name]
    data = people()
    data[case.outcome] = data[case.outcome].astype(object)
    data.loc[7, case.outcome] = "n/a"
    refused(case, data, ColumnError, rf"'{case.outcome}' holds 'n/a' in row 8\.")
    text = pl.from_pandas(people()).with_columns(pl.col(case.outcome).cast(pl.String))
    refused(case, text, ColumnError, rf"'{case.outcome}' holds numbers as text, such as '")


@pytest.mark.parametrize("missing", [None, np.nan])
@pytest.mark.parametrize("name", OUTCOMES)
def test_refuses_an_outcome_that_is_all_missing(name, missing):
    case = CASES[name]
    data = people().assign(**{case.outcome: missing})
    says = (
        case.outcome if case.by_person else f"0 of them complete|nobody answered '{case.outcome}'"
    )
    refused(case, data, TooFewError, says)
    if missing is None:
        refused(case, pl.from_pandas(data), TooFewError, says)


@pytest.mark.parametrize("name", OUTCOMES)
def test_refuses_infinite_values(name):
    case = CASES[name]
    data = people()
    data.loc[[0, 9], case.outcome] = [np.inf, -np.inf]
    refused(case, data, DataError, rf"Infinite values: '{case.outcome}' in rows 1, 10\.")


@pytest.mark.parametrize("name", FRAMES)
def test_refuses_what_is_no_dataframe(name):
    with pytest.raises(OptionError, match="must be a dataframe that is in memory"):
        CASES[name].run(pl.from_pandas(people()).lazy())


@pytest.mark.parametrize("level", [0, 1, 95, -0.1, "0.95", None, True])
@pytest.mark.parametrize("name", ["change", "compare", "means"])
def test_refuses_a_level_outside_0_and_1(name, level):
    with pytest.raises(OptionError, match=r"'level'.*between 0 and 1.*Got "):
        getattr(cp.outcomes, name)(people(), "y", STUDY, level=level)
