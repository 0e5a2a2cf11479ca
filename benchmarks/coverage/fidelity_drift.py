"""How often the 95 % intervals of `cpeval.fidelity.drift` hold the truth, by simulation.

Five sites of two teams. A score is the site (sd .4), the team (.3), the person (.4) and the person
on an occasion (.3); a team's visit moves all its scores together (.2). All are normal. A site's
truth is the slope that it would have over many teams and occasions. Over all sites there are two
truths: the mean slope of these five, and that of all the sites there might be.

Takes three minutes on one core, so ``make bench`` leaves it out. The figures in docs/fidelity.md
are from here.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from cpeval.fidelity.drift_model import overall_slope, site_slopes

SAMPLES = 4_000
SITES, TEAMS = 5, 2
SITE_SD, TEAM_SD, PERSON_SD, SCORE_SD, VISIT_SD = 0.4, 0.3, 0.4, 0.3, 0.2
SLOPE = 0.1
SITE = np.repeat(np.arange(SITES), TEAMS)
EVEN = (10,) * (SITES * TEAMS)
UNEVEN = (3, 20, 5, 15, 10, 10, 4, 4, 30, 6)


@dataclass(frozen=True, kw_only=True)
class Design:
    """What is tried: sd of what else moves scores, and how people are rated.

    ``away`` is the share of people who are not rated on an occasion; ``alike`` the correlation of
    a team's visit with the one before; ``wild`` how much more visits of the first site differ.
    """

    occasions: int = 4
    size: tuple[int, ...] = EVEN
    away: float = 0.0
    site_slope: float = 0.0
    team_slope: float = 0.0
    site_visit: float = 0.0
    alike: float = 0.0
    wild: float = 1.0


PLAIN = Design()
DESIGNS = {
    "2 occasions": replace(PLAIN, occasions=2),
    "4 occasions": PLAIN,
    "8 occasions": replace(PLAIN, occasions=8),
    "3 to 30 people a team": replace(PLAIN, size=UNEVEN),
    "a third of people not rated each time": replace(PLAIN, away=1 / 3),
    "sites' slopes differ (sd .1)": replace(PLAIN, site_slope=0.1),
    "one site's visits differ thrice as much": replace(PLAIN, wild=3.0),
    "visits like the one before (.5)": replace(PLAIN, alike=0.5),
    "a site's teams share what is special to a visit": replace(PLAIN, site_visit=VISIT_SD),
    "teams' slopes differ (sd .1)": replace(PLAIN, team_slope=0.1),
}


def visits(rng: np.random.Generator, design: Design) -> np.ndarray:
    """What a visit does, shape (teams, occasions)."""
    new = rng.standard_normal((SITE.size, design.occasions))
    made = new.copy()
    for at in range(1, design.occasions):
        made[:, at] = design.alike * made[:, at - 1] + np.sqrt(1 - design.alike**2) * new[:, at]
    return VISIT_SD * made * np.where(SITE == 0, design.wild, 1.0)[:, None]


def sample(rng: np.random.Generator, design: Design) -> tuple[np.ndarray, np.ndarray]:
    """Return teams' means, shape (teams, occasions), and the sites' true slopes."""
    time, n = np.arange(design.occasions), SITE.size
    team = np.repeat(np.arange(n), design.size)
    slope = SLOPE + design.site_slope * rng.standard_normal(SITES)
    level = (SITE_SD * rng.standard_normal(SITES))[SITE] + TEAM_SD * rng.standard_normal(n)
    of_team = slope[SITE] + design.team_slope * rng.standard_normal(n)
    means = level[:, None] + of_team[:, None] * time + visits(rng, design)
    means += (design.site_visit * rng.standard_normal((SITES, time.size)))[SITE]
    person = PERSON_SD * rng.standard_normal(team.size)
    score = person[:, None] + SCORE_SD * rng.standard_normal((team.size, time.size))
    there = rng.random(score.shape) >= design.away
    first = np.flatnonzero(np.diff(team, prepend=-1))
    there[first] = True  # somebody is always rated
    sums = np.add.reduceat(np.where(there, score, 0.0), first, axis=0)
    return means + sums / np.add.reduceat(there, first, axis=0), slope


def main() -> None:
    """Simulate and print a line a design."""
    rng = np.random.default_rng(20262)
    for name, design in DESIGNS.items():
        n = SITE.size
        time = np.tile(np.arange(design.occasions, dtype=float), n)
        team = np.repeat(np.arange(n), design.occasions)
        hits, width = np.zeros((SAMPLES, SITES), bool), np.zeros((SAMPLES, SITES))
        these, every = np.zeros(SAMPLES, bool), np.zeros(SAMPLES, bool)
        differ = np.zeros(SAMPLES, bool)
        for k in range(SAMPLES):
            means, truth = sample(rng, design)
            y = means.ravel()
            made = site_slopes(y, time, team, SITE[team], SITES)
            half = stats.t.isf(0.025, made.df) * made.se
            hits[k], width[k] = np.abs(made.estimate - truth) <= half, 2 * half
            differ[k] = made.p < 0.05
            whole = overall_slope(y, time, team, SITE[team])
            half = stats.t.isf(0.025, whole.df) * whole.se
            these[k] = abs(whole.estimate - truth.mean()) <= half
            every[k] = abs(whole.estimate - SLOPE) <= half
        error = hits.mean(axis=1).std(ddof=1) / np.sqrt(SAMPLES)
        print(
            f"{name}: sites {100 * hits.mean():.1f} (± {100 * error:.1f}), by site "
            f"{np.round(100 * hits.mean(axis=0), 1).tolist()}, median width "
            f"{np.median(width):.2f}; these sites {100 * these.mean():.1f}, all there might be "
            f"{100 * every.mean():.1f} (± {100 * every.std(ddof=1) / np.sqrt(SAMPLES):.1f}); "
            f"said to differ {100 * differ.mean():.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
