"""Several instruments in one pass: the same scores as one by one, one query, one error."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

import cpeval as cp
from cpeval.errors import CodeError, ColumnError, OptionError, ProvisionalWarning

NAMES = ["swemwbs", "ces_d", "pss_fr"]


def sheets(rows=30, seed=1):
    rng = np.random.default_rng(seed)
    data = {}
    for name in NAMES:
        one = cp.instrument(name)
        for item in one.items:
            codes = sorted(one.answers(item).codes)
            answers = rng.choice(codes, rows)
            data[f"{name}_{item.code}"] = np.where(rng.random(rows) < 0.05, np.nan, answers)
    return data


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pl.LazyFrame])
def test_the_same_as_one_by_one(make):
    together = cp.score(make(sheets()), NAMES, answered=True)
    alone = make(sheets())
    for name in NAMES:
        alone = cp.score(alone, name, answered=True)
    if make is pl.LazyFrame:
        together, alone = together.collect(), alone.collect()
    assert set(together.columns) == set(alone.columns)
    for column in alone.columns:
        np.testing.assert_array_equal(
            np.asarray(together[column], dtype=float), np.asarray(alone[column], dtype=float)
        )


def test_a_lazy_frame_is_asked_once(monkeypatch):
    seen = []
    collect = pl.LazyFrame.collect

    def spy(self, *args, **kwargs):
        seen.append(1)
        return collect(self, *args, **kwargs)

    lazy = pl.LazyFrame({k: pl.Series(v, nan_to_null=True) for k, v in sheets().items()})
    monkeypatch.setattr(pl.LazyFrame, "collect", spy)
    cp.score(lazy, NAMES)
    assert len(seen) == 1


def test_arguments_are_dealt_out_by_name():
    data = pd.DataFrame(sheets()).rename(columns=lambda c: c.replace("swemwbs_", "w"))
    out = cp.score(data, NAMES, items={"swemwbs": "w{n}"})
    assert out["swemwbs"].notna().any()
    with pytest.raises(OptionError, match=r"items= is a mapping .* no 'swemwb' \(did you mean"):
        cp.score(data, NAMES, items={"swemwb": "w{n}"})
    with pytest.raises(OptionError, match="With several instruments, items= is a mapping"):
        cp.score(data, NAMES, items="w{n}")
    with pytest.raises(OptionError, match="named twice"):
        cp.score(data, ["ces_d", "ces_d"])
    with pytest.raises(OptionError, match="Name an instrument, or several"):
        cp.score(data, [])


def test_everything_wrong_with_all_of_them_is_said_at_once():
    data = pd.DataFrame(sheets())
    data = data.drop(columns="swemwbs_7")
    data.loc[3, "ces_d_2"] = 99
    data["pss_fr_1"] = "yes!"
    with pytest.raises(ColumnError) as caught:
        cp.score(data, NAMES)
    for said in ("'swemwbs_7'", "'ces_d_2': 1 answer not among", "'pss_fr_1' holds text"):
        assert said in str(caught.value)


def test_a_provisional_instrument_says_so_where_it_is_used():
    data = pd.DataFrame({f"rg_uk_{n}": [1, 0] for n in range(1, 28)})
    with pytest.warns(ProvisionalWarning, match=r"rg_uk is provisional.*\n.*'rg_uk_domestic'") as w:
        assert cp.score(data, "rg_uk")["rg_uk"].tolist() == [27, 0]
    assert w[0].filename == __file__


def test_text_and_numbers_at_fault_in_a_block_are_named():
    """What pandas' fast path finds wrong is left to the messages of the other."""
    data = pd.DataFrame(sheets(rows=40_000))
    data.loc[39_999, "ces_d_5"] = 2.5
    with pytest.raises(CodeError, match=r"'ces_d_5': 1 answer not among 0, 1, 2, 3: 2.5 \(1×\), in rows 40000"):  # fmt: skip
        cp.score(data, "ces_d")
