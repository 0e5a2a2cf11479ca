"""Time fidelity from ratings to a profile, against pandas' groupby by hand.

200 sites of 50 people, rated on 25 items by 3 informants on 6 occasions: 4.5 million ratings, as
180,000 rows with a column an item, and as 4.5 million rows. By hand: the median over informants,
the components' means, and their means by site at the last occasion, without checks, counts,
ranges or intervals. Goal: seconds, here 10.
"""

import numpy as np
import pandas as pd
from _timing import Row, medians, show

import cpeval as cp

SITES, TEAMS, PEOPLE, INFORMANTS, WAVES, ITEMS = 200, 5, 50, 3, 6, 25
REPEATS = 3
STUDY = cp.Study(person="person", site="site", team="team", wave="wave")
NAMES = [f"fid_{k}" for k in range(1, ITEMS + 1)]
FID = cp.Instrument.from_mapping(
    {
        "name": "fid",
        "title": "A fidelity scale",
        "citation": "Made up.",
        "licence": {"terms": "free"},
        "responses": {"level": {"codes": {str(k): f"level {k}" for k in range(1, 6)}}},
        "items": [
            {"code": str(k), "label": f"item {k}", "responses": "level"}
            for k in range(1, ITEMS + 1)
        ],
        "scales": [
            {"label": "Total", "items": "all", "combine": "mean", "answered": 13},
            *(
                {
                    "name": f"part_{k}",
                    "label": f"Part {k}",
                    "items": [f"{5 * k - 4}-{5 * k}"],
                    "combine": "mean",
                    "answered": 3,
                }
                for k in range(1, 6)
            ),
        ],
    }
)


def ratings() -> pd.DataFrame:
    """Draw them; three in a hundred are missing."""
    rng = np.random.default_rng(1)
    n = SITES * PEOPLE * INFORMANTS * WAVES
    person = np.arange(n) // (INFORMANTS * WAVES)
    level = rng.normal(3, 0.6, SITES * PEOPLE)[person]
    values = np.clip(np.round(level[:, None] + rng.normal(0, 0.8, (n, ITEMS))), 1, 5)
    values[rng.random(values.shape) < 0.03] = np.nan
    site = person // PEOPLE
    of_team = person % PEOPLE * TEAMS // PEOPLE
    about = {
        "site": pd.Series([f"S{k:03}" for k in range(SITES)]).take(site).to_numpy(),
        "team": pd.Series([f"T{k}" for k in range(TEAMS)]).take(of_team).to_numpy(),
        "person": pd.Series([f"P{k:05}" for k in range(SITES * PEOPLE)]).take(person).to_numpy(),
        "wave": np.array([f"t{k}" for k in range(WAVES)])[np.arange(n) % WAVES],
        "informant": np.array(["participant", "worker", "observer"])[
            np.arange(n) // WAVES % INFORMANTS
        ],
    }
    return pd.concat([pd.DataFrame(about), pd.DataFrame(values, columns=NAMES)], axis=1)


def by_hand(data: pd.DataFrame) -> pd.DataFrame:
    """Median over informants, means of items, means by site."""
    agreed = data.groupby(["site", "team", "person", "wave"])[NAMES].median().reset_index()
    agreed["fid"] = agreed[NAMES].mean(axis=1)
    for k in range(5):
        agreed[f"part_{k + 1}"] = agreed[NAMES[5 * k : 5 * k + 5]].mean(axis=1)
    last = agreed[agreed["wave"] == f"t{WAVES - 1}"]
    return last.groupby("site")[["fid", *(f"part_{k}" for k in range(1, 6))]].mean()


def main() -> None:
    """Time and compare; the means must be the same."""
    wide = ratings()
    long = wide.melt(
        id_vars=["site", "team", "person", "wave", "informant"],
        value_vars=NAMES,
        var_name="item",
        value_name="rating",
    )
    how = {"informant": "informant"}
    scored = cp.fidelity.score(wide, FID, STUDY, **how)
    agreed = cp.fidelity.triangulate(scored)
    runs = {
        "score, a column an item": lambda: cp.fidelity.score(wide, FID, STUDY, **how),
        "score, a row an item": lambda: cp.fidelity.score(
            long, FID, STUDY, item="item", rating="rating", **how
        ),
        "triangulate": lambda: cp.fidelity.triangulate(scored),
        "profile": lambda: cp.fidelity.profile(agreed),
        "profile, own teams": lambda: cp.fidelity.profile(agreed, spread="own"),
        "disagreements": lambda: cp.fidelity.disagreements(scored, least=3),
        "by hand": lambda: by_hand(wide),
    }
    seconds = medians(runs, REPEATS)
    mine = cp.fidelity.profile(agreed).table.query("term == 'site' and scale == 'fid'")
    np.testing.assert_allclose(mine["estimate"], by_hand(wide)["fid"], rtol=1e-12)
    hand = seconds["by hand"]
    whole = sum(seconds[name] for name in ("score, a column an item", "triangulate", "profile"))
    rows = [Row(name, seconds[name]) for name in runs]
    rows.append(Row("score to profile", whole, goal=10.0))
    rows.append(Row("the same, by hand = 1", whole, whole / hand))
    show(f"{len(long):,} ratings of {SITES * PEOPLE:,} people", rows)


if __name__ == "__main__":
    main()
