"""`drift`: how fidelity changed over occasions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from scipy import stats

from cpeval.errors import DataError, OptionError, TooFewError, is_number, listed, require_level
from cpeval.fidelity.agreed_or_data import as_agreed
from cpeval.fidelity.assessments import Agreed, Ratings
from cpeval.fidelity.consensus import Consensus
from cpeval.fidelity.control_chart import RULES, Chart, individuals_chart
from cpeval.fidelity.drift_model import OverallSlope, SiteSlopes, overall_slope, site_slopes
from cpeval.fidelity.drift_words import drift_note, drift_warnings
from cpeval.fidelity.occasion_means import Codes, Floats, OccasionMeans, occasion_means
from cpeval.fidelity.occasion_order import are_dates, in_words, listed_in_words
from cpeval.fidelity.ordered_codes import coded
from cpeval.fidelity.rules import Rule
from cpeval.fidelity.small_counts import is_small, small_warning, units_are_people
from cpeval.result import Result
from cpeval.scoring.item_columns import Items
from cpeval.scoring.uses import Which
from cpeval.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Stands for all sites in the column of sites.
ALL = "all"
#: Where occasions are dates, slopes are per so many days.
_DAYS = 30


@dataclass(frozen=True, kw_only=True, eq=False)
class Drift(Result):
    """Change of fidelity over occasions: from `drift`.

    Attributes
    ----------
    table : pandas.DataFrame
        A row a scale and site, "all" (sites) first: scale, site, estimate (points per occasion,
        per 30 days where occasions are dates, or per unit of ``times``), se, df, statistic, p,
        ci_low, ci_high, n (units rated at any occasion), n_means (teams' means that the slope is
        from), n_occasions, small (1 to 4 people: not for sharing).
    charts : pandas.DataFrame
        A row a scale, site and occasion: scale, site, occasion, estimate (mean over the units
        rated), n (units), centre, low, high (limits), moving_range, signals (the run rules that
        the value completes, in words; empty for none), small.
    differences : pandas.DataFrame
        A row a scale: scale, statistic (F), df_num, df, p. Whether sites differ in their slopes.
    occasions : tuple
        In order.
    times : tuple of float
        What each counts as.
    by_site : str or None
        The column of sites.
    """

    charts: pd.DataFrame
    differences: pd.DataFrame
    occasions: tuple[object, ...]
    times: tuple[float, ...]
    by_site: str | None

    def plot(
        self,
        ax: Axes | None = None,
        *,
        scales: Sequence[str] | None = None,
        sites: Sequence[object] | None = None,
    ) -> Axes:
        """Draw control charts as small multiples: a row a site, a column a scale.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Its place is divided; without it, on new axes.
        scales, sites : sequence, optional
            Which. By default all scales, and of more than 12 sites those with signals first.
        """
        from cpeval.plots.control_charts import control_charts

        return control_charts(self.charts, ax=ax, scales=scales, sites=sites)


def drift(
    data: IntoDataFrame | Ratings | Agreed,
    instrument: Which | None = None,
    study: Study | None = None,
    *,
    informant: str | None = None,
    assessor: str | None = None,
    occasion: str | None = None,
    items: Items = None,
    item: str | None = None,
    rating: str | None = None,
    informants: Sequence[object] | None = None,
    duplicates: str | None = None,
    on_invalid: str | None = None,
    rule: str | Rule | None = None,
    weights: Mapping[object, float] | None = None,
    consensus: Consensus | IntoDataFrame | None = None,
    observer: object = None,
    otherwise: str | None = None,
    times: Mapping[object, float] | None = None,
    level: float = 0.95,
) -> Drift:
    r"""Say how fidelity changed over occasions, in all sites and in each, with control charts.

    Parameters
    ----------
    data : Agreed, Ratings or eager dataframe
        What `triangulate` or `score` returned; or ratings as `score` takes them, one row a
        rating occasion.
    instrument, study, informant, assessor, occasion, items, item, rating
        For a dataframe, as `score` takes them.
    informants, duplicates, on_invalid
        For a dataframe, as `score` takes them.
    rule, weights, consensus, observer, otherwise
        For a dataframe or `Ratings`, as `triangulate` takes them.
    times : mapping, optional
        Occasion to a number, such as months since the start; slopes are then per month. By
        default dates count in spans of 30 days since the first, and other occasions 0, 1, 2 … in
        their order (as `score` has it). Where that order is a guess from text, ``times`` give it.
    level : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    Drift
        ``table``: a slope per scale and site, and over all sites. ``charts``: limits and signals.

    Raises
    ------
    OptionError
        An argument is wrong; ``times`` lacks occasions or has two alike.
    TooFewError
        Fewer than two occasions.
    As `triangulate`, for data.

    Notes
    -----
    Units of a team are rated on one visit, by the same people: what is special to that visit
    moves them all. So a row of the models is a team's mean at an occasion, not a unit (a unit
    itself, where ratings have neither site nor team).

    Over all sites: :math:`y = \beta_0 + \beta_1 t + u_{site} + v_{team} + e` by REML, with
    Kenward and Roger's errors and degrees of freedom [1]_. In each site: slopes within teams, all
    sites with one residual variance, t intervals. ``differences`` tests whether sites share one
    slope. Where they don't, the first row is their average, and its interval doesn't reach to
    other sites.

    A team's visits are taken as independent given its slope. Where one is like the one before, or
    teams of a site change each in their own way, intervals are too narrow (docs/fidelity.md).

    A chart's limits are the site's mean and 2.66 mean moving ranges to each side [2]_; the run
    rules are the Western Electric handbook's and Nelson's, as in `control_chart`. With fewer than
    12 occasions limits are provisional [3]_. Signals look at one site at a time: among many
    sites some come by chance.

    A change from before the programme to after its start is no drift: leave out the first.

    References
    ----------
    .. [1] Kenward & Roger (1997). Biometrics, 53(3), 983-997.
    .. [2] Wheeler & Chambers (1992). Understanding Statistical Process Control, 2nd ed.
    .. [3] Provost & Murray (2011). The Health Care Data Guide. Jossey-Bass.

    Examples
    --------
    >>> import cpeval as cp
    >>> made = cp.simulate(seed=1, waves=["t0", "t1", "t2", "t3"])
    >>> agreed = cp.fidelity.triangulate(made.joined("fidelity"), "connecting_people", made.study,
    ...                                  informant="informant", assessor="assessor")
    >>> found = drift(agreed)
    >>> found.table.columns.tolist()[:4], len(found.table)
    (['scale', 'site', 'estimate', 'se'], 30)
    """
    require_level(level)
    agreed = as_agreed(
        data,
        instrument,
        study,
        {
            "informant": informant,
            "assessor": assessor,
            "occasion": occasion,
            "items": items,
            "item": item,
            "rating": rating,
            "informants": informants,
            "duplicates": duplicates,
            "on_invalid": on_invalid,
        },
        {
            "rule": rule,
            "weights": weights,
            "consensus": consensus,
            "observer": observer,
            "otherwise": otherwise,
        },
    )
    codes, occasions = _occasions(agreed, times)
    at = _times(times, occasions)
    means = occasion_means(agreed, codes, len(occasions))
    if means.by_site is not None and ALL in means.sites:
        raise DataError(f"A site is named {ALL!r}, which here stands for all of them. Rename it.")
    fits = [_fitted(means, at, k) for k in range(len(means.scales))]
    chart = individuals_chart(np.moveaxis(means.site_means, 1, 2).reshape(-1, len(occasions)))
    charts = _charts(means, chart, occasions)
    table = pd.concat(
        [_table(means, k, *fit, level=level) for k, fit in enumerate(fits)], ignore_index=True
    )
    people = units_are_people(agreed.unit, agreed.study)
    for one in (table, charts):
        one["small"] = is_small(one["n"], people=people)
    return Drift(
        table=table,
        note=drift_note(agreed, means, fits, len(occasions), _per(times, occasions), level),
        warnings=(
            *drift_warnings(means, fits, charts, len(occasions), table),
            *small_warning(pd.concat([table["small"], charts["small"]])),
        ),
        charts=charts,
        differences=pd.DataFrame(
            {
                "scale": list(means.scales),
                "statistic": [fit[0].statistic for fit in fits],
                "df_num": [fit[0].df_num for fit in fits],
                "df": [float(fit[0].df_den) for fit in fits],
                "p": [fit[0].p for fit in fits],
            }
        ),
        occasions=tuple(occasions),
        times=tuple(map(float, at)),
        by_site=means.by_site,
    )


def _occasions(agreed: Agreed, times: Mapping[object, float] | None) -> tuple[Codes, list[object]]:
    if agreed.occasion is None:
        raise OptionError(
            "Drift is over occasions, and these ratings have none. Name their column: occasion="
        )
    first = list(agreed.occasions)
    if agreed.order_guessed and isinstance(times, Mapping):
        told = {one: at for one, at in times.items() if is_number(at)}
        if all(one in told for one in first):
            first.sort(key=lambda one: told[one])
    codes, occasions = coded(agreed.cells[agreed.occasion], first)
    if len(occasions) < 2:
        raise TooFewError(
            f"Drift needs two occasions at least, and {agreed.occasion!r} holds "
            f"{listed_in_words(occasions) or 'none'} alone."
        )
    return codes, occasions


def _times(times: Mapping[object, float] | None, occasions: Sequence[object]) -> Floats:
    """Return what each occasion counts as, in their order."""
    if times is None:
        if are_dates(occasions):
            days = pd.to_datetime(pd.Series(list(occasions), dtype=object))
            since = (days - days.iloc[0]) / pd.Timedelta(days=_DAYS)
            return np.asarray(since, dtype=np.float64)
        return np.arange(len(occasions), dtype=float)
    if not isinstance(times, Mapping):
        raise OptionError(f"'times' should say {{occasion: number}}. Got {times!r}.")
    absent = [one for one in occasions if one not in times]
    odd = {o: t for o, t in times.items() if not is_number(t) or not np.isfinite(t)}
    if absent or odd:
        wrong = [f"no number for {listed(absent)}"] if absent else []
        wrong += [f"no numbers: {odd!r}"] if odd else []
        raise OptionError(
            f"'times' can't be used: {'; '.join(wrong)}. Occasions: {listed(occasions)}."
        )
    at = np.array([float(times[one]) for one in occasions])
    if not (np.diff(at) > 0).all():
        raise OptionError(
            "'times' must rise from one occasion to the next. Got "
            + ", ".join(f"{one!r}: {t:g}" for one, t in zip(occasions, at, strict=True))
            + ". Occasions have the order of the study's waves, then of their values, or that of "
            "an ordered categorical."
        )
    return at


def _per(times: Mapping[object, float] | None, occasions: Sequence[object]) -> str:
    if times is not None:
        return "unit of time"
    if not are_dates(occasions):
        return "occasion"
    return f"{_DAYS} days ({in_words(occasions[0])} to {in_words(occasions[-1])})"


def _fitted(
    means: OccasionMeans, at: Floats, k: int
) -> tuple[SiteSlopes, OverallSlope | None, int]:
    """Fit a scale: slopes of sites, the one over all, and how many means there are."""
    rows = np.flatnonzero(~np.isnan(means.team_means[:, k]))
    y, time, n_sites = means.team_means[rows, k], at[means.team_occasion[rows]], len(means.sites)
    team = np.unique(means.team[rows], return_inverse=True)[1]
    by_site = site_slopes(y, time, team, means.team_site[rows], n_sites)
    if rows.size == 0 or np.ptp(time) == 0:
        return by_site, None, rows.size
    site = np.unique(means.team_site[rows], return_inverse=True)[1]
    return by_site, overall_slope(y, time, team, site), rows.size


def _table(
    means: OccasionMeans,
    k: int,
    by_site: SiteSlopes,
    overall: OverallSlope | None,
    n_means: int,
    *,
    level: float,
) -> pd.DataFrame:
    there = ~np.isnan(means.team_means[:, k])
    each = np.bincount(means.team_site[there], minlength=len(means.sites))
    spread = (means.site_counts[:, :, k] > 0).sum(axis=1)
    every = int((means.site_counts[:, :, k] > 0).any(axis=0).sum())
    first = [overall.estimate, overall.se, overall.df] if overall else [np.nan] * 3
    columns = {
        "site": [ALL, *means.sites],
        "estimate": np.append(first[0], by_site.estimate),
        "se": np.append(first[1], by_site.se),
        "df": np.append(first[2], by_site.df),
        "n": np.append(means.units[:, k].sum(), means.units[:, k]),
        "n_means": np.append(n_means, each),
        "n_occasions": np.append(every, spread),
    }
    rows = pd.DataFrame(columns)
    if means.by_site is None:
        rows = rows.iloc[:1]
    statistic = rows["estimate"] / rows["se"]
    half = stats.t.isf((1 - level) / 2, rows["df"]) * rows["se"]
    rows.insert(4, "statistic", statistic)
    rows.insert(5, "p", 2 * stats.t.sf(np.abs(statistic), rows["df"]))
    rows.insert(6, "ci_low", rows["estimate"] - half)
    rows.insert(7, "ci_high", rows["estimate"] + half)
    rows.insert(0, "scale", pd.Series(means.scales[k], index=rows.index, dtype="str"))
    return rows


def _charts(means: OccasionMeans, chart: Chart, occasions: Sequence[object]) -> pd.DataFrame:
    n_sites, t, k = means.site_means.shape
    shape = (n_sites, k, t)

    def laid_out(array: np.ndarray) -> np.ndarray:
        """From (sites, scales, occasions) to scale, site, occasion."""
        return np.swapaxes(np.broadcast_to(array, shape), 0, 1).ravel()

    of_series = {
        name: laid_out(getattr(chart, name).reshape(n_sites, k, 1))
        for name in ("centre", "low", "high")
    }
    table = pd.DataFrame(
        {
            "scale": np.repeat(list(means.scales), n_sites * t),
            "site": pd.Series(means.sites).take(np.tile(np.repeat(np.arange(n_sites), t), k)).array,
            "occasion": pd.Series(list(occasions)).take(np.tile(np.arange(t), n_sites * k)).array,
            "estimate": laid_out(np.moveaxis(means.site_means, 1, 2)),
            "n": laid_out(np.moveaxis(means.site_counts, 1, 2)),
            **of_series,
            "moving_range": laid_out(chart.ranges.reshape(shape)),
        }
    )
    patterns, which = np.unique(chart.signals.reshape(-1, len(RULES)), axis=0, return_inverse=True)
    words = ["; ".join(r for r, on in zip(RULES, row, strict=True) if on) for row in patterns]
    text = np.array(words, dtype=object)[which.ravel()].reshape(shape)
    table["signals"] = laid_out(text)
    return table
