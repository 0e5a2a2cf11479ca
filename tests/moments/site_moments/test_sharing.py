"""Moments in a file: the same when read, and refused when they shouldn't be shared or believed."""

import json

import numpy as np
import pandas as pd
import pytest

import cpeval as cp
from cpeval.errors import DataError, OptionError, OutputError, ReadError
from cpeval.moments import SiteMoments
from cpeval.moments.sharing import _checksum

from .conftest import made, with_gaps


@pytest.fixture
def moments():
    return SiteMoments.from_data(made(), "y ~ arm + baseline", site="trust")


def test_read_moments_are_those_written(moments, tmp_path):
    path = moments.to_json(tmp_path / "moments.json")
    again = SiteMoments.from_json(path)
    for name in ("n", "dropped", "weight", "origin", "offset", "cross"):
        np.testing.assert_array_equal(getattr(again, name), getattr(moments, name))
    assert again.levels == moments.levels
    assert repr(again) == repr(moments)
    pd.testing.assert_frame_equal(cp.sites.linear(again).table, cp.sites.linear(moments).table)
    assert [p.name for p in tmp_path.iterdir()] == ["moments.json"]
    assert "Ö <b>" in path.read_text(encoding="utf-8")


def test_gaps_teams_and_weights_survive(tmp_path):
    data = with_gaps(made(n=2000))
    moments = SiteMoments.from_data(data, "y ~ baseline", site="trust", team="team", weights="w")
    again = SiteMoments.from_json(moments.to_json(tmp_path / "m.json"))
    assert (again.site, again.team) == (moments.site, moments.team)
    assert again.weights_column == "w"


def test_a_file_holds_no_record(moments, tmp_path):
    text = moments.to_json(tmp_path / "m.json").read_text(encoding="utf-8")
    data = made()
    assert not any(repr(value) in text for value in [*data.y[:50], *data.baseline[:50]])
    assert "No records" in json.loads(text)["discloses"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c["n"].__setitem__(0, 99), "changed after it was written"),
        (lambda c: c.update(version=1), "version 1; this cpeval reads version 2"),
        (lambda c: c.update(kind="other"), "not a file that"),
        (lambda c: c.pop("cross"), "lacks cross"),
        (lambda c: c.update(note="hello"), "has 'note' besides"),
    ],
)
def test_edited_files_are_refused_with_the_reason(change, message, moments, tmp_path):
    path = moments.to_json(tmp_path / "m.json")
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ReadError, match=message):
        SiteMoments.from_json(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c["n"].__setitem__(0, -3),
        lambda c: c["n"].append(3),
        lambda c: c["cross"][0][0].__setitem__(1, 1e9),
        lambda c: c["offset"].pop(),
        lambda c: c["team"].pop(),
        lambda c: c.update(levels=[1]),
        lambda c: c.update(cross="x"),
        lambda c: c["n"].__setitem__(0, 9.5),
        lambda c: c["n"].__setitem__(0, None),
        lambda c: c["weight"].__setitem__(0, 2.0),
        lambda c: c["site"].__setitem__(0, ["a"]),
        lambda c: c["site"].__setitem__(0, c["site"][1]),
        lambda c: c.update(formula=3),
        lambda c: c.update(terms=["Intercept", "baseline", "baseline"]),
        lambda c: c["bounds"].pop(),
        lambda c: c["noise"].append({"epsilon": 1.0, "delta": 1e-6, "sites": ["nowhere"]}),
        lambda c: c["noise"].append({"epsilon": 1.0}),
    ],
)
def test_moments_that_do_not_fit_are_refused_even_with_a_checksum(change, moments, tmp_path):
    path = moments.to_json(tmp_path / "m.json")
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    content["checksum"] = _checksum(content)
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ReadError, match="don't fit together"):
        SiteMoments.from_json(path)


@pytest.mark.parametrize("text", ["", "[1]", "{", "[" * 100_000, '{"kind": NaN}', "\udcff"])
def test_what_is_no_file_of_moments_is_refused(text, tmp_path):
    path = tmp_path / "m.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ReadError):
        SiteMoments.from_json(path)
    with pytest.raises(ReadError, match="can't be read"):
        SiteMoments.from_json(tmp_path / "none.json")


def cells(data, formula="y ~ arm", tmp_path=None, **options):
    moments = SiteMoments.from_data(data, formula, site="trust", **options)
    with pytest.raises(DataError) as caught:
        moments.to_json(tmp_path / "m.json")
    assert not list(tmp_path.iterdir())
    return str(caught.value)


def test_small_cells_are_refused_by_name(tmp_path):
    data = made()
    few = data[(data.trust != "Bury") | (np.arange(240) < 12)]
    n = (few.trust == "Bury").sum()
    assert 0 < n < 5
    assert f"site 'Bury': {n} people" in cells(few, tmp_path=tmp_path)
    rare = data.assign(arm=np.where(data.index < 2, "CP", "usual"))
    text = cells(rare, tmp_path=tmp_path)
    assert "people with not arm[T.usual]" in text


def test_small_cells_of_two_columns_crossed_are_refused(tmp_path):
    """Cross-products of two dummies are how many people have both."""
    data = pd.DataFrame({"trust": "A", "a": np.repeat([0, 1], 20), "b": 0, "y": np.arange(40.0)})
    data.loc[[0, 1, 2, 3, 4, 5, 6, 20, 21], "b"] = 1
    text = cells(data, "y ~ a + b", tmp_path)
    assert "site 'A': 2 people with a and b" in text
    assert "neither" not in text


def test_those_in_neither_of_two_columns_are_a_cell(tmp_path):
    data = pd.DataFrame({"trust": "A", "a": [1] * 20 + [0] * 20, "y": np.arange(40.0)})
    data["b"] = [1] * 8 + [0] * 12 + [1] * 17 + [0] * 3
    text = cells(data, "y ~ a + b", tmp_path)
    assert text.count("people with") == 1
    assert "site 'A': 3 people with neither a nor b" in text


def test_a_rare_outcome_is_refused(tmp_path):
    data = made().assign(y=lambda d: (d.index < 3).astype(int))
    assert "people with y" in cells(data, "y ~ baseline", tmp_path)


def test_a_rare_reference_of_several_levels_is_refused(tmp_path):
    data = pd.DataFrame({"trust": "A", "sex": ["f"] * 3 + ["m"] * 20 + ["x"] * 20})
    text = cells(data.assign(y=np.arange(43.0)), "y ~ sex", tmp_path)
    assert "site 'A': 3 people with sex = f" in text


def test_weighted_cells_cannot_be_counted(tmp_path):
    assert "how many people are at each isn't known" in cells(
        made(), tmp_path=tmp_path, weights="w"
    )


def test_options_and_places_are_checked(moments, tmp_path):
    with pytest.raises(OptionError, match=r"should end in \.json"):
        moments.to_json(tmp_path / "m.csv")
    with pytest.raises(OptionError, match="at least 1"):
        moments.to_json(tmp_path / "m.json", minimum=0)
    with pytest.raises(OutputError, match="can't be written"):
        moments.to_json(tmp_path / "none" / "m.json")
