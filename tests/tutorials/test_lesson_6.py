"""What lesson 6 says in words of its figures."""

import pandas as pd

import cpeval as cp

MADE = cp.example("connecting_people")


def test_the_network_that_is_worked_out_by_hand():
    of_p0002 = ("P0002", "t0")
    alters = MADE.alters.set_index(["ego", "wave"]).loc[[of_p0002]]
    ties = MADE.ties.set_index(["ego", "wave"]).loc[[of_p0002]]
    assert (len(alters), len(ties)) == (11, 12)


def test_the_same_size_and_other_alters():
    before, after = (
        set(MADE.alters.query(f"ego == 'P0003' and wave == '{wave}'")["alter"])
        for wave in ("t0", "t1")
    )
    assert len(before) == len(after)
    assert before != after


def test_the_programme_gains_more_and_the_truth_is_in_the_interval():
    egos = cp.EgoNetworks(MADE.egos, MADE.alters, MADE.ties, wave="wave")
    sizes = egos.metrics().table.rename(columns={"ego": "person"}).merge(MADE.people, on="person")
    row = cp.outcomes.compare(sizes, "size", MADE.study, sensitivity=False).table.iloc[0]
    assert row["ci_low"] < MADE.truth["effect_network_size"] < row["ci_high"]
    assert row["ci_low"] > 0


def test_the_first_person_has_as_many_resources_and_not_the_same():
    wide = MADE.data.query("person == 'P0001'").set_index("wave")
    items = wide[[f"rg_uk_{n}" for n in range(1, 28)]]
    both = items.columns[items.notna().all()]
    assert items.loc["t0", both].sum() == items.loc["t1", both].sum()
    assert not pd.Series(items.loc["t0", both] == items.loc["t1", both]).all()
