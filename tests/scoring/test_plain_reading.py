"""Every definition scored by the plainest reading of its text, a person and an item at a time.

The code here knows nothing of the plan: it reverses, recodes, counts and prorates as somebody would
with paper and pencil, so that reversal, proration and missing rules are checked for all.
"""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

import cpeval as cp

pytestmark = pytest.mark.filterwarnings("ignore::cpeval.errors.ProvisionalWarning")
#: Sums are taken in another order.
RTOL = 1e-12


def worth(one, item, sheet):
    """What a person's answer to an item is worth, or None."""
    standard = {}
    for other in one.items:
        responses, given_ = one.responses[other.responses], sheet[other.code]
        standard[other.code] = None if given_ is None else responses.meaning.get(given_)
    answer = standard[item.code]
    if answer is None:
        return None
    for rule in item.rules:
        condition = standard[rule.item]
        holds = condition is None if rule.codes == "missing" else condition in rule.codes
        if holds:
            return rule.values[answer]
    if item.values is not None:
        return item.values[answer]
    codes = list(one.responses[item.responses].codes)
    return max(codes) + min(codes) - answer if item.reversed else answer


def raw_score(one, scale, points, sheet):
    codes = [i.code for i in one.items] if scale.items == "all" else scale.items
    if scale.combine == "goal_attainment":
        rated = [points[c] for c in codes if points[c] is not None]
        if not rated:
            return None
        n, rho = len(rated), scale.correlation
        return 50 + 10 * sum(rated) / math.sqrt((1 - rho) * n + rho * n**2)
    if scale.combine == "value_set":
        values = one.value_sets[one.value_set]
        answers = [sheet[c] for c in codes]
        if None in answers:
            return None
        off = sum(values.decrements[c].get(a, 0) for c, a in zip(codes, answers, strict=True))
        off += sum(t.amount for t in values.any_at if any(a in t.codes for a in answers))
        return values.full_health - off
    there = [(c, points[c]) for c in codes if points[c] is not None]
    if len(there) < (scale.answered or len(codes)):
        return None
    weighted = [p * (scale.weights or {}).get(c, 1) for c, p in there]
    match scale.combine:
        case "sum":
            total = sum(weighted)
        case "mean":
            return sum(weighted) / len(weighted)
        case "maximum":
            return max(weighted)
        case "count":
            total = sum(p in scale.counted for _, p in there)
    return total * len(codes) / len(there) if scale.prorate else total


def plainly(one, sheet):
    """All scores of one answer sheet by name."""
    points = {item.code: worth(one, item, sheet) for item in one.items}
    scores = {}
    for scale in one.scales:
        if scale.terms is not None:
            parts = [scores[t.scale] for t in scale.terms]
            scores[scale.name] = (
                None
                if None in parts
                else scale.constant
                + scale.multiply
                * sum(
                    t.weight * (x - t.mean) / t.sd for t, x in zip(scale.terms, parts, strict=True)
                )
            )
            continue
        raw = scores[scale.of] if scale.of is not None else raw_score(one, scale, points, sheet)
        if raw is not None and scale.lookup is not None:
            raw = scale.lookup[raw]
        if raw is not None and scale.linear is not None:
            (a, b), (c, d) = scale.linear.start, scale.linear.end
            raw = c + (raw - a) / (b - a) * (d - c)
        scores[scale.name] = raw
    return scores


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_scores_are_what_the_definition_says(ready, seed):
    rng = np.random.default_rng(seed)
    gaps = rng.choice([0, 0.05, 0.3])
    sheets = []
    for _ in range(12):
        sheet = {}
        for item in ready.items:
            responses = ready.answers(item)
            codes = [*sorted(responses.code_sets[0]), *responses.missing_codes]
            sheet[item.code] = None if rng.random() < gaps else float(rng.choice(codes))
        sheets.append(sheet)
    out = cp.score(pd.DataFrame(sheets, dtype=float), ready, items="{code}")
    expected = [plainly(ready, sheet) for sheet in sheets]
    for scale in ready.scored:
        values = np.array([row[scale.name] for row in expected], dtype=float)
        np.testing.assert_allclose(
            out[ready.column(scale)], values, rtol=RTOL, atol=1e-11, err_msg=scale.label
        )
