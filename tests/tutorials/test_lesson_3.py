"""What lesson 3 says in words of its figures."""

import pandas as pd

import cpeval as cp


def test_about_one_sheet_in_nine_has_no_score():
    lacking = cp.score(cp.example("connecting_people").data, "swemwbs")["swemwbs"].isna()
    assert round(1 / lacking.mean()) == 9


def test_metric_points_rise_faster_at_both_ends():
    items = [f"swemwbs_{n}" for n in range(1, 8)]
    sheets = pd.DataFrame([[1] * 7, [1] * 6 + [2], [3] * 7, [3] * 6 + [4], [5] * 6 + [4], [5] * 7])
    metric = cp.score(sheets.set_axis(items, axis=1), "swemwbs")["swemwbs_metric"]
    low, middle, high = metric[1] - metric[0], metric[3] - metric[2], metric[5] - metric[4]
    assert middle < 1 < min(low, high)


def test_ten_points_lie_between_two_codings():
    sheet = pd.DataFrame(
        [[3, 4, 2, 1, 3, 2, 4, 2, 1, 1]], columns=[f"k10_{n}" for n in range(1, 11)]
    )
    scores = [cp.score(sheet, "k10", coding=coding)["k10"][0] for coding in ("0-4", "1-5")]
    assert scores[0] - scores[1] == 10
