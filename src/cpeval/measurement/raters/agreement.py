"""Agreement between raters who put the same subjects into categories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from cpeval.errors import TooFewError, listed, require_level
from cpeval.measurement.odd_answers import odd_codes
from cpeval.measurement.raters.chance_corrected import category_counts, coefficients
from cpeval.measurement.raters.cohen_kappa import PairKappas, kappas
from cpeval.measurement.raters.krippendorff import alpha
from cpeval.measurement.raters.rating_weights import agreement_weights
from cpeval.measurement.raters.ratings import Categorised, categorised, rating_data
from cpeval.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cpeval.plots.style import Labels

Floats = NDArray[np.float64]

#: Below this many subjects, the intervals, which rest on large samples, are rough.
_FEW_SUBJECTS = 50

#: A rater with so many ratings has some of them twice.
_ALL_DIFFERENT = 10


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Agreement(Result):
    """A `Result` that also has the pairs of raters and what they rated.

    Attributes
    ----------
    pairs : pandas.DataFrame
        Cohen's kappa of each pair: rater, rater_2, estimate, se, ci_low, ci_high, p, n (subjects
        that both rated).
    counts : pandas.DataFrame
        How often each rater (column) chose each category (row).
    weights : pandas.DataFrame
        Agreement of each category with each.
    n_unrated : int
        Subjects that nobody rated, left out.
    n_rated_once : int
        Subjects that one rater rated. They count towards chance agreement, not observed.
    """

    pairs: pd.DataFrame
    counts: pd.DataFrame
    weights: pd.DataFrame
    n_unrated: int
    n_rated_once: int

    def plot(self, ax: Axes | None = None, *, labels: Labels | None = None) -> Axes:
        """Draw each coefficient with its interval.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        labels : mapping, optional
            Coefficient to what to show.
        """
        from cpeval.plots.intervals import intervals

        return intervals(self.table, ax=ax, label="coefficient", labels=labels, xlabel="Agreement")


def agreement(
    ratings: IntoDataFrame,
    *,
    weights: str | ArrayLike = "identity",
    categories: Sequence[object] | None = None,
    level: float = 0.95,
    subject: str | None = None,
    rater: str | None = None,
    rating: str | None = None,
) -> Agreement:
    r"""Say how far raters agree: percent, kappas, Krippendorff's alpha, Gwet's AC.

    Parameters
    ----------
    ratings : eager dataframe, shape (n_subjects, n_raters)
        A row a subject, a column a rater and nothing else: whole numbers, text, or true and false.
        Or a row a rating, when ``subject``, ``rater`` and ``rating`` are named. Gaps are allowed:
        a subject rated once counts towards chance agreement only; one rated by nobody is left out.
        Both are counted.
    weights : {"identity", "linear", "quadratic", "ordinal"} or array, shape (q, q)
        How much two categories agree. Linear and quadratic take numbers as they are, text by its
        place in ``categories``; ordinal takes places [1]_. An array is symmetric, 1 on its
        diagonal, in the order of ``categories``; a pandas DataFrame has them as labels of both its
        rows and its columns, in any order.
    categories : sequence, optional
        All that a rating can be, in order. Without it, what is there (of ordered categories, what
        is declared). Brennan & Prediger's and Gwet's coefficients, and ordinal weights, depend on
        how many there are. Text needs it for any weights but identity.
    level : float, default 0.95
        Coverage of the intervals, between 0 and 1.
    subject, rater, rating : str, optional
        Columns of long data: all three or none.

    Returns
    -------
    Agreement
        ``table``, a row a coefficient: coefficient, estimate (at most 1), se, ci_low, ci_high, p
        (that it is 0; none for percent), n (subjects used), raters, observed, expected (agreement
        found, and by chance). Coefficients: percent; cohen_kappa and scott_pi, of two raters;
        light_kappa, the mean of Cohen's kappa over pairs, of more; conger_kappa, fleiss_kappa,
        krippendorff_alpha, brennan_prediger, gwet_ac.

    Raises
    ------
    OptionError
        ``ratings`` is not an eager dataframe; weights or categories that can't be (see
        `agreement_weights` and `categorised`); one or two of ``subject``, ``rater``, ``rating``.
    ColumnError, CodeError, DataError, DuplicateError
        Ratings that are neither numbers nor text throughout, not whole, not among ``categories``;
        a subject rated twice by one rater.
    TooFewError
        Fewer than two raters, a rater without ratings, or fewer than two subjects rated twice.
    LevelError
        ``level`` is not between 0 and 1.

    Notes
    -----
    All but Krippendorff's are (observed - expected) / (1 - expected), with gaps as Gwet has it
    [1]_: see `chance_corrected.coefficients`. Standard errors are of subjects; raters are taken as
    fixed. Intervals are t with n - 1 degrees of freedom, cut at 1. Cohen's kappa uses the subjects
    that both raters rated; its interval is normal with the standard error of Fleiss, Cohen &
    Everitt [2]_, its p has their standard error where kappa is 0. The error of Light's mean is of
    what each subject contributes to all pairs; n and degrees of freedom are of the pair with fewest
    subjects. Krippendorff's alpha follows his coincidences [3]_, with the metric that belongs to
    the weights: nominal for identity, interval for quadratic, his own ordinal for ordinal, else
    1 - weight. Scott's pi is Fleiss' kappa of two raters.

    References
    ----------
    .. [1] Gwet (2014). Handbook of Inter-Rater Reliability, 4th ed. Advanced Analytics.
    .. [2] Fleiss, Cohen & Everitt (1969). Psychological Bulletin, 72(5), 323-327.
    .. [3] Krippendorff (2019). Content Analysis, 4th ed., chapter 12. Sage.

    Examples
    --------
    >>> ratings = pd.DataFrame({"Ann": [1, 1, 2, 3, 3, 2], "Ben": [1, 2, 2, 3, 3, None]})
    >>> found = agreement(ratings, weights="quadratic")
    >>> found.table.set_index("coefficient").estimate.round(3)["cohen_kappa"].item()
    0.857
    """
    require_level(level)
    data = rating_data(ratings, subject=subject, rater=rater, rating=rating, what="Agreement")
    found = categorised(data, categories)
    matrix = agreement_weights(weights, found)
    n_rows = len(found.codes)
    codes = found.codes[(found.codes >= 0).any(axis=1)]
    counts = category_counts(codes, len(found.categories))
    times = counts.sum(axis=1)
    twice = int((times >= 2).sum())
    if twice < 2:
        raise TooFewError(
            "Agreement needs two subjects that two raters rated. "
            f"There are {twice}, among {n_rows} subjects by {listed(data.raters)}."
        )
    pairs = kappas(codes, matrix)
    table = _table(codes, counts, matrix, pairs, level, ordinal=_is_ordinal(weights))
    margins = np.stack([np.bincount(c[c >= 0], minlength=counts.shape[1]) for c in codes.T], axis=1)
    names = pd.Index(found.categories, name="category", dtype=object)
    once, unrated = int((times == 1).sum()), n_rows - len(codes)
    return Agreement(
        table=table,
        note=_note(weights, data.raters, len(codes), level),
        warnings=(
            *_without_a_pair(pairs, data.raters),
            *_worries(table, found, margins, data.raters, unrated, once, level),
            *_gaps(codes),
        ),
        pairs=_pair_table(pairs, data.raters, level),
        counts=pd.DataFrame(margins, index=names, columns=data.raters),
        weights=pd.DataFrame(matrix, index=names, columns=names.rename(None)),
        n_unrated=unrated,
        n_rated_once=once,
    )


def _is_ordinal(weights: str | ArrayLike) -> bool:
    return isinstance(weights, str) and weights == "ordinal"


def _table(
    codes: NDArray[np.intp],
    counts: Floats,
    weights: Floats,
    pairs: PairKappas,
    level: float,
    *,
    ordinal: bool,
) -> pd.DataFrame:
    n, r = codes.shape
    gwet = coefficients(codes, counts, weights)

    def row(name: str) -> dict[str, Any]:
        one = gwet[name]
        tested = name != "percent"
        return {
            "coefficient": name,
            **_with_t(one.estimate, one.se, n, level, tested=tested),
            "n": n,
            "raters": r,
            "observed": one.observed,
            "expected": one.expected,
        }

    rows = [row("percent"), *_cohen_rows(pairs, r, level), row("conger_kappa")]
    if r == 2:
        rows.append({**row("fleiss_kappa"), "coefficient": "scott_pi"})
    rows.append(row("fleiss_kappa"))
    estimate, observed, expected, influence = alpha(counts, None if ordinal else 1 - weights)
    m = len(influence)
    se = float(np.sqrt((influence**2).sum() / (m * (m - 1)))) if estimate == estimate else np.nan
    rows.append(
        {
            "coefficient": "krippendorff_alpha",
            **_with_t(estimate, se, m, level),
            "n": m,
            "raters": r,
            "observed": observed,
            "expected": expected,
        }
    )
    return pd.DataFrame([*rows, row("brennan_prediger"), row("gwet_ac")])


def _cohen_rows(pairs: PairKappas, r: int, level: float) -> list[dict[str, Any]]:
    """Cohen's kappa of two raters, or Light's mean of more."""
    n = int(pairs.n.min())
    if r == 2:
        found = _with_z(pairs.estimate, pairs.se, pairs.se_null, level)
        row = {key: float(value[0]) for key, value in found.items()}
    else:
        # Nobody gives the mean an error; ours is of contributions, so treated as Gwet's are.
        row = _with_t(pairs.light, pairs.light_se, n, level)
    parts = {"observed": float(pairs.observed.mean()), "expected": float(pairs.expected.mean())}
    name = "cohen_kappa" if r == 2 else "light_kappa"
    return [{"coefficient": name, **row, "n": n, "raters": r, **parts}]


def _with_t(
    estimate: float, se: float, n: int, level: float, *, tested: bool = True
) -> dict[str, float]:
    half = stats.t.ppf((1 + level) / 2, n - 1) * se
    p = 2 * stats.t.sf(abs(estimate) / se, n - 1) if tested and se > 0 else np.nan
    return {
        "estimate": estimate,
        "se": se,
        "ci_low": float(estimate - half),
        "ci_high": float(np.minimum(1.0, estimate + half)),
        "p": float(p),
    }


def _with_z(estimate: Floats, se: Floats, se_null: Floats, level: float) -> dict[str, Floats]:
    half = stats.norm.ppf((1 + level) / 2) * se
    at_null = np.where(se_null > 0, se_null, np.nan)
    return {
        "estimate": estimate,
        "se": se,
        "ci_low": estimate - half,
        "ci_high": np.minimum(1.0, estimate + half),
        "p": 2 * stats.norm.sf(np.abs(estimate) / at_null),
    }


def _pair_table(pairs: PairKappas, raters: list[str], level: float) -> pd.DataFrame:
    names = np.array(raters, dtype=object)
    return pd.DataFrame(
        {
            "rater": names[pairs.first],
            "rater_2": names[pairs.second],
            **_with_z(pairs.estimate, pairs.se, pairs.se_null, level),
            "n": pairs.n,
        }
    )


def _note(weights: str | ArrayLike, raters: list[str], n: int, level: float) -> str:
    kind = f"{weights} weights" if isinstance(weights, str) else "weights as given"
    cohen = "Cohen's kappa" if len(raters) == 2 else "Cohen's kappa of pairs (mean: Light, 1971)"
    return (
        f"Agreement of {len(raters)} raters on {n} subjects, {kind}, with {100 * level:g} % "
        f"intervals for these raters: Gwet (2014); {cohen} with the errors of Fleiss, Cohen & "
        "Everitt (1969); Krippendorff's alpha from coincidences (Krippendorff, 2019)."
    )


def _gaps(codes: NDArray[np.intp]) -> list[str]:
    """Count ratings that subjects who were rated lack."""
    missing = int((codes < 0).sum())
    verb = "is" if missing == 1 else "are"
    return [f"{missing} of {codes.size} ratings {verb} missing."] if missing else []


def _without_a_pair(pairs: PairKappas, raters: list[str]) -> list[str]:
    apart = [
        f"{raters[a]} and {raters[b]}"
        for a, b, n in zip(pairs.first, pairs.second, pairs.n, strict=True)
        if n == 0
    ]
    more = f" and {len(apart) - 20} more" if len(apart) > 20 else ""
    kind = "Cohen's kappa is" if len(raters) == 2 else "Their kappa and Light's mean are"
    return (
        [f"Raters who share no subject: {'; '.join(apart[:20])}{more}. {kind} undefined."]
        if apart
        else []
    )


def _worries(
    table: pd.DataFrame,
    found: Categorised,
    margins: NDArray[np.intp],
    raters: list[str],
    unrated: int,
    once: int,
    level: float,
) -> list[str]:
    said = []
    if unrated:
        said.append(f"{unrated} subjects that nobody rated were left out.")
    if once:
        said.append(
            f"{once} subjects were rated once: they count towards chance agreement, not observed."
        )
    names = np.array([*found.categories, None], dtype=object)[:-1]
    used = margins > 0
    if used.any(axis=1).sum() == 1:
        said.append(
            f"All ratings are {listed(names[used.any(axis=1)])}: coefficients whose chance "
            "agreement is then complete are undefined."
        )
    else:
        single = (margins.max(axis=0) == 1) & (margins.sum(axis=0) >= _ALL_DIFFERENT)
        if single.any():
            said.append(
                f"{listed(np.array(raters)[single])} gives every subject another rating. Is it a "
                "rater, or who the subjects are? Leave out what is no rating."
            )
        same = [raters[k] for k in np.flatnonzero(used.sum(axis=0) == 1)]
        if same:
            said.append(f"Raters who gave one rating throughout: {listed(same)}.")
        lone = used.sum(axis=1) == 1
        if lone.any():
            by = used[lone].argmax(axis=1)
            which = [f"{listed([c])} ({raters[k]})" for c, k in zip(names[lone], by, strict=True)]
            said.append(f"Categories that only one rater used: {', '.join(which)}.")
    values = [c for c in found.categories if isinstance(c, int) and not isinstance(c, bool)]
    if len(values) == len(found.categories):
        used_values = np.array(values, dtype=float)[used.any(axis=1)][:, None]
        said += odd_codes(used_values, ["ratings"])
        # Where more are missing than there, the numbers are names, such as 100 and 200.
        reach = range(min(values), max(values))
        between = sorted(set(reach) - set(values)) if len(reach) < 2 * len(values) else []
        if between:
            said.append(
                f"No rating is {listed(between)}. Brennan & Prediger's and Gwet's coefficients and "
                "ordinal weights depend on how many categories there are: say with categories=."
            )
    if ((table["se"] == 0) & (table["coefficient"] != "percent")).any():
        said.append("A standard error is 0 because subjects don't differ; its interval is a point.")
    n = int(table["n"].iloc[0])
    if n < _FEW_SUBJECTS:
        fleiss = table.set_index("coefficient").loc["fleiss_kappa"]
        span = (
            f" (that of fleiss_kappa runs from {fleiss['ci_low']:.2f} to {fleiss['ci_high']:.2f})"
            if np.isfinite(fleiss["ci_low"])
            else ""
        )
        said.append(
            f"Only {n} subjects: the {100 * level:g} % intervals{span} rest on large samples and "
            f"are rough below {_FEW_SUBJECTS}."
        )
    return said
