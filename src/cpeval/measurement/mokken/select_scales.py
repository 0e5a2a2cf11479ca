"""Which items form Mokken scales: the automated procedure, and a genetic algorithm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from numpy.typing import NDArray

from cpeval.definitions.model import Instrument
from cpeval.errors import (
    OptionError,
    TooFewError,
    is_number,
    listed,
    require_alpha,
    require_option,
)
from cpeval.measurement.item_scores import ItemScores, item_scores
from cpeval.measurement.mokken.genetic_selection import genetic
from cpeval.measurement.mokken.guttman import covariances, guttman, joint_counts
from cpeval.measurement.mokken.item_codes import item_codes, many_categories
from cpeval.measurement.mokken.item_selection import Evidence, Step, aisp, influence
from cpeval.measurement.mokken.scalability_worries import FEW_PEOPLE
from cpeval.measurement.odd_answers import same_items
from cpeval.result import Result
from cpeval.scoring.item_columns import Items
from cpeval.seeds import require_seed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

METHODS = ("aisp", "genetic")
TESTS = ("zero", "bound")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ScaleSelection(Result):
    """A `Result` that also describes the scales.

    Attributes
    ----------
    scales : pandas.DataFrame
        A row a scale: lower_bound, scale, n_items, H.
    members : pandas.DataFrame
        A row an item in a scale: lower_bound, scale, order (in which items joined; the first two
        together. With the genetic algorithm: by falling Hi), item, Hi (among the items of the
        scale).
    n : int
        People.
    n_excluded : int
        Rows left out.
    n_imputed : int
        Answers filled in.
    """

    scales: pd.DataFrame
    members: pd.DataFrame
    n: int
    n_excluded: int
    n_imputed: int

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw which item is in which scale, a column a lower bound.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        """
        from cpeval.plots.scales import items_by_bound

        bounds = [name for name in self.table.columns if name != "item"]
        return items_by_bound(self.table, ["" if b == "scale" else b for b in bounds], ax=ax)


def select_scales(
    items: IntoDataFrame,
    *,
    instrument: str | Path | Instrument | None = None,
    scale: str | None = None,
    columns: Items = None,
    lower_bound: float | Sequence[float] = 0.3,
    alpha: float = 0.05,
    method: str = "aisp",
    test: str = "zero",
    missing: str = "listwise",
    seed: int | np.random.Generator | None = None,
) -> ScaleSelection:
    r"""Sort items into Mokken scales.

    Parameters
    ----------
    items : eager dataframe, shape (n_rows, k)
        A column an item, scored: reversed items reversed already, whole numbers from 0 up, at
        most 101 categories an item. With ``instrument``, data that hold its item columns.
    instrument : str, pathlib.Path or Instrument, optional
        Scores the items first.
    scale : str, optional
        The column of the instrument's scale whose items are meant; by default all items.
    columns : str, sequence of str or mapping, optional
        Where the instrument's items are, as `cpeval.score` takes ``items``.
    lower_bound : float or sequence of float, default 0.3
        What Hi of an item must reach, from 0 up to 1. Several show how scales fall apart.
    alpha : float, default 0.05
        Level of the one-sided tests.
    method : {"aisp", "genetic"}
        Build scales from the best pair, item by item; or search for the partition with the
        largest scales.
    test : {"zero", "bound"}
        With "aisp": an item's Hi must be significantly above 0 (Mokken's Z), or above the lower
        bound (by its standard error).
    missing : {"listwise", "two_way"}
        Leave out rows that lack an item, or fill in by two-way imputation.
    seed : int or numpy.random.Generator, optional
        For ``method="genetic"`` and ``missing="two_way"``; without it, each run may differ.

    Returns
    -------
    ScaleSelection
        ``table``: item and scale (from 1; 0 for an item in none). With several lower bounds,
        item and one column a bound, named as it, such as "0.3".

    Raises
    ------
    OptionError
        An option has a value that it doesn't take.
    ColumnError, CodeError, DataError, DefinitionError
        As `scalability` raises them.
    TooFewError
        Fewer than two items that vary, or two people.

    Notes
    -----
    "aisp" [1]_: a scale starts with the pair that has the largest significant :math:`H_{ij}`, if
    that reaches the bound. Of the items whose pairs with those chosen are none of them negative,
    whose :math:`H_i` with those chosen reaches the bound and is significant, the one joins that
    makes the scale's H largest. When none is left, the next scale starts. The level is divided by
    the number of tests of a scale so far. Ties go to the item that stands first. Decisions equal
    those of R's mokken (``aisp``; ``test="bound"`` is its ``test.Hi=TRUE`` [2]_). An item that
    joined early may have fallen below the bound in the end: ``warnings`` then says so.

    "genetic" [3]_: partitions are bred, mutated and repaired (the item with the lowest
    :math:`H_i` leaves until all reach the bound, are significant at ``alpha`` and have no
    negative pair in their scale). The better partition has the larger first scale, then the
    larger second, and so on; then the larger H over all pairs in scales. The search starts from
    what "aisp" finds, so that it is never worse once repaired, and ends after 1,000 generations
    without a better one. That is no proof: with many items another seed may find larger scales.

    References
    ----------
    .. [1] Mokken (1971). A theory and procedure of scale analysis. Sijtsma & Molenaar (2002).
       Introduction to nonparametric item response theory, chapter 5.
    .. [2] Koopman, Zijlstra & van der Ark (2022). Quality of Life Research, 31(1), 25-36.
    .. [3] Straat, van der Ark & Sijtsma (2013). Journal of Classification, 30(1), 75-99.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> trait = rng.normal(size=(200, 1))
    >>> fits = (trait + rng.normal(0, 0.5, (200, 3)) > [-0.5, 0, 0.5]).astype(int)
    >>> items = pd.DataFrame(fits, columns=["a", "b", "c"]).assign(noise=rng.integers(0, 2, 200))
    >>> select_scales(items).table.to_dict("list")
    {'item': ['a', 'b', 'c', 'noise'], 'scale': [1, 1, 1, 0]}
    """
    bounds = _bounds(lower_bound)
    require_option("method", method, METHODS)
    require_option("test", test, TESTS)
    if method == "genetic" and test == "bound":
        raise OptionError("test='bound' is for method='aisp'; the genetic algorithm tests Hi > 0.")
    require_alpha(alpha)
    require_seed(seed)
    rng = np.random.default_rng(seed)
    scores = item_scores(
        items,
        instrument=instrument,
        scale=scale,
        columns=columns,
        missing=missing,
        allowed=("listwise", "two_way"),
        seed=rng,
        what="Scale selection",
    )
    codes = item_codes(scores.values, scores.names, scores.rows, what="Scale selection")
    errors = guttman(codes, joint_counts(codes))
    if not errors.expected.any():
        raise TooFewError(
            "Scale selection needs two items that vary. Everyone gives the same answer to all but "
            f"one of {listed(scores.names)}."
        )
    evidence = Evidence(
        of=covariances(codes, errors),
        influence=influence(codes, errors) if test == "bound" else None,
    )
    found = [_selected(evidence, bound, alpha, method, rng) for bound in bounds]
    tables = [
        _described(evidence, scores.names, bound, *one)
        for bound, one in zip(bounds, found, strict=True)
    ]
    scales = pd.concat([one for one, _ in tables], ignore_index=True)
    members = pd.concat([one for _, one in tables], ignore_index=True)
    single = is_number(lower_bound)
    headings = ["scale"] if single else [f"{bound:g}" for bound in bounds]
    number = {head: of_item for head, (of_item, _) in zip(headings, found, strict=True)}
    many = many_categories(codes, scores.names)
    odd = [f"Many categories: {', '.join(many)}. Are they items?"] if many else []
    return ScaleSelection(
        table=pd.DataFrame({"item": scores.names, **number}),
        note=_note(scores, bounds, alpha, method, test),
        warnings=(
            *scores.warnings,
            *same_items(scores.values, scores.names),
            *_worries(evidence, scores, members),
            *odd,
        ),
        scales=scales,
        members=members,
        n=len(scores.values),
        n_excluded=scores.n_excluded,
        n_imputed=scores.n_imputed,
    )


def _bounds(given: float | Sequence[float]) -> list[float]:
    """Return the lower bounds, or say which is none."""
    several = not isinstance(given, str) and np.ndim(given) == 1
    values: Any = given
    bounds: list[Any] = list(values) if several else [values]
    wrong = [bound for bound in bounds if not is_number(bound) or not 0 <= bound <= 1]
    twice = len({f"{bound:g}" for bound in bounds if bound not in wrong}) < len(bounds) - len(wrong)
    if wrong or twice or not bounds:
        kind = "a number or several different ones" if several else "a number"
        fault = listed(wrong) if wrong else repr(given)
        raise OptionError(f"'lower_bound' must be {kind} from 0 to 1, such as 0.3. Got {fault}.")
    return [float(bound) for bound in bounds]


def _selected(
    evidence: Evidence, bound: float, alpha: float, method: str, rng: np.random.Generator
) -> tuple[NDArray[np.int64], list[Step]]:
    """Return each item's scale, and the steps that led there (none if there were none)."""
    number, steps = aisp(evidence, bound=bound, alpha=alpha)
    if method == "aisp":
        return number, steps
    from cpeval.progress import Steps

    with Steps() as step:
        step(f"Searching scales with items above {bound:g}")
        return genetic(evidence, number, bound=bound, alpha=alpha, rng=rng)[0], []


def _described(
    evidence: Evidence, names: list[str], bound: float, number: NDArray[np.int64], steps: list[Step]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the scales of one bound, and their members."""
    scales, members = [], []
    joined = {step.item: place for place, step in enumerate(steps)}
    for scale in range(1, int(number.max()) + 1):
        chosen = number == scale
        by_item, whole = evidence.scalabilities(chosen)
        scales.append(
            {"lower_bound": bound, "scale": scale, "n_items": int(chosen.sum()), "H": whole}
        )
        inside = map(int, np.flatnonzero(chosen))
        ordered = sorted(inside, key=lambda item: joined.get(item, -by_item[item]))
        members += [
            {
                "lower_bound": bound,
                "scale": scale,
                "order": place,
                "item": names[item],
                "Hi": float(by_item[item]),
            }
            for place, item in enumerate(ordered, 1)
        ]
    return (
        pd.DataFrame(scales, columns=["lower_bound", "scale", "n_items", "H"]),
        pd.DataFrame(members, columns=["lower_bound", "scale", "order", "item", "Hi"]),
    )


def _worries(evidence: Evidence, scores: ItemScores, members: pd.DataFrame) -> list[str]:
    said = []
    pairs = evidence.pairs
    constant = np.isnan(pairs).all(axis=1)
    if constant.any():
        which = [scores.names[place] for place in map(int, np.flatnonzero(constant))]
        said.append(f"Everyone gives the same answer to {listed(which)}: in no scale.")
    n_others = max(int((~constant).sum()) - 1, 1)
    against = (pairs < 0).sum(axis=1) > n_others / 2
    if against.any():
        which = [scores.names[place] for place in map(int, np.flatnonzero(against))]
        said.append(f"{listed(which)}: most pairs have a negative coefficient. To be reversed?")
    n = len(scores.values)
    if n < FEW_PEOPLE:
        said.append(
            f"Only {n} people: with fewer than {FEW_PEOPLE}, and better with a few hundred, "
            "which items are selected depends on chance."
        )
    low = members[members["Hi"] < members["lower_bound"]]
    if not low.empty:
        which = [f"{row.item!r} ({row.Hi:.2f} < {row.lower_bound:g})" for row in low.itertuples()]
        said.append(
            f"Items that fell below the bound as others joined: {', '.join(which)}. The genetic "
            "algorithm allows none."
        )
    return said


def _note(scores: ItemScores, bounds: list[float], alpha: float, method: str, test: str) -> str:
    how = {
        "aisp": "the automated item selection procedure (Mokken 1971)",
        "genetic": "the genetic algorithm of Straat, van der Ark & Sijtsma (2013), as changed here",
    }[method]
    above = "the lower bound" if test == "bound" else "0"
    return (
        f"Mokken scales among {len(scores.names)} items, {len(scores.values)} people, by {how}: "
        f"Hi at least {listed(bounds)} and above {above} at level {alpha:g}, one-sided."
    )
