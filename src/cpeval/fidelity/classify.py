"""Low, moderate or high: with the chance of each, given the error of measurement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from numpy.typing import NDArray

from cpeval.errors import (
    ColumnError,
    DataError,
    OptionError,
    TooFewError,
    is_number,
    listed,
    require_option,
)
from cpeval.fidelity.category_chances import (
    ScoreModel,
    category_chances,
    joint_chances,
    place,
    true_scores,
)
from cpeval.fidelity.classified_scores import scores_to_classify
from cpeval.fidelity.decision_study import DecisionStudy
from cpeval.fidelity.generalisability import Generalisability
from cpeval.number_agreement import counted
from cpeval.numeric import ROWS_COUNT, numbers, rows_text
from cpeval.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]

#: Where the error is known from: a study, one planned design, or a number of points.
Error = Generalisability | DecisionStudy | float

#: Observed variance this many times larger or smaller than expected: another scale, probably.
_OFF = 4.0
_ENOUGH_TO_TELL = 10
#: A category with less chance than this is not to be relied on.
_UNSURE = 0.8


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Classification(Result):
    """A `Result` that also says how often such classification is right.

    Attributes
    ----------
    accuracy : float
        Chance that a unit's observed category is its true one.
    consistency : float
        Chance that a second assessment of the same kind gives the same category.
    kappa : float
        The consistency beyond chance (Cohen).
    confusion : pandas.DataFrame
        true, observed (categories) and estimate, the share of units expected there.
    summary : pandas.DataFrame
        category, n (units put there), share, expected (units truly there: the sum of chances).
    cuts : dict
        Category to where it starts.
    mean, unit_variance, sem, sem_relative : float
        What chances are worked out from.
    prior : str
    n_missing : int
        Rows without a score; they stay, without a category.
    """

    accuracy: float
    consistency: float
    kappa: float
    confusion: pd.DataFrame
    summary: pd.DataFrame
    cuts: dict[str, float]
    mean: float
    unit_variance: float
    sem: float
    sem_relative: float
    prior: str
    n_missing: int

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw each category's chance by the score, and the units.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        """
        from cpeval.plots.classification import classification

        return classification(self.table, self.cuts, ax=ax)


def classify(
    agreed: Result | IntoDataFrame,
    *,
    cuts: Mapping[str, float],
    error: Error,
    scale: str | None = None,
    occasion: object = None,
    unit: str | Sequence[str] | None = None,
    prior: str = "regressed",
) -> Classification:
    r"""Put units into categories by their score, with the chance that each is the true one.

    Parameters
    ----------
    agreed : Result or eager dataframe
        Scores: a result of `triangulate`, or its table. A row a unit, with estimate; other columns
        are kept. A missing estimate gets no category.
    cuts : mapping
        Category to the score where it starts, from the lowest up, such as
        ``{"low": 1, "moderate": 2.5, "high": 3.5}``: a score of 2.5 is moderate. No score may lie
        below the first.
    error : Generalisability, DecisionStudy or float
        The error of such scores: a generalisability study with the same numbers of levels; a
        decision study of one row, for other numbers or with fixed facets; or an absolute standard
        error of measurement in points.
    scale : str, optional
        Which scale, if there are several. By default, of agreed ratings, the one of most items.
    occasion : optional
        Which occasion of agreed ratings; by default the last. A table takes none: it should have
        a row a unit.
    unit : str or sequence of str, optional
        Of a table, the columns that tell units apart: a unit with several rows (of several
        occasions) is then an error. Without, each row counts as a unit of its own, and rows that
        are alike but for what was found are refused.
    prior : {"regressed", "flat"}, default "regressed"
        What is known of a true score before it is measured. "regressed": units of this kind are
        normal around the mean of all scores, with the variance of units that ``error`` has
        (for a number of points: the scores' variance less that of error). A high score is then
        more likely too high than too low. "flat": nothing; chances are those of the score give or
        take its error.

    Returns
    -------
    Classification
        ``table``: the columns of ``agreed``, true_score (the best guess of it), se (how far it may
        be off, in points), category (of the observed score), probability (that the true score is
        in it), likeliest (category), and ``p_<category>`` for each.

    Raises
    ------
    OptionError
        Cuts that are not two or more ascending numbers; an ``error`` that can't be, or a decision
        study of several rows; several scales and none chosen.
    ColumnError
        No estimate, not numbers, or columns that have the new ones' names.
    DataError
        Scores below the first cut (rows named).
    DuplicateError
        A table with several rows of a unit (named, with their rows).
    TooFewError
        No scores; or one score, for the prior "regressed" with a number of points.

    Notes
    -----
    The chance that the *true* score is in a category, given the observed one, depends on how true
    scores vary: without that, a chance of 0.8 is not right 80 times in 100. That is why
    "regressed" is the default. True score given the observed scores: normal with mean
    :math:`\bar X + g (X_j - \bar X)` (Kelley 1947), g for relative error, and variance
    :math:`g \sigma^2_\delta + (\sigma^2_\Delta - \sigma^2_\delta) + (1 - g)^2 (\sigma^2_\tau +
    \sigma^2_\delta) / n`: the part of absolute error that units share, such as assessors who
    rate all, moves all scores and can't be seen from them.

    Accuracy and consistency [1]_ [2]_ are for normal true scores and errors instead of beta and
    binomial ones: chances that (T, X), with correlation :math:`\sqrt\phi`, and (X, X'), with
    correlation :math:`\phi`, fall into the same category. They describe classification by the
    observed score, whatever the ``prior``.

    References
    ----------
    .. [1] Livingston & Lewis (1995). Journal of Educational Measurement, 32(2), 179-197.
    .. [2] Lee, Hanson & Brennan (2002). Applied Psychological Measurement, 26(4), 412-432.

    Examples
    --------
    >>> scores = pd.DataFrame({"team": ["A", "B", "C", "D"], "estimate": [2.1, 2.9, 3.4, 4.4]})
    >>> found = classify(scores, cuts={"low": 1, "moderate": 2.5, "high": 3.5}, error=0.3)
    >>> found.table[["team", "category", "probability"]].round(2).values.tolist()
    [['A', 'low', 0.84], ['B', 'moderate', 0.91], ['C', 'moderate', 0.66], ['D', 'high', 1.0]]
    """
    require_option("prior", prior, ("regressed", "flat"))
    starts = _starts(cuts)
    table, chosen = scores_to_classify(agreed, scale, occasion, unit)
    score = numbers(table, ["estimate"])[:, 0]
    known = ~np.isnan(score)
    _require_scores(score, known, cuts, table)
    model = _model(error, score[known], prior)
    mean = float(score[known].mean())
    if prior == "regressed":
        best, sd = true_scores(score, model, mean, int(known.sum()))
    else:
        best, sd = score, float(np.sqrt(model.absolute))
    chances = np.full((score.size, starts.size + 1), np.nan)
    chances[known] = category_chances(best[known], sd, starts)
    observed = place(score[known], starts)
    names = list(cuts)
    result = _with_chances(table, names, best, sd, known, observed, chances)
    joint, twice = _tables(model, mean, starts)
    consistency, by_chance = float(np.trace(twice)), float((twice.sum(axis=0) ** 2).sum())
    return Classification(
        table=result,
        note=_note(error, model, cuts, prior, int(known.sum())) + chosen,
        warnings=tuple(_worries(score, model, error, prior, result)),
        accuracy=float(np.trace(joint)),
        consistency=consistency,
        kappa=(consistency - by_chance) / (1 - by_chance) if by_chance < 1 else np.nan,
        confusion=_confusion(joint, names),
        summary=_summary(observed, chances[known], names),
        cuts={name: float(start) for name, start in cuts.items()},
        mean=mean,
        unit_variance=model.unit_variance,
        sem=float(np.sqrt(model.absolute)),
        sem_relative=float(np.sqrt(model.relative)),
        prior=prior,
        n_missing=int((~known).sum()),
    )


def _starts(cuts: Mapping[str, float]) -> Floats:
    """Return where the categories but the lowest start."""
    fine = isinstance(cuts, Mapping) and len(cuts) >= 2
    if fine:
        values = list(cuts.values())
        fine = all(is_number(value) for value in values)
        fine = fine and all(np.isfinite(value) for value in values[1:])
        fine = fine and all(one < other for one, other in pairwise(values))
    if not fine:
        raise OptionError(
            "'cuts' must say where each category starts, from the lowest up, such as "
            f"{{'low': 1, 'moderate': 2.5, 'high': 3.5}}. Got {cuts!r}."
        )
    return np.array([float(value) for value in list(cuts.values())[1:]])


def _require_scores(
    score: Floats, known: NDArray[np.bool_], cuts: Mapping[str, float], table: pd.DataFrame
) -> None:
    new = ["true_score", "se", "category", "probability", "likeliest", *map(_column, cuts)]
    there = [column for column in new if column in table.columns]
    if there:
        raise ColumnError(f"Columns {listed(there)} are there already. Rename or delete them.")
    if not known.any():
        raise TooFewError(f"There are no scores to classify: {score.size} rows, none with one.")
    name, lowest = next(iter(cuts.items()))
    low = np.flatnonzero(known & (place(score, np.array([float(lowest)])) == 0))
    if low.size:
        raise DataError(
            f"Scores below {lowest:g}, where the lowest category {name!r} starts: "
            f"{listed(score[low].round(6), most=5)} in {rows_text(low)}. Give it a lower start, or "
            f"correct them. {ROWS_COUNT}"
        )


def _column(category: str) -> str:
    return f"p_{category}"


def _model(error: Error, scores: Floats, prior: str) -> ScoreModel:
    """Return the variances of true scores and of error."""
    if isinstance(error, Generalisability):
        return ScoreModel(
            unit_variance=error.unit_variance,
            relative=error.sem_relative**2,
            absolute=error.sem**2,
        )
    if isinstance(error, DecisionStudy):
        if len(error.table) != 1:
            raise OptionError(
                f"'error' is a decision study of {len(error.table)} rows. Take the one that the "
                "scores come from: decision_study(g, assessor=2, item=20)."
            )
        row = error.table.iloc[0]
        return ScoreModel(
            unit_variance=error.unit_variance,
            relative=float(row["sem_relative"]) ** 2,
            absolute=float(row["sem"]) ** 2,
        )
    if not is_number(error) or not 0 < error < np.inf:
        raise OptionError(
            "'error' must be a generalisability study, a decision study of one row, or a standard "
            f"error of measurement above 0, in points. Got {error!r:.80}."
        )
    squared = float(error) ** 2
    if scores.size < 2 and prior == "regressed":
        raise TooFewError(
            "One score doesn't say how units vary. Give error= a generalisability study, or "
            "prior='flat'."
        )
    between = max(float(scores.var(ddof=1)) - squared, 0.0) if scores.size > 1 else 0.0
    return ScoreModel(unit_variance=between, relative=squared, absolute=squared)


def _with_chances(
    table: pd.DataFrame,
    names: list[str],
    best: Floats,
    sd: float,
    known: NDArray[np.bool_],
    observed: NDArray[np.intp],
    chances: Floats,
) -> pd.DataFrame:
    labels = np.array(names, dtype=object)
    category = np.full(known.size, None, dtype=object)
    category[known] = labels[observed]
    likeliest = np.full(known.size, None, dtype=object)
    likeliest[known] = labels[chances[known].argmax(axis=1)]
    probability = np.full(known.size, np.nan)
    probability[known] = chances[known][np.arange(observed.size), observed]
    added = {
        "true_score": best,
        "se": np.where(known, sd, np.nan),
        "category": category,
        "probability": probability,
        "likeliest": likeliest,
        **{_column(name): chances[:, k] for k, name in enumerate(names)},
    }
    return table.assign(**added)


def _tables(model: ScoreModel, mean: float, starts: Floats) -> tuple[Floats, Floats]:
    """Return chances of (true, observed) and of two observed categories."""
    total = model.unit_variance + model.absolute
    phi = model.unit_variance / total if total > 0 else 1.0
    away = starts - mean
    with np.errstate(divide="ignore", invalid="ignore"):
        of_true = np.where(away == 0, 0.0, away / np.sqrt(model.unit_variance))
        of_observed = np.where(away == 0, 0.0, away / np.sqrt(total))
    return (
        joint_chances(of_true, of_observed, float(np.sqrt(phi))),
        joint_chances(of_observed, of_observed, phi),
    )


def _confusion(joint: Floats, names: list[str]) -> pd.DataFrame:
    labels = np.array(names, dtype=object)
    return pd.DataFrame(
        {
            "true": np.repeat(labels, labels.size),
            "observed": np.tile(labels, labels.size),
            "estimate": joint.ravel(),
        }
    )


def _summary(observed: NDArray[np.intp], chances: Floats, names: list[str]) -> pd.DataFrame:
    n = np.bincount(observed, minlength=len(names))
    return pd.DataFrame(
        {"category": names, "n": n, "share": n / n.sum(), "expected": chances.sum(axis=0)}
    )


def _note(error: Error, model: ScoreModel, cuts: Mapping[str, float], prior: str, n: int) -> str:
    where = ", ".join(f"{name} from {start:g}" for name, start in cuts.items())
    source = (
        "a decision study"
        if isinstance(error, DecisionStudy)
        else "a generalisability study"
        if isinstance(error, Generalisability)
        else "as given"
    )
    how = (
        "true scores regressed to the mean (Kelley, 1947)"
        if prior == "regressed"
        else "nothing assumed of true scores"
    )
    return (
        f"{n} scores in categories ({where}), with the chance of each given an absolute standard "
        f"error of {np.sqrt(model.absolute):.3g} points ({source}); {how}. Accuracy and "
        "consistency for normal scores (after Livingston & Lewis, 1995; Lee, Hanson & Brennan, "
        "2002)."
    )


def _worries(
    score: Floats, model: ScoreModel, error: Error, prior: str, result: pd.DataFrame
) -> list[str]:
    said = []
    scores = score[~np.isnan(score)]
    if scores.size < score.size:
        said.append(
            counted(score.size - scores.size, "{n} row[s] without a score [has|have] no category.")
        )
    expected = model.unit_variance + model.relative
    studied = isinstance(error, Generalisability | DecisionStudy)
    if studied and scores.size >= _ENOUGH_TO_TELL and expected > 0:
        ratio = float(scores.var(ddof=1)) / expected
        if not 1 / _OFF < ratio < _OFF:
            said.append(
                f"Scores vary {ratio:.2g} times as much as the study of their error expects. Are "
                "they on its scale, that of one rating (a mean of items, not their sum)?"
            )
    if model.unit_variance == 0:
        said.append(
            "Units don't differ beyond error"
            + (": all true scores are taken to be at the mean." if prior == "regressed" else ".")
        )
    unsure = int((result["probability"] < _UNSURE).sum())
    if unsure:
        said.append(
            f"{unsure} of {scores.size} categories have a chance below {_UNSURE:g} of being the "
            "true one."
        )
    return said
