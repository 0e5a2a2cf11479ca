"""`evaluate()`: its results are those of the functions called by hand, on each way into a table."""

from pathlib import Path

import pandas as pd
import pytest

import cpeval as cp
from cpeval.errors import ColumnError, DataError, ReadError, StudyError

HELP = Path(__file__).parents[1] / "examples" / "help" / "study.toml"

HEAD = """
[study]
person = "id"
arm = "arm"
intervention = "CP"
wave = "wave"
baseline = "t0"
follow_up = "t1"
"""
TAIL = """
[instruments.swemwbs]
items = "q{n}"
[outcomes]
primary = "swemwbs_metric"
"""


@pytest.fixture(scope="module")
def help_trial():
    return cp.evaluate(HELP)


def long(n=30):
    """One row a person and wave."""
    rows = pd.DataFrame({"id": [f"p{k // 2}" for k in range(2 * n)], "wave": ["t0", "t1"] * n})
    for q in range(1, 8):
        rows[f"q{q}"] = [1 + (k * k + q * k + q) % 5 for k in range(2 * n)]
    return rows


def people(n=30):
    return pd.DataFrame({"id": [f"p{k}" for k in range(n)], "arm": ["CP", "usual"] * (n // 2)})


def evaluated(tmp_path, data, tail=TAIL):
    (tmp_path / "study.toml").write_text(HEAD + data + tail)
    return cp.evaluate(tmp_path / "study.toml")


def test_help_gives_what_the_functions_give_by_hand(help_trial):
    data = cp.score(cp.read(HELP.parent / "help.csv"), "ces_d", items="F1{letter}")
    study = cp.Study.from_toml(HELP)
    covariates = {"AGE": "number", "A1": "category"}
    for wave, end in [(6, ""), (12, "/12"), (24, "/24")]:
        by_hand = cp.outcomes.compare(
            data, "ces_d", study.at(wave), covariates=covariates, sensitivity=not end
        )
        pd.testing.assert_frame_equal(
            help_trial.results[f"ces_d/compare{end}"].table, by_hand.table
        )
        by_hand = cp.outcomes.change(data, "ces_d", study.at(wave))
        pd.testing.assert_frame_equal(help_trial.results[f"ces_d/change{end}"].table, by_hand.table)
    pd.testing.assert_frame_equal(
        help_trial.results["ces_d/means"].table, cp.outcomes.means(data, "ces_d", study).table
    )


def test_help_names_what_a_reader_must_know(help_trial):
    assert [o.column for o in help_trial.outcomes] == ["ces_d", "pss_fr", "pss_fa", "sf_36_mh"]
    assert [o.better for o in help_trial.outcomes] == ["lower", "higher", "higher", "higher"]
    assert help_trial.outcomes[0].primary
    assert help_trial.value_labels["GROUP"] == {"0": "usual care", "1": "HELP clinic"}
    assert help_trial.sources[0].file == "help.csv"
    assert (help_trial.sources[0].n_rows, len(help_trial.sources[0].sha256)) == (1472, 64)
    assert {"cpeval", "python", "pandas"} <= set(help_trial.versions)
    assert [n.status for n in help_trial.instruments] == ["verified"] * 4
    assert list(help_trial.results)[:4] == ["data", "participants", "baseline", "reliability"]
    assert list(help_trial.results["reliability"].table["scale"]) == [
        o.column for o in help_trial.outcomes
    ]


def test_reliability_is_that_of_the_reversed_items_at_baseline(help_trial):
    import pingouin

    data = pd.read_csv(HELP.parent / "help.csv").query("TIME == 0")
    items = data[[f"F1{c}" for c in "ABCDEFGHIJKLMNOPQRST"]].dropna()
    items = items.assign(**{c: 3 - items[c] for c in ("F1D", "F1H", "F1L", "F1P")})
    alpha, _ = pingouin.cronbach_alpha(items)  # complete rows only, where it is right
    row = help_trial.results["reliability"].table.query("scale == 'ces_d'").iloc[0]
    assert row.estimate == pytest.approx(alpha, rel=1e-12)
    assert row.n == len(items)


def test_one_file_or_wide_or_joined_or_a_file_a_wave_give_the_same(tmp_path):
    whole = long().merge(people(), on="id")
    whole.to_csv(tmp_path / "long.csv", index=False)
    long().to_csv(tmp_path / "responses.csv", index=False)
    people().to_excel(tmp_path / "people.xlsx", index=False)
    wide = whole.pivot(index=["id", "arm"], columns="wave")
    wide.columns = [f"{item}_{wave}" for item, wave in wide.columns]
    wide.reset_index().to_csv(tmp_path / "wide.csv", index=False, sep=";")
    for wave in ("t0", "t1"):
        whole[whole.wave == wave].drop(columns="wave").to_csv(tmp_path / f"{wave}.csv", index=False)
    ways = [
        '[data]\nfile = "long.csv"\n',
        '[data]\nfile = "responses.csv"\n[[data.join]]\nfile = "people.xlsx"\non = "id"\n',
        '[data]\nfile = "wide.csv"\n[data.wide]\npattern = "{item}_{wave}"\n',
        '[data]\nfile = "wide.csv"\n[data.wide]\nwaves = { t0 = "_t0", t1 = "_t1" }\n',
        '[data]\nfiles = { t0 = "t0.csv", t1 = "t1.csv" }\n',
    ]
    tables = [evaluated(tmp_path, way).results["swemwbs_metric/compare"].table for way in ways]
    for other in tables[1:]:
        pd.testing.assert_frame_equal(other, tables[0])


def test_without_arm_there_is_change_and_no_comparison(tmp_path):
    long().to_csv(tmp_path / "long.csv", index=False)
    (tmp_path / "study.toml").write_text(
        '[study]\nperson = "id"\nwave = "wave"\nbaseline = "t0"\nfollow_up = "t1"\n'
        '[data]\nfile = "long.csv"\n' + TAIL
    )
    results = cp.evaluate(tmp_path / "study.toml").results
    assert "swemwbs_metric/change" in results
    assert "swemwbs_metric/compare" not in results


def test_an_outcome_that_no_instrument_gives(tmp_path):
    long().merge(people(), on="id").assign(contacts=lambda d: d.q1 * 2).to_csv(
        tmp_path / "d.csv", index=False
    )
    tail = '[outcomes]\nprimary = "contacts"\nbetter = { contacts = "higher" }\n[labels]\ncontacts = "Contacts"\n'
    done = evaluated(tmp_path, '[data]\nfile = "d.csv"\n', tail)
    assert done.outcomes[0].label == "Contacts"
    assert done.outcomes[0].better == "higher"
    assert "reliability" not in done.results


def test_invalid_answers_may_be_missing_when_the_study_says_so(tmp_path):
    data = long().merge(people(), on="id")
    data.loc[0, "q1"] = 99
    data.to_csv(tmp_path / "d.csv", index=False)
    with pytest.raises(DataError, match=r"answer outside the codes in column 'q1' \(99\), row 1"):
        evaluated(tmp_path, '[data]\nfile = "d.csv"\n')
    lenient = TAIL.replace('items = "q{n}"', 'items = "q{n}"\non_invalid = "missing"')
    done = evaluated(tmp_path, '[data]\nfile = "d.csv"\n', lenient)
    assert done.results["data"].table.severity.tolist() == ["warning"]
    declared = evaluated(tmp_path, '[data]\nfile = "d.csv"\nmissing = { "*" = [99] }\n')
    assert declared.results["data"].table.severity.tolist() == ["note"]
    pd.testing.assert_frame_equal(
        declared.results["swemwbs_metric/change"].table, done.results["swemwbs_metric/change"].table
    )


@pytest.mark.parametrize(
    "data",
    [
        'file = "d.csv"\n{codes}',
        'file = "wide.csv"\n{codes}[data.wide]\npattern = "{{item}}_{{wave}}"\n',
        'files = {{ t0 = "t0.csv", t1 = "t1.csv" }}\n{codes}',
        'file = "bare.csv"\n{codes}[[data.join]]\nfile = "p.csv"\non = "id"\nmissing = {{ "*" = [9] }}\n',
    ],
)
def test_a_person_whose_id_is_a_missing_code_is_a_person(tmp_path, data):
    rows = long().merge(people(), on="id").assign(id=lambda d: d["id"].str[1:].astype(int))
    rows.to_csv(tmp_path / "d.csv", index=False)
    rows.drop(columns="arm").to_csv(tmp_path / "bare.csv", index=False)
    rows[["id", "arm"]].drop_duplicates().to_csv(tmp_path / "p.csv", index=False)
    for wave in ("t0", "t1"):
        part = rows[rows.wave == wave].drop(columns="wave")
        part.to_csv(tmp_path / f"{wave}.csv", index=False)
    wide = rows.pivot(index=["id", "arm"], columns="wave")
    wide.columns = [f"{item}_{wave}" for item, wave in wide.columns]
    wide.reset_index().to_csv(tmp_path / "wide.csv", index=False)
    table = data.format(codes='missing = { "*" = [9] }\n')
    results = evaluated(tmp_path, f"[data]\n{table}").results
    assert results["data"].table.empty
    assert results["participants"].table.n.sum() == 60


def test_every_column_that_is_not_there_is_named_at_once(tmp_path):
    long().merge(people(), on="id").to_csv(tmp_path / "d.csv", index=False)
    tail = (
        TAIL.replace("q{n}", "p{n}")
        + 'secondary = ["swemwbs_metrc"]\ncovariates = ["aeg"]\n[labels]\nidd = "x"\n[report]\nbaseline = ["id"]\n'
    )
    with pytest.raises(StudyError) as caught:
        evaluated(tmp_path, '[data]\nfile = "d.csv"\n', tail)
    for said in (
        "outcomes: 'swemwbs_metrc' (did you mean 'swemwbs_metric'?)",
        "outcomes.covariates: 'aeg'",
        "labels: 'idd'",
        "report.baseline: 'id' identifies people",
        "instruments.swemwbs, items: 'p1', 'p2'",
        "Columns of the data: 'id', 'wave'",
    ):
        assert said in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ReadError, match=r"d\.csv"):
        evaluated(tmp_path, '[data]\nfile = "d.csv"\n')


def test_text_that_differs_from_row_to_row_is_no_covariate(tmp_path):
    data = long(60).merge(people(60), on="id").assign(age=lambda d: d.index.astype(str) + " years")
    data.to_csv(tmp_path / "d.csv", index=False)
    with pytest.raises(ColumnError, match="'age': 120 values, such as '0 years', '1 years'"):
        evaluated(tmp_path, '[data]\nfile = "d.csv"\n', TAIL + 'covariates = ["age"]\n')


def test_numbers_stored_as_text_are_no_category_in_silence(tmp_path):
    data = long().merge(people(), on="id").assign(age=lambda d: "A" + d.q1.astype(str))
    data.to_csv(tmp_path / "d.csv", index=False)
    tail = TAIL + 'covariates = ["age"]\n'
    assert "swemwbs_metric/compare" in evaluated(tmp_path, '[data]\nfile = "d.csv"\n', tail).results
    data.assign(age=lambda d: d.q1.map("{:03}".format)).to_csv(tmp_path / "d.csv", index=False)
    with pytest.raises(
        ColumnError, match=r"'age' holds numbers stored as text.*age = \"category\""
    ):
        evaluated(tmp_path, '[data]\nfile = "d.csv"\n', tail)
    said = tail.replace('["age"]', '{ age = "category" }')
    assert "swemwbs_metric/compare" in evaluated(tmp_path, '[data]\nfile = "d.csv"\n', said).results
