"""Answer sheets in, scores out: what tests of instruments share."""

import numpy as np
import pandas as pd
import pytest

import cpeval as cp


@pytest.fixture
def scores():
    """Score answer sheets, answers in the items' order; a dict of lists, missing as None."""

    def score(name, sheets, **options):
        codes = [item.code for item in cp.instrument(name).items]
        data = pd.DataFrame(sheets, columns=[f"{name}_{code}" for code in codes], dtype=float)
        out = cp.score(data, name, **options).drop(columns=data.columns)
        return {c: [None if np.isnan(v) else v for v in out[c]] for c in out}

    return score


@pytest.fixture
def band():
    """The label of a score's band in one of a scale's sets; between two, it is the lower."""

    def label(name, column, value, bands=""):
        scale = cp.instrument(name).scale(column)
        chosen = next(b for b in scale.bands if b.name == bands)
        return [b.label for b in chosen.bands if b.low <= value][-1]

    return label
