"""Bands: edges, gaps between published ends, several sets, and scores that can't be."""

import narwhals.stable.v2 as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import cpeval as cp
from cpeval.errors import CodeError, ColumnError, DefinitionError, OptionError, ProvisionalWarning

ENGINES = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "lazy": pl.LazyFrame, "arrow": pa.table}
OWN = {"low": (0, 15), "middle": (16, 30), "high": (31, 60)}


def ces_d(**options):
    return cp.instrument("ces_d").with_bands("ces_d", OWN, source="Made up", **options)


def labels(frame, column):
    native = nw.from_native(frame)
    eager = native.collect() if isinstance(native, nw.LazyFrame) else native
    return [None if v is None or v != v else v for v in eager[column].to_list()]


@pytest.mark.parametrize("make", ENGINES.values(), ids=ENGINES)
def test_a_band_runs_to_just_below_the_next(make):
    scores = [0.0, 15.0, 15.9, 16.0, 30.5, 31.0, 60.0, None]
    out = cp.band(make({"ces_d": scores}), ces_d())
    expected = ["low", "low", "low", "middle", "middle", "high", "high", None]
    assert labels(out, "ces_d_band") == expected


def test_below_the_first_band_is_none():
    only = cp.instrument("ces_d").with_bands("ces_d", {"case": (16, 60)}, source="Made up")
    assert labels(cp.band(pd.DataFrame({"ces_d": [15.0, 16.0]}), only), "ces_d_band") == [
        None,
        "case",
    ]


def test_a_prefix_is_taken():
    out = cp.band(pd.DataFrame({"t0_ces_d": [20]}), ces_d(), prefix="t0_")
    assert labels(out, "t0_ces_d_band") == ["middle"]


def test_several_sets_must_be_named():
    given = ces_d().model_dump()
    given["scales"][0]["bands"] = [
        {"name": n, "source": f"Source {n}", "bands": [{"label": n, "low": 0, "high": 60}]}
        for n in ("one", "two")
    ]
    several = cp.Instrument.from_mapping(given)
    data = pd.DataFrame({"ces_d": [3]})
    assert labels(cp.band(data, several, bands="two"), "ces_d_band") == ["two"]
    assert labels(cp.band(data, several, bands={"ces_d": "one"}), "ces_d_band") == ["one"]
    with pytest.raises(OptionError, match=r"ces_d has the sets 'one' \(Source one\), 'two' \(Sou"):
        cp.band(data, several)
    with pytest.raises(OptionError, match=r"has no bands 'tow' \(did you mean 'two'\?\)"):
        cp.band(data, several, bands="tow")
    with pytest.raises(OptionError, match=r"There is no 'tow' \(did you mean 'two'\?\)"):
        cp.band(data, several, bands={"ces_d": "tow"})
    with pytest.raises(OptionError, match="bands= names columns without bands: 'ces_x'"):
        cp.band(data, several, bands={"ces_x": "one"})


def test_a_name_chooses_where_there_is_a_choice_only():
    out = cp.band(
        pd.DataFrame({"phq_9": [10.0], "phq_9_self_harm": [0.0]}), "phq_9", bands="severity"
    )
    assert labels(out, "phq_9_band") == ["moderate"]
    assert labels(out, "phq_9_self_harm_band") == ["none"]


def test_ips_25_by_its_published_edges():
    scores = [25.0, 73, 74, 99, 100, 114, 115, 125]
    with pytest.warns(ProvisionalWarning, match="Bands from memory"):
        out = cp.band(pd.DataFrame({"ips_25": scores}), "ips_25")
    said = ["not IPS", "not IPS", "fair", "fair", "good", "good", "exemplary", "exemplary"]
    assert labels(out, "ips_25_band") == said


def test_what_is_not_this_scales_score_is_refused(monkeypatch):
    with pytest.raises(CodeError, match="'ces_d': 2 beyond 0 to 60"):
        cp.band(pd.DataFrame({"ces_d": [-1, 61, 3]}), ces_d())
    with pytest.raises(CodeError, match="'ces_d': 1 beyond 0 to 60"):
        cp.band(pl.LazyFrame({"ces_d": [61, 3]}), ces_d())
    with pytest.raises(ColumnError, match=r"no scores 'ces_d'.*Score first"):
        cp.band(pd.DataFrame({"cesd": [1]}), ces_d())
    with pytest.raises(ColumnError, match="hold no numbers: 'ces_d'"):
        cp.band(pd.DataFrame({"ces_d": ["x"]}), ces_d())
    with pytest.raises(ColumnError, match="have columns 'ces_d_band' already"):
        cp.band(pd.DataFrame({"ces_d": [1], "ces_d_band": ["low"]}), ces_d())
    with pytest.raises(OptionError, match=r"pss_fr has no bands.*with_bands"):
        cp.band(pd.DataFrame({"pss_fr": [1]}), "pss_fr")


def test_bands_from_memory_say_so():
    given = ces_d().model_dump()
    given["scales"][0]["bands"][0]["verified"] = False
    doubtful = cp.Instrument.from_mapping(given)
    with pytest.warns(ProvisionalWarning, match=r"Bands from memory.*ces_d \(Made up\)"):
        cp.band(pd.DataFrame({"ces_d": [1]}), doubtful)


def test_bands_that_overlap_or_lie_beyond_are_refused():
    with pytest.raises(
        DefinitionError,
        match=r"bands\.2 \(b\): should begin above the end of the band before it, which is 9",
    ):
        cp.instrument("ces_d").with_bands("ces_d", {"a": (0, 9), "b": (9, 60)}, source="x")
    with pytest.raises(DefinitionError, match=r"bands\.2 \(b\): lies beyond the scores, 0 to 60"):
        cp.instrument("ces_d").with_bands("ces_d", {"a": (0, 9), "b": (61, 70)}, source="x")
