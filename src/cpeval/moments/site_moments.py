"""`SiteMoments`: all that comparing sites needs to know of each, and none of their records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoFrame
from numpy.typing import NDArray

from cpeval.errors import OptionError, TooFewError, require_option
from cpeval.moments.coding import INTERCEPT, Level
from cpeval.moments.noise import Noise, told
from cpeval.moments.origin import Blocks, about_origin, combined
from cpeval.study import Study

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

#: What names the form of the moments in a file.
VERSION = 2


@dataclass(frozen=True, kw_only=True, eq=False)
class SiteMoments:
    r"""Counts, means and cross-products of a model's columns, by site or by team in a site.

    Made by `from_data`, by `from_json`, or by adding moments of other sites.

    Attributes
    ----------
    formula : str
        The model that they are moments for.
    outcome : str
        Its outcome.
    terms : tuple of str
        The p columns of the model: ``"Intercept"`` first if there is one, then in the order of the
        formula (by degree).
    parts : tuple of str
        The formula's term that each of ``terms`` belongs to, shape (p,).
    levels : dict
        Factor to its levels, the reference first.
    site_column, team_column, weights_column : str or None
        Columns of the data.
    site, team : tuple
        Labels of the U units, sorted. ``team`` is all None without teams. A label None is a row
        whose label was missing; such units have no rows that were used.
    n, dropped : array of int, shape (U,)
        Rows used, and rows left out for a missing value.
    weight : array, shape (U,)
        Sum of the weights; ``n`` without weights.
    origin : array, shape (q,)
        What ``offset`` is measured from, near the data. The q columns are the terms without the
        intercept, then the outcome.
    offset : array, shape (U, q)
        Means less ``origin``: that way they keep their digits.
    cross : array, shape (U, q, q)
        Cross-products about the unit's own means.
    bounds : array, shape (q, 2)
        Between which values each column lies, NaN where it isn't known.
    noise : tuple of Noise
        Which sites' moments have noise in them, and how much.
    version : int
        Of the form in which they are written to a file.

    Notes
    -----
    Of unit g with rows :math:`z_i` and weights :math:`w_i` (1 without weights) they are
    :math:`\bar z_g` and :math:`\sum_i w_i (z_i - \bar z_g)(z_i - \bar z_g)'`. Two units pool as

    .. math:: S = S_1 + S_2 + \frac{w_1 w_2}{w_1 + w_2} (\bar z_1 - \bar z_2)(\bar z_1 - \bar z_2)'

    which subtracts no large numbers [1]_.

    References
    ----------
    .. [1] Chan, Golub & LeVeque (1983). Algorithms for computing the sample variance. The American
       Statistician, 37(3), 242-247.

    Examples
    --------
    >>> data = pd.DataFrame({"trust": list("AABB"), "arm": [0, 1, 0, 1], "y": [3.0, 5, 4, 8]})
    >>> moments = SiteMoments.from_data(data, "y ~ arm", site="trust")
    >>> moments.terms
    ('Intercept', 'arm')
    >>> moments.table
      site  n  dropped
    0    A  2        0
    1    B  2        0
    """

    formula: str
    outcome: str
    terms: tuple[str, ...]
    parts: tuple[str, ...]
    levels: Mapping[str, tuple[Level, ...]]
    site_column: str
    team_column: str | None
    weights_column: str | None
    site: tuple[Level | None, ...]
    team: tuple[Level | None, ...]
    n: Counts
    dropped: Counts
    weight: Floats
    origin: Floats
    offset: Floats
    cross: Floats
    bounds: Floats
    noise: tuple[Noise, ...] = ()
    version: int = VERSION

    @classmethod
    def from_data(
        cls,
        data: IntoFrame,
        formula: str,
        *,
        site: str | None = None,
        team: str | None = None,
        weights: str | None = None,
        study: Study | None = None,
        levels: Mapping[str, Sequence[Level]] | None = None,
        bounds: Mapping[str, tuple[float, float]] | None = None,
    ) -> SiteMoments:
        """Make moments of a dataframe in one pass, eager or lazy.

        Parameters
        ----------
        data : dataframe, eager or lazy, shape (n_rows, n_columns)
            pandas, Polars, PyArrow, DuckDB, PySpark, Dask: whatever narwhals takes. One row is
            one person (or measurement). It is not modified.
        formula : str
            Such as ``"y ~ arm + baseline + C(sex) + arm:baseline"``. Text, categories and
            true/false become dummies against a reference: the first level in sorted order, or
            ``C(x, Treatment("b"))``.
        site : str, optional
            The column of sites; by default the study's.
        team : str, optional
            The column of teams, which are nested in sites: the same name in two sites is two
            teams. By default the study's, if ``site`` is too.
        weights : str, optional
            A column of precision weights, positive. Rows with weight 0 are left out and counted.
        study : Study, optional
            Names site and team; its arm is compared with the comparison as reference.
        levels : mapping, optional
            Column to all its levels: for sites whose own data lack some. ``other.levels`` will do.
        bounds : mapping, optional
            Numbers as the formula spells them (``"log(x)"``, the outcome too) to the least and the
            largest value that they can have, such as an instrument's: `to_json` needs them for
            noise. Take them from the questionnaire, never from the data.

        Returns
        -------
        SiteMoments
            Rows with a missing value in a column of the formula, the site, the team or the
            weights are left out, and counted in ``dropped``.

        Raises
        ------
        ColumnError
            Columns are absent or of the wrong kind; terms collide.
        DataError
            Infinite values, values that are not among ``levels`` or within ``bounds``, terms
            without a value.
        OptionError
            The formula can't be read; no site is named; bounds of what is no number.
        TooFewError
            No row is complete.

        Notes
        -----
        In memory: one pass of matrix products. On lazy engines: one query for the levels of each
        category, a look at the first 1,000 rows for an origin near the data, and one aggregate by
        unit; a second aggregate only if the means of units lie more than a thousand times the
        spread within units apart. Only units x p x p numbers come back.

        Products are about the units' means, so columns far from zero keep their digits. A model
        without an intercept needs them about zero: where a mean is t times the spread, t squared
        times 1e-16 of the residual variance is rounding. Coefficients and errors by cluster keep
        their digits up to t = 1e6; `cpeval.sites.linear` warns where sigma loses more than six.
        """
        from cpeval.moments.from_data import moments_of

        return moments_of(
            cls,
            data,
            formula,
            site=site,
            team=team,
            weights=weights,
            study=study,
            levels=levels,
            bounds=bounds,
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """The q columns that there are moments of: terms without the intercept, the outcome."""
        return (*(term for term in self.terms if term != INTERCEPT), self.outcome)

    @property
    def intercept(self) -> bool:
        """Whether the model has an intercept."""
        return INTERCEPT in self.terms

    @property
    def sites(self) -> tuple[Level, ...]:
        """The sites that have rows, each once."""
        return tuple(dict.fromkeys(self._labels(np.flatnonzero(self.n > 0))))

    def _labels(self, units: NDArray[np.intp]) -> list[Level]:
        """Return the sites of units that have rows."""
        return [name for k in units.tolist() if (name := self.site[k]) is not None]

    @property
    def mean(self) -> Floats:
        """Means of ``columns`` by unit, shape (U, q); NaN in units without rows."""
        return np.where(self.n[:, np.newaxis] > 0, self.origin + self.offset, np.nan)

    @property
    def table(self) -> pd.DataFrame:
        """One row a unit: site, team (where there are teams), n, dropped."""
        # As objects: whole numbers stay whole beside a label that is missing.
        shown: dict[str, object] = {"site": pd.Series(self.site, dtype=object)}
        if self.team_column is not None:
            shown["team"] = pd.Series(self.team, dtype=object)
        return pd.DataFrame(shown | {"n": self.n, "dropped": self.dropped})

    def __add__(self, other: SiteMoments) -> SiteMoments:
        """Merge with the moments of other sites, or of more people of the same.

        Raises
        ------
        DataError
            They are of different models; the message says in what they differ.
        """
        if not isinstance(other, SiteMoments):
            return NotImplemented
        from cpeval.moments.merging import merged

        return merged(self, other)

    def __radd__(self, other: object) -> SiteMoments:
        """Let ``sum()`` of moments begin with its 0."""
        return self if other == 0 and isinstance(other, int) else NotImplemented

    def drop(self, site: Level) -> SiteMoments:
        """Leave out one site.

        Raises
        ------
        OptionError
            There is no such site.
        """
        from cpeval.moments.choosing import without_site

        return without_site(self, site)

    def select(self, terms: Sequence[str]) -> SiteMoments:
        """Keep some terms; the intercept stays. Rows dropped for the others stay dropped.

        Parameters
        ----------
        terms : sequence of str
            Terms of the formula (``"C(sex)"``) or of the model (``"C(sex)[T.m]"``).

        Raises
        ------
        OptionError
            A term isn't there.
        """
        from cpeval.moments.choosing import with_terms

        return with_terms(self, terms)

    def blocks(self, by: str = "site") -> Blocks:
        """Return cross-products by cluster about the grand means, for estimators.

        Parameters
        ----------
        by : {"site", "team"}
            What a cluster is.

        Raises
        ------
        OptionError
            There are no teams.
        """
        require_option("by", by, ("site", "team"))
        if by == "team" and self.team_column is None:
            raise OptionError(
                "These moments have no teams: make them with team=, naming the column."
            )
        used = np.flatnonzero(self.n > 0)
        of_units = self._labels(used)
        names = tuple(dict.fromkeys(of_units))
        weight, offset, cross = self.weight[used], self.offset[used], self.cross[used]
        counts, group = self.n[used], np.arange(len(names))
        if len(names) < len(used):
            place = {name: k for k, name in enumerate(names)}
            group = np.array([place[label] for label in of_units])
        labels: tuple[Level | None, ...] = names
        if by == "team":
            labels = tuple(self.team[k] for k in used.tolist())
        elif len(names) < len(used):
            weight, offset, cross = combined(weight, offset, cross, group, len(names))
            counts = np.bincount(group, weights=counts, minlength=len(names)).astype(np.int64)
            group = np.arange(len(names))
        blocks, origin = about_origin(weight, offset, cross, self.origin, intercept=self.intercept)
        return Blocks(
            blocks=blocks,
            counts=counts,
            group=group,
            labels=labels,
            sites=names,
            by=by,
            terms=self.terms,
            origin=origin,
        )

    def to_json(
        self,
        path: str | Path,
        *,
        minimum: int = 5,
        epsilon: float | None = None,
        delta: float | None = None,
        seed: int | np.random.Generator | None = None,
    ) -> Path:
        """Write the moments to a file that a site can share in place of records.

        Parameters
        ----------
        path : str or pathlib.Path
            Ends in .json; a file that is there is replaced.
        minimum : int, default 5
            The fewest people that a cell may have: a unit, or a level of a category in a unit,
            and those not at that level. With noise: the fewest that the noisy count may say.
        epsilon : float, optional
            Add noise that hides each row: the smaller, the more. 1 is usual. Needs ``bounds`` in
            `from_data`. `cpeval.sites.noise_cost` says what it costs.
        delta : float, default 1e-6
            The chance that the noise hides less than ``epsilon`` says.
        seed : int or numpy.random.Generator, optional
            For tests alone: who knows it can take the noise away.

        Returns
        -------
        pathlib.Path

        Raises
        ------
        DataError
            Cells have fewer people than ``minimum``; the message names each.
        OptionError
            Noise for moments with weights, without bounds, or with noise already.
        OutputError
            The file can't be written.

        Notes
        -----
        The file discloses, exactly: per unit the counts, the mean of every column and, from the
        cross-products, standard deviations and correlations. Of a true/false column that is how
        many people are at each level, and their mean outcome. The checksum shows that a file was
        changed; it doesn't prove who wrote it.

        With ``epsilon`` all these numbers have Gaussian noise and are, together,
        (epsilon, delta)-differentially private for adding or removing one row [1]_ [2]_: each
        number of the matrix of a unit's sums of products, every column scaled to -1 to 1, has the
        standard deviation :func:`gaussian_sd` times the root of (q + 1)(q + 2) / 2. Labels, levels
        and bounds count as known to all. The number of rows left out isn't told.

        References
        ----------
        .. [1] Dwork, Talwar, Thakurta & Zhang (2014). Analyze Gauss: optimal bounds for
               privacy-preserving principal component analysis. STOC '14, 11-20.
        .. [2] Balle & Wang (2018). Improving the Gaussian mechanism for differential privacy.
               Proceedings of Machine Learning Research, 80, 394-403.
        """
        from cpeval.moments.sharing import with_noise, write

        if epsilon is None and (delta is not None or seed is not None):
            raise OptionError("'delta' and 'seed' go with 'epsilon': without it there is no noise.")
        shared = self
        if epsilon is not None:
            shared = with_noise(self, epsilon, 1e-6 if delta is None else delta, seed)
        return write(shared, Path(path), minimum)

    @classmethod
    def from_json(cls, path: str | Path) -> SiteMoments:
        """Read moments that `to_json` wrote.

        Parameters
        ----------
        path : str or pathlib.Path

        Returns
        -------
        SiteMoments

        Raises
        ------
        ReadError
            The file isn't there, is no such file, is of another version or was edited.
        """
        from cpeval.moments.sharing import read

        return read(cls, Path(path))

    def __repr__(self) -> str:
        """Say what it holds."""
        return f"{self._head()}\n{self.table.to_string(index=False, max_rows=30)}"

    def _head(self) -> str:
        units = "" if self.team_column is None else f", {int((self.n > 0).sum())} teams"
        return (
            f"Moments of {self.formula}: {int(self.n.sum())} rows, {len(self.sites)} sites{units}, "
            f"{int(self.dropped.sum())} rows left out. Terms: {', '.join(self.terms)}."
            + "".join(f" {text}" for text in told(self.noise, self.sites))
        )

    def _repr_html_(self) -> str:
        """Return the table for a notebook; everything from the data is escaped."""
        body = self.table.to_html(index=False, max_rows=30, border=0, escape=True)
        return f"<div class='cpeval-result'><p>{escape(self._head())}</p>{body}</div>"

    def require_rows(self) -> None:
        """Raise unless some row was used.

        Raises
        ------
        TooFewError
            None was.
        """
        if not self.n.sum():
            raise TooFewError(
                f"{self.formula!r}: {int(self.dropped.sum()):,} rows, 0 of them complete. A row "
                "needs a site, and a value in every column of the formula: look for a column that "
                "is missing throughout."
            )
