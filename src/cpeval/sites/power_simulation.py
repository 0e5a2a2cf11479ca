"""Made-up studies of a design, and how often a test finds a difference in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from cpeval.errors import OptionError
from cpeval.progress import Steps
from cpeval.sites.power_designs import Design

#: A test: data to a p value.
Test = Callable[[pd.DataFrame], float]


@dataclass(frozen=True, kw_only=True)
class Rejections:
    """How often a test rejected, of how many studies; and how often it gave no p value."""

    rejected: int
    failed: int
    draws: int


def simulate_tests(
    design: Design,
    effect: float,
    level: float,
    *,
    test: Test | None,
    draws: int,
    seed: int | np.random.Generator | None,
) -> Rejections:
    """Draw studies and count how often the test rejects.

    Parameters
    ----------
    design : Design
    effect, level : float
    test : callable or None
        None is `cluster_means_test`.
    draws : int
    seed : int or numpy.random.Generator, optional
    """
    rng = np.random.default_rng(seed)
    frame = skeleton(design)
    chosen = test if test is not None else lambda data: cluster_means_test(data, design)
    rejected = failed = 0
    with Steps() as step:
        for k in range(draws):
            if k % 50 == 0:
                step(f"Study {k + 1} of {draws}, effect {effect:g}")
            p = chosen(_filled(frame, design, effect, rng))
            number = isinstance(p, int | float | np.number) and not isinstance(p, bool)
            if not number or (np.isfinite(p) and not 0 <= p <= 1):
                raise OptionError(f"'test' must return a p value, from 0 to 1. It returned {p!r}.")
            failed += int(not np.isfinite(p))
            rejected += int(np.isfinite(p) and p <= level)
    return Rejections(rejected=rejected, failed=failed, draws=draws)


def skeleton(design: Design) -> pd.DataFrame:
    """Return the rows of a study without outcomes: person, site, team, arm."""
    teams = design.teams or 1
    site = np.repeat(np.arange(design.sites), teams * design.people)
    team = np.tile(np.repeat(np.arange(teams), design.people), design.sites)
    if not design.within:
        arm = site % 2
    elif design.teams is not None:
        arm = team % 2
    else:
        arm = np.tile(np.arange(design.people) % 2, design.sites)
    person = np.arange(design.people_in_all)
    return pd.DataFrame({"person": person, "site": site, "team": team, "arm": arm})


def _filled(
    frame: pd.DataFrame, design: Design, effect: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw a covariate (of slope 1) and an outcome."""
    site = frame["site"].to_numpy()
    unit = site * (design.teams or 1) + frame["team"].to_numpy()
    person = 1 - design.site_icc - design.team_icc

    def drawn(r2_clusters: float, r2_people: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        of_site = rng.normal(0, np.sqrt(r2_clusters * design.site_icc), design.sites)
        of_team = rng.normal(0, np.sqrt(r2_clusters * design.team_icc), unit[-1] + 1)
        own = rng.normal(0, np.sqrt(r2_people * person), len(frame))
        return np.asarray(design.sd * (of_site[site] + of_team[unit] + own))

    rest = drawn(1 - design.r2_clusters, 1 - design.r2_people)
    covariate = drawn(design.r2_clusters, design.r2_people)
    y = effect * frame["arm"].to_numpy() + covariate + rest
    return frame.assign(covariate=covariate, y=y)


def cluster_means_test(data: pd.DataFrame, design: Design) -> float:
    """Return the p value of the t test that the formula stands for.

    It compares means of what got the arm, within sites where these have both arms, adjusted for
    the covariate's means where the design has one.

    Parameters
    ----------
    data : pandas.DataFrame
        arm, covariate, y; rows as `skeleton` has them.
    design : Design
    """
    columns = data[["y", "arm", "covariate"]].to_numpy(dtype=float)
    columns = columns.reshape(design.clusters, -1, 3).mean(axis=1)
    strata = design.sites if design.within else 1
    by_stratum = columns.reshape(strata, -1, 3)
    columns = (by_stratum - by_stratum.mean(axis=1, keepdims=True)).reshape(-1, 3)
    y, x = columns[:, 0], columns[:, 1:]
    if max(design.r2_clusters, design.r2_people) == 0:
        x = x[:, :1]
    solved, *_ = np.linalg.lstsq(x, y, rcond=None)
    rest = y - x @ solved
    variance = rest @ rest / design.df * np.linalg.inv(x.T @ x)[0, 0]
    return float(2 * stats.t.sf(abs(solved[0]) / np.sqrt(variance), design.df))
