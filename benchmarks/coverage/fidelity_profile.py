"""How often the 95 % intervals of a fidelity profile hold the truth, by simulation.

Five sites of two teams; a unit's score is its site's mean, plus the team (sd .3), plus the unit
(sd .5), all normal. The truth for a site is what the mean over many of its teams would be; for
the programme, what it would be over many sites (sd .4). Monte Carlo error of 10,000 samples of
five sites: about 0.1 points for sites, 0.2 for the programme.

Takes some minutes, so ``make bench`` leaves it out. The figures in docs/fidelity.md are from here.
"""

import numpy as np
from scipy import stats

from cpeval.fidelity.place_means import mean_of_places, place_means

SAMPLES = 10_000
SITES, TEAMS = 5, 2
SITE_SD, TEAM_SD, UNIT_SD = 0.4, 0.3, 0.5
EVEN = np.full(SITES * TEAMS, 10)
UNEVEN = np.array([3, 20, 5, 15, 10, 10, 4, 4, 30, 6])
#: What is tried: units of each team, and the sd of teams in each site.
DESIGNS = {
    "10 units a team": (EVEN, np.full(SITES, TEAM_SD)),
    "3 to 30 units a team": (UNEVEN, np.full(SITES, TEAM_SD)),
    "10 units, teams alike": (EVEN, np.zeros(SITES)),
    "3 to 30 units, teams alike": (UNEVEN, np.zeros(SITES)),
    "10 units, one site's teams differ thrice as much": (
        EVEN,
        np.array([3 * TEAM_SD, *[TEAM_SD] * (SITES - 1)]),
    ),
}


def main() -> None:
    """Simulate and print a line a design and way of estimating the error."""
    rng = np.random.default_rng(20261)
    for name, (size, spread) in DESIGNS.items():
        team = np.repeat(np.arange(size.size), size)
        home = np.repeat(np.arange(SITES), TEAMS)
        site = home[team]
        for way in ("pooled", "own"):
            hits, width = np.zeros((SAMPLES, SITES), bool), np.zeros((SAMPLES, SITES))
            whole = np.zeros(SAMPLES, bool)
            for sample in range(SAMPLES):
                truth = rng.normal(3, SITE_SD, SITES)
                means = truth[home] + spread[home] * rng.standard_normal(home.size)
                y = means[team] + UNIT_SD * rng.standard_normal(team.size)
                made = place_means(y, site, team, SITES, pooled=way == "pooled")
                low, high = made.interval(0.95, None)
                hits[sample], width[sample] = (low <= truth) & (truth <= high), high - low
                mean, se, df = mean_of_places(made.estimate)
                whole[sample] = abs(mean - 3) <= stats.t.isf(0.025, df) * se
            rate = hits.mean()
            error = hits.mean(axis=1).std(ddof=1) / np.sqrt(SAMPLES)
            print(
                f"{name}, {way}: sites {100 * rate:.1f} (± {100 * error:.1f}), by site "
                f"{np.round(100 * hits.mean(axis=0), 1).tolist()}, median width "
                f"{np.median(width):.2f}; programme {100 * whole.mean():.1f} "
                f"(± {100 * whole.std(ddof=1) / np.sqrt(SAMPLES):.1f})",
                flush=True,
            )


if __name__ == "__main__":
    main()
