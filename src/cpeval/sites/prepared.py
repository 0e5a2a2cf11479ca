"""Moments made ready for an estimator: checked, clusters chosen, terms that follow dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cpeval.errors import OptionError, TooFewError, did_you_mean, listed
from cpeval.moments.coding import INTERCEPT, Level
from cpeval.moments.least_squares import independent_terms
from cpeval.moments.noise import told
from cpeval.moments.origin import Blocks
from cpeval.moments.site_moments import SiteMoments
from cpeval.moments.zero_or_one import zero_or_one

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Prepared:
    """Cross-products of the p terms that are kept, by cluster.

    Attributes
    ----------
    blocks : Blocks
    parts : tuple of str
        The formula's term that each belongs to, shape (p,).
    floor : array, shape (p + 1,)
        Sums of squares that rounding may leave of a constant column, and of the outcome.
    dropped_terms : tuple of str
        Terms that are constant or follow from earlier ones.
    followed : tuple of str
        Terms that were kept, and that dropped ones follow from.
    formula : str
    n_dropped : int
        Rows that the moments left out.
    zero_or_one : bool
        Whether the outcome is 0 or 1 in every row, so that coefficients are differences of risk.
    alike : dict
        Factors of the formula that have one level, and so no term, to that level.
    noise : tuple of str
        What to say of noise in the moments.
    """

    blocks: Blocks
    parts: tuple[str, ...]
    floor: Floats
    dropped_terms: tuple[str, ...]
    followed: tuple[str, ...]
    formula: str
    n_dropped: int
    zero_or_one: bool
    alike: dict[str, Level]
    noise: tuple[str, ...]

    @property
    def terms(self) -> tuple[str, ...]:
        """The terms kept."""
        return self.blocks.terms

    @property
    def n(self) -> int:
        """Rows."""
        return int(self.blocks.counts.sum())

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the reader should know of what was left out."""
        found = [
            f"Left out of the model: {name!r}. It is {level!r} in all rows."
            for name, level in self.alike.items()
        ]
        if self.dropped_terms:
            found.append(
                f"Left out of the model: {listed(self.dropped_terms)}. They are constant or follow "
                "from the other terms."
            )
            others = [name for name in self.followed if name != INTERCEPT]
            if others:
                found.append(
                    f"The data can't tell {listed(self.dropped_terms)} from {listed(others)}: "
                    "these coefficients hold whatever belongs to the former. If one of them is the "
                    "arm, take the terms out that go with it."
                )
        if self.n_dropped:
            found.append(
                f"{self.n_dropped:,} rows were left out for missing values, and {self.n:,} used."
            )
        return (*found, *self.noise)

    def place(self, term: str) -> int:
        """Return the place of one term.

        Raises
        ------
        OptionError
            It isn't there, or was left out of the model.
        """
        if term in self.dropped_terms:
            raise OptionError(
                f"The term {term!r} can't be estimated: it is constant, or follows from the other "
                f"terms, {listed(self.terms)}."
            )
        alike = [name for name in self.alike if term == name or term.startswith(f"{name}[")]
        if alike:
            raise OptionError(
                f"There is no term {term!r}: {alike[0]!r} is {self.alike[alike[0]]!r} in all rows, "
                "so there is nothing to compare."
            )
        own = [name for name, part in zip(self.terms, self.parts, strict=True) if part == term]
        if own and term not in self.terms:
            raise OptionError(
                f"There is no term {term!r}: the formula's {term!r} is {listed(own)} in the model. "
                f"Terms there: {listed(self.terms)}."
            )
        if term not in self.terms:
            raise OptionError(
                f"There is no term {term!r}{did_you_mean(term, self.terms)}. "
                f"Terms there: {listed(self.terms)}."
            )
        return self.terms.index(term)

    def contrasts(self, terms: Sequence[str] | str) -> list[int]:
        """Return the places of terms, by their names or those of the formula's terms.

        Raises
        ------
        OptionError
            A term isn't there, or none is named.
        """
        wanted = [terms] if isinstance(terms, str) else list(terms)
        known = [*self.terms, *dict.fromkeys(self.parts)]
        absent = [name for name in wanted if name not in known]
        if absent or not wanted:
            hints = ", ".join(f"{name!r}{did_you_mean(name, known)}" for name in absent)
            raise OptionError(
                f"There are no terms {hints or 'named'} to test. Terms there: {listed(self.terms)}."
            )
        return [
            k
            for k, (term, part) in enumerate(zip(self.terms, self.parts, strict=True))
            if term in wanted or part in wanted
        ]


def prepare(moments: SiteMoments, by: str) -> Prepared:
    """Take the cross-products by cluster, and drop the terms that follow from earlier ones.

    Parameters
    ----------
    moments : SiteMoments
    by : {"site", "team"}

    Raises
    ------
    OptionError
        ``moments`` aren't, or have no teams.
    TooFewError
        There are no more rows than terms.
    """
    if not isinstance(moments, SiteMoments):
        raise OptionError(
            "The first argument should be moments: cp.SiteMoments.from_data(data, 'y ~ arm', "
            f"site='trust'). Got {type(moments).__name__}."
        )
    blocks = moments.blocks(by)
    total = blocks.blocks.sum(axis=0)
    weight = float(moments.weight.sum())
    # The distance from one number to the next, at the column's own distance from zero.
    shift = np.append(blocks.origin.x, blocks.origin.y)
    floor = weight * (2 * np.finfo(float).eps * np.abs(shift)) ** 2
    p = len(blocks.terms)
    kept = independent_terms(total[:p, :p], floor=floor[:p])
    names = tuple(blocks.terms[k] for k in kept)
    rows = int(blocks.counts.sum())
    if rows <= kept.size:
        raise TooFewError(
            f"{rows} rows can't estimate {kept.size} terms and a variance: {listed(names)}. "
            "Take fewer terms (select), or more people."
        )
    return Prepared(
        blocks=blocks.keep(names),
        parts=tuple(moments.parts[k] for k in kept),
        floor=floor[[*kept, p]],
        dropped_terms=tuple(term for term in blocks.terms if term not in names),
        followed=_followed(total, blocks.terms, kept),
        formula=moments.formula,
        n_dropped=int(moments.dropped.sum()),
        zero_or_one=zero_or_one(moments, -1),
        alike={name: levels[0] for name, levels in moments.levels.items() if len(levels) == 1},
        noise=told(moments.noise, moments.sites),
    )


def _followed(total: Floats, terms: Sequence[str], kept: NDArray[np.intp]) -> tuple[str, ...]:
    """Return the terms that the dropped ones are made of."""
    dropped = np.setdiff1d(np.arange(len(terms)), kept)
    if not dropped.size:
        return ()
    size = np.sqrt(np.maximum(np.diag(total), 0.0))
    weights = np.linalg.solve(total[np.ix_(kept, kept)], total[np.ix_(kept, dropped)])
    with np.errstate(divide="ignore", invalid="ignore"):
        matters = np.abs(weights) * size[kept, np.newaxis] > 1e-6 * size[dropped]
    return tuple(terms[k] for k in kept[matters.any(axis=1)])


def to_the_data(prepared: Prepared) -> Floats:
    """Return the contrasts, shape (p, p), that are the coefficients about the data's own zero."""
    return prepared.blocks.origin.matrix


def moved(estimate: Floats, prepared: Prepared) -> Floats:
    """Add to the intercept what was subtracted from the outcome."""
    whole = estimate.copy()
    whole[0] += prepared.blocks.origin.y
    return whole
