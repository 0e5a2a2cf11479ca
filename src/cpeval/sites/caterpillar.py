"""Sites in order, each with an interval, and in the light of the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from scipy import stats

from cpeval.errors import (
    ColumnError,
    DuplicateError,
    OptionError,
    TooFewError,
    listed,
    require_level,
)
from cpeval.numeric import numbers, select
from cpeval.result import Result
from cpeval.sites.between_sites import Floats, Shrunken, comparison_factor, shrink
from cpeval.sites.mixed import Mixed
from cpeval.sites.site_codes import site_codes, sites_text
from cpeval.study import Value

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cpeval.plots.style import Labels

#: Below this many sites the variance between them is hardly known.
_FEW_SITES = 10


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Caterpillar(Result):
    """A `Result` with what all sites share.

    Attributes
    ----------
    mean : float
        Of all sites; of estimates that were shrunken already, their plain mean.
    tau2 : float
        Variance between sites (DerSimonian & Laird); NaN for estimates that were shrunken already.
    factor : float
        By how many errors the comparison intervals reach.
    n_excluded : int
        Rows left out for a missing value.
    """

    mean: float
    tau2: float
    factor: float
    n_excluded: int

    def plot(
        self,
        ax: Axes | None = None,
        *,
        comparison: bool = False,
        labels: Labels | None = None,
        xlabel: str = "Estimate",
    ) -> Axes:
        """Draw sites below each other, the raw estimate with its interval and the shrunken one.

        More than 80 have no names: there ``table`` says which is which.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        comparison : bool, default False
            Draw comparison intervals instead: sites whose bars don't overlap differ.
        labels : mapping, optional
            Site to what to show.
        xlabel : str, default "Estimate"
            What the numbers are.
        """
        from cpeval.plots.caterpillar import caterpillar

        return caterpillar(
            self.table, self.mean, comparison=comparison, labels=labels, xlabel=xlabel, ax=ax
        )


def caterpillar(
    data: IntoDataFrame | Result,
    outcome: str | None = None,
    *,
    site: str | None = None,
    level: float = 0.95,
) -> Caterpillar:
    r"""Order sites by their estimates, with intervals and with what the other sites suggest.

    Parameters
    ----------
    data : eager dataframe or Result
        Rows of people; or a result with a row a site, such as `cpeval.sites.effects`; or
        `cpeval.sites.mixed` (its first factor and random term), or rows of its ``effects()``:
        those are shrunken already and are taken as they are.
    outcome : str, optional
        With rows of people: the column of scores. Rows with a missing value are left out and
        counted.
    site : str, optional
        With rows of people: the column of sites.
    level : float, default 0.95
        Coverage of the intervals, between 0 and 1.

    Returns
    -------
    Caterpillar
        ``table``, a row a site, the lowest first: site, n (NaN if not known), estimate, se, df,
        ci_low, ci_high, compare_low, compare_high, shrunken, shrunken_se, shrunken_low,
        shrunken_high, weight (the share of the site's own estimate).

    Raises
    ------
    OptionError
        ``outcome`` and ``site`` are missing with rows of people, or given with a result.
    ColumnError, DataError
        Columns absent or not numeric; infinite values; a result without estimates by site.
    DuplicateError
        A result with several rows a site.
    TooFewError
        Fewer than two sites; no spread within sites.
    LevelError
        ``level`` is not between 0 and 1.

    Notes
    -----
    From people, a site's error is the standard deviation pooled within sites over
    :math:`\sqrt{n}`, and intervals are of the t distribution with the pooled degrees of freedom.
    The variance between sites :math:`\tau^2` is by the method of moments [1]_, and the shrunken
    estimate :math:`\lambda_j y_j + (1 - \lambda_j) \hat\mu`,
    :math:`\lambda_j = \tau^2 / (\tau^2 + s_j^2)`, with the squared error
    :math:`\lambda_j s_j^2 + (1 - \lambda_j)^2 \mathrm{var}(\hat\mu)` and a normal interval, which
    takes :math:`\tau^2` as known. The comparison interval is the estimate plus and minus c
    errors, with c such that over all pairs non-overlap errs in a share of 1 - ``level`` on
    average [2]_; 1.39 where all errors are equal.

    References
    ----------
    .. [1] DerSimonian & Laird (1986). Controlled Clinical Trials, 7(3), 177-188.
    .. [2] Goldstein & Healy (1995). Journal of the Royal Statistical Society A, 158(1), 175-177.

    Examples
    --------
    >>> data = pd.DataFrame({"site": list("AAABBBCCC"), "y": [1, 2, 3, 3, 5, 4, 8, 9, 7]})
    >>> found = caterpillar(data, "y", site="site")
    >>> found.table[["site", "estimate", "shrunken", "ci_low"]].round(2)
      site  estimate  shrunken  ci_low
    0    A       2.0      2.10    0.59
    1    B       4.0      4.02    2.59
    2    C       8.0      7.88    6.59
    """
    require_level(level)
    if isinstance(data, Mixed) and outcome is None and site is None:
        every = data.effects()
        first = every[["factor", "term"]].iloc[0]
        data = every[(every["factor"] == first["factor"]) & (every["term"] == first["term"])]
    sites = _from_people(data, outcome, site) if not isinstance(data, Result) else None
    if sites is None:
        if outcome is not None or site is not None:
            raise OptionError("A result has its sites already: leave 'outcome' and 'site' out.")
        assert isinstance(data, Result)
        sites = _from_table(data.table)
    return _ordered(sites, level)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Sites:
    """Estimates by site: ``table`` has site, n, estimate, se, df."""

    table: pd.DataFrame
    of: str
    shrunken: bool = False
    n_excluded: int = 0
    warnings: tuple[str, ...] = ()


def _ordered(sites: _Sites, level: float) -> Caterpillar:
    """Put the sites in order and add the intervals."""
    table = sites.table.sort_values("estimate", kind="stable", ignore_index=True)
    y, se, df = (table[name].to_numpy(dtype=float) for name in ("estimate", "se", "df"))
    if y.size < 2:
        raise TooFewError(
            "A comparison needs two sites with an error, and has "
            f"{sites_text(list(table['site']))}."
        )
    common = float(df.min())
    factor = comparison_factor(se, level=level, df=common)
    half = stats.t.isf((1 - level) / 2, df) * se
    if sites.shrunken:
        found = Shrunken(
            mean=float(y.mean()),
            mean_se=np.nan,
            tau2=np.nan,
            estimate=y,
            se=se,
            weight=np.full(y.size, np.nan),
        )
    else:
        found = shrink(y, se)
    normal = stats.norm.isf((1 - level) / 2) * found.se
    columns = {
        "ci_low": y - half,
        "ci_high": y + half,
        "compare_low": y - factor * se,
        "compare_high": y + factor * se,
        "shrunken": found.estimate,
        "shrunken_se": found.se,
        "shrunken_low": found.estimate - normal,
        "shrunken_high": found.estimate + normal,
        "weight": found.weight,
    }
    return Caterpillar(
        table=table.assign(**columns),
        note=_note(sites, found, factor, level, y.size),
        warnings=(*sites.warnings, *_worries(sites, found, y.size)),
        mean=found.mean,
        tau2=found.tau2,
        factor=factor,
        n_excluded=sites.n_excluded,
    )


def _from_people(data: IntoDataFrame | Result, outcome: str | None, site: str | None) -> _Sites:
    """Return means by site with errors from the spread pooled within sites."""
    if outcome is None and site is None and isinstance(data, pd.DataFrame) and "estimate" in data:
        return _from_table(data)
    lacks = [name for name, given in (("outcome", outcome), ("site", site)) if given is None]
    if lacks or not isinstance(outcome, str) or not isinstance(site, str) or outcome == site:
        raise OptionError(
            "Rows of people need the names of two columns, outcome and site=. "
            f"Got outcome={outcome!r}, site={site!r}."
        )
    table = select(data, site, outcome)  # type: ignore[arg-type]
    if table.empty:
        raise TooFewError("The data have no rows.")
    y = numbers(table, [outcome])[:, 0]
    if np.isnan(y).all():
        raise TooFewError(f"Column {outcome!r} has no value in it: nobody answered {outcome!r}.")
    code, labels = site_codes(table[site])
    used = (code >= 0) & ~np.isnan(y)
    n = np.bincount(code[used], minlength=len(labels))
    there = np.flatnonzero(n)
    mean, within, df = _means(y[used], code[used], n)
    if df < 1 or not within > 0:
        raise TooFewError(
            f"{outcome!r} doesn't vary within any of {sites_text(labels)}, so the errors of sites "
            "are not known. Check that the column holds the scores that are meant."
        )
    lost = int((~used).sum())
    empty = [label for label, count in zip(labels, n, strict=True) if count == 0]
    return _Sites(
        table=pd.DataFrame(
            {
                "site": pd.Series([labels[k] for k in there], dtype=object).infer_objects(),
                "n": n[there],
                "estimate": mean[there],
                "se": np.sqrt(within / n[there]),
                "df": float(df),
            }
        ),
        of=f"Mean {outcome} by {site}",
        n_excluded=lost,
        warnings=tuple(
            text
            for text, is_so in (
                (f"Left out for a missing value: {lost} rows.", lost),
                (f"Left out, with nobody: {sites_text(empty)}.", empty),
                (_small(labels, n), ((n > 0) & (n < 5)).any()),
            )
            if is_so
        ),
    )


def _small(labels: list[Value], n: np.ndarray[tuple[int], np.dtype[np.intp]]) -> str:
    few = [label for label, count in zip(labels, n, strict=True) if 0 < count < 5]
    return (
        f"Fewer than 5 people: {sites_text(few)}. Their intervals lean on the spread in other "
        "sites, and people may be recognised: don't publish these rows."
    )


def _means(
    y: Floats, code: np.ndarray[tuple[int], np.dtype[np.intp]], n: np.ndarray
) -> tuple[Floats, float, int]:
    """Return the means, shape (n_sites,), the variance pooled within sites, and its df."""
    middle = float(np.median(y)) if y.size else 0.0
    rest = y - middle
    mean = np.bincount(code, rest, n.size) / np.maximum(n, 1)
    squares = float(((rest - mean[code]) ** 2).sum())
    df = int(n.sum() - np.count_nonzero(n))
    noise = y.size * (4 * np.finfo(float).eps * np.abs(y).max(initial=0.0)) ** 2
    within = squares / df if df > 0 and squares > noise else 0.0
    return mean + middle, within, df


def _from_table(table: pd.DataFrame) -> _Sites:
    """Return the estimates of a table with a row a site."""
    shrunken = "factor" in table
    order = ("group", "site") if shrunken else ("site", "group")
    name = next((name for name in order if name in table), None)
    absent = [column for column in ("estimate", "se") if column not in table]
    if name is None or absent:
        raise ColumnError(
            "A caterpillar of a result needs a row a site, with site (or group), estimate and se. "
            f"The table has {listed(table.columns)}."
        )
    table = table.reset_index(drop=True)
    label = table[name]
    twice = label[label.duplicated()].unique()
    if len(twice):
        raise DuplicateError(
            f"There should be one row a site, and there are several of {listed(twice)}. Keep one "
            "term, factor or scale."
        )
    values = numbers(table, ["estimate", "se"])
    usable = np.isfinite(values).all(axis=1) & (values[:, 1] > 0)
    lost = label[~usable].tolist()
    df = table["df"].to_numpy(dtype=float) if "df" in table else np.full(len(table), np.inf)
    found = pd.DataFrame(
        {
            "site": label,
            "n": table.get("n", np.nan),
            "estimate": values[:, 0],
            "se": values[:, 1],
            "df": np.where(np.isnan(df), np.inf, df),
        }
    )
    what = f"Differences in {table['term'].iloc[0]}" if "term" in table and len(table) else None
    return _Sites(
        table=found[usable].reset_index(drop=True),
        of="Site effects of a mixed model" if shrunken else what or "Estimates",
        shrunken=shrunken,
        n_excluded=len(lost),
        warnings=(f"Left out, without an error: {sites_text(lost)}.",) if lost else (),
    )


def _note(sites: _Sites, found: Shrunken, factor: float, level: float, n: int) -> str:
    law = "t" if np.isfinite(sites.table["df"]).all() else "normal"
    text = (
        f"{sites.of}, {n} sites from the lowest to the highest, with {100 * level:g} % {law} "
        f"intervals, each for one site. Comparison intervals reach {factor:.3g} errors: two sites "
        "differ where these don't overlap (Goldstein & Healy, 1995), for a pair chosen beforehand. "
    )
    if sites.shrunken:
        return (
            text + "The estimates are shrunken already, by the mixed model, and stand as they are."
        )
    return text + (
        f"Shrunken estimates are drawn to the mean of sites, {found.mean:.4g}, by the variance "
        f"between sites {found.tau2:.4g} (DerSimonian & Laird, 1986); their normal intervals take "
        "that as known. The order of sites is uncertain wherever intervals overlap."
    )


def _worries(sites: _Sites, found: Shrunken, n: int) -> list[str]:
    if sites.shrunken:
        return []
    if found.tau2 == 0:
        return [
            "Sites differ no more than chance explains: all shrunken estimates are the mean, and "
            "an order of sites means nothing."
        ]
    if n < _FEW_SITES:
        return [
            f"The variance between sites comes from {n} sites and is hardly known, so the shrunken "
            "estimates are less sure than their intervals say."
        ]
    return []
