"""The HELP example: its file comes from its script, its codebook names what is in it, and the
data set's own scores do what the example's README says."""

import re
import runpy
import string
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

HELP = Path(__file__).parents[1] / "examples" / "help"
A_TO_N = string.ascii_uppercase[:14]
WAVES = {"all": {0, 6, 12, 18, 24}, "0": {0}, "6, 12, 18, 24": {6, 12, 18, 24}}
# Lowest and highest raw sum of each scale.
SF_36_RAW = {
    "PF": (10, 30),
    "RP": (4, 8),
    "BP": (2, 12),
    "GH": (5, 25),
    "VT": (4, 24),
    "SF": (2, 10),
    "RE": (3, 6),
    "MH": (5, 30),
}
# The file holds 15 significant digits.
LAST_DIGITS = 1e-13


@pytest.fixture(scope="module")
def data():
    return pd.read_csv(HELP / "help.csv")


@pytest.fixture(scope="module")
def script():
    return runpy.run_path(str(HELP / "make_data.py"))


def test_the_script_writes_the_shipped_file_byte_for_byte(script, tmp_path):
    script["write"](tmp_path / "help.csv")
    assert (tmp_path / "help.csv").read_bytes() == (HELP / "help.csv").read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["help.csv"]


def test_rows_are_people_by_interview_in_order(data):
    assert data.shape == (1472, 122)
    assert data[["ID", "TIME"]].apply(tuple, axis=1).is_monotonic_increasing
    assert not data.duplicated(["ID", "TIME"]).any()
    per_arm = data.groupby(["GROUP", "TIME"]).size().to_list()
    assert per_arm == [235, 119, 106, 125, 129, 235, 135, 111, 129, 148]
    assert len(data[["ID", "GROUP"]].drop_duplicates()) == data.ID.nunique() == 470
    linked = data.groupby("GROUP").LINKSTATUS.agg(["sum", "count"])
    assert linked.to_numpy().tolist() == [[36, 215], [131, 232]]


def test_whole_numbers_are_written_whole_and_no_text_is_shipped(data):
    cells = (HELP / "help.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert not re.search(r"\.0(,|$)", "\n".join(cells), re.MULTILINE)
    assert all(pd.api.types.is_numeric_dtype(kind) for kind in data.dtypes)


@pytest.fixture(scope="module")
def codebook():
    text = (HELP / "CODEBOOK.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| (.*) \| (.+) \|$", text, re.MULTILINE)
    return pd.DataFrame(rows, columns=["column", "meaning", "codes", "waves"])


def test_codebook_names_every_column_in_order(codebook, data):
    assert codebook["column"].to_list() == data.columns.to_list()


@pytest.mark.parametrize("column", runpy.run_path(str(HELP / "make_data.py"))["COLUMNS"])
def test_codebook_is_true_of_the_column(column, codebook, data):
    row = codebook.set_index("column").loc[column]
    values = data[column].dropna()
    assert set(data.loc[values.index, "TIME"]) == WAVES[row.waves]
    limits = re.fullmatch(r"(\d+) to (\d+)", row.codes)
    if limits:
        low, high = map(int, limits.groups())
        assert values.between(low, high).all()
    elif row.codes:
        codes = {int(code) for code in re.findall(r"(?:^|, )(\d+)", row.codes)}
        assert set(values) == codes


def test_ces_d_of_the_data_set_is_the_sum_of_the_items_answered(data):
    items = data[[f"F1{letter}" for letter in string.ascii_uppercase[:20]]].copy()
    lacking = items.isna().sum(axis=1)
    assert lacking.value_counts().to_dict() == {0: 1439, 1: 21, 2: 3, 20: 9}
    items[["F1D", "F1H", "F1L", "F1P"]] = 3 - items[["F1D", "F1H", "F1L", "F1P"]]
    pd.testing.assert_series_equal(items.sum(axis=1, min_count=1), data.CES_D, check_names=False)


@pytest.mark.parametrize(
    ("who", "score", "negative", "sevens", "all_seven", "lacking", "blank"),
    [
        ("N1", "PSS_FR", "BJLN", 564, 10, {0: 1472}, []),
        (
            *("N2", "PSS_FA", "CDMN", 373, 11),
            {0: 1460, 14: 8, 11: 2, 1: 1, 2: 1},
            [(158, 0, 7), (363, 0, 8)],
        ),
    ],
)
def test_support_of_the_data_set_counts_does_not_know_as_none(
    data, who, score, negative, sevens, all_seven, lacking, blank
):
    answers = data[[f"{who}{letter}" for letter in A_TO_N]]
    seven = answers == 7
    assert seven.any(axis=1).sum() == sevens
    assert seven.all(axis=1).sum() == all_seven
    assert answers.isna().sum(axis=1).value_counts().to_dict() == lacking
    shows_support = pd.Series(
        [0 if letter in negative else 1 for letter in A_TO_N], answers.columns
    )
    points = answers.eq(shows_support, axis=1).sum(axis=1).where(answers.notna().all(axis=1))
    departs = data[score].isna() & points.notna()
    rows = data.loc[departs, ["ID", "TIME"]].assign(points=points[departs])
    assert [tuple(map(int, row)) for row in rows.to_numpy()] == blank
    there = data[score].notna()
    assert (points[there] == data.loc[there, score]).all()


def test_sf_36_of_the_data_set_has_the_missing_answers_that_the_readme_counts(data, script):
    lacking = data[script["SF_36"]].isna().sum(axis=1)
    assert lacking.value_counts().to_dict() == {0: 1448, 1: 14, 34: 7, 2: 2, 3: 1}
    assert data.loc[lacking == 34, ["B1", "B2", "HT"]].notna().all(axis=None)
    no_emotional = data.RE.isna() & (lacking < 34)
    assert data.loc[no_emotional, ["ID", "TIME"]].to_numpy().tolist() == [[286, 0], [414, 0]]
    scales = [*SF_36_RAW, *(f"RAW{name}" for name in SF_36_RAW), "PCS", "MCS"]
    assert data[scales].notna().any(axis=1).sum() == 1472 - 7
    assert (data.HT == data.B2).all()


@pytest.mark.parametrize(("name", "limits"), SF_36_RAW.items())
def test_raw_sums_of_the_data_set_are_its_scales_before_the_stretch(data, name, limits):
    low, high = limits
    raw = low + data[name] / 100 * (high - low)
    np.testing.assert_allclose(raw, data[f"RAW{name}"], rtol=0, atol=LAST_DIGITS)
