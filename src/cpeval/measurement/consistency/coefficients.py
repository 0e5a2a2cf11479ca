"""Which reliability coefficients are asked for, which are defined, and their rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cpeval.errors import OptionError, TooFewError, did_you_mean, listed, require_whole
from cpeval.measurement.consistency import closed_forms, one_factor
from cpeval.measurement.consistency.best_split import MOST_EXACT, lambda4
from cpeval.measurement.consistency.greatest_lower_bound import greatest_lower_bound
from cpeval.measurement.consistency.item_moments import (
    ItemMoments,
    resampled_alpha,
    resampled_covariances,
)
from cpeval.measurement.consistency.latent_classes import latent_class_reliability
from cpeval.measurement.consistency.molenaar_sijtsma import MOST_CODES, molenaar_sijtsma
from cpeval.measurement.consistency.reliability_intervals import bias_corrected, by_influence, feldt
from cpeval.measurement.structure.factors import omega_hierarchical
from cpeval.seeds import Seed

Floats = NDArray[np.float64]

#: Coefficients with an error and a bootstrap.
SMOOTH = {
    "alpha": closed_forms.ALPHA,
    "standardized_alpha": closed_forms.STANDARDIZED_ALPHA,
    "lambda2": closed_forms.LAMBDA2,
    "lambda6": closed_forms.LAMBDA6,
    "omega_total": one_factor.OMEGA_TOTAL,
    "split_half": closed_forms.SPLIT_HALF,
}
DEFAULT = (*SMOOTH, "mokken_ms")
#: Every coefficient, and what a drawing calls it.
NAMES = {
    "alpha": "Cronbach's alpha",
    "standardized_alpha": "Standardised alpha",
    "lambda2": "Guttman's lambda 2",
    "lambda4": "Guttman's lambda 4",
    "lambda6": "Guttman's lambda 6",
    "omega_total": "Omega total",
    "omega_hierarchical": "Omega hierarchical",
    "split_half": "Split half, odd-even",
    "mokken_ms": "Molenaar-Sijtsma rho",
    "lcrc": "Latent class",
    "glb": "Greatest lower bound",
}
_NEED_INVERSE = ("lambda6", "omega_total", "omega_hierarchical", "glb")
_FEWEST_DRAWS = 100


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a call of `cpeval.measurement.reliability` asks for."""

    names: list[str]
    resampled: list[str]
    factors: int
    classes: int | None
    level: float
    draws: int

    def possible_with(self, k: int) -> Asked:
        """Return the same with the number of classes for k items, or raise `TooFewError`."""
        p = self.factors
        if "omega_hierarchical" in self.names and (k - p) ** 2 < k + p:
            least = next(m for m in range(p, 4 * p + 9) if (m - p) ** 2 >= m + p and m > p)
            raise TooFewError(
                f"omega_hierarchical with factors={p} needs {least} items. There are {k}."
            )
        if "lcrc" in self.names and k < 3 and self.classes is None:
            raise TooFewError("lcrc needs three items, or classes= to say how many classes.")
        return replace(self, classes=k - 1 if self.classes is None else self.classes)


@dataclass(frozen=True, kw_only=True)
class Estimates:
    """The table of coefficients, and what is to be said of it."""

    table: pd.DataFrame
    alpha: float
    undefined: dict[str, str]
    sentences: list[str]
    warnings: list[str] = field(default_factory=list)


def asked_for(
    coefficients: Sequence[str] | None,
    factors: int | None,
    classes: int | None,
    level: float,
    bootstrap: int,
    missing: str,
) -> Asked:
    """Check the options against each other, and say what they come to."""
    if isinstance(coefficients, str):
        coefficients = [coefficients]
    given = DEFAULT if coefficients is None else tuple(coefficients)
    if coefficients is None and factors is not None:
        given = (*DEFAULT, "omega_hierarchical")
    unknown = [name for name in given if name not in NAMES]
    if unknown or not given:
        hints = ", ".join(f"{name!r}{did_you_mean(name, NAMES)}" for name in unknown)
        raise OptionError(f"'coefficients' must be some of {listed(NAMES)}. Got {hints or 'none'}.")
    names = list(dict.fromkeys(given))
    for option, value, least, coefficient in (
        ("factors", factors, 2, "omega_hierarchical"),
        ("classes", classes, 2, "lcrc"),
    ):
        if value is None:
            continue
        require_whole(option, value, least=least)
        if coefficient not in names:
            raise OptionError(f"{option}= is for {coefficient!r}, which 'coefficients' don't name.")
    whole = isinstance(bootstrap, int | np.integer) and not isinstance(bootstrap, bool)
    if not whole or not (bootstrap == 0 or bootstrap >= _FEWEST_DRAWS):
        raise OptionError(
            f"'bootstrap' must be 0 or a number of samples from {_FEWEST_DRAWS}. Got {bootstrap!r}."
        )
    resampled = [] if not bootstrap else ["alpha"] if coefficients is None else names
    without = [name for name in resampled if name not in SMOOTH]
    if without:
        raise OptionError(
            f"There is no bootstrap of {listed(without)}. Those of {listed(SMOOTH)} there are: "
            "name them alone, or take bootstrap=0."
        )
    if resampled and missing == "pairwise":
        raise OptionError('The bootstrap needs complete rows: missing="listwise" or "two_way".')
    return Asked(
        names=names,
        resampled=resampled,
        factors=factors or 3,
        classes=classes,
        level=level,
        draws=bootstrap,
    )


def estimates(
    values: Floats, names: list[str], moments: ItemMoments, asked: Asked, seed: Seed
) -> Estimates:
    """Compute the coefficients asked for, from scores of shape (n, k) and their moments."""
    matrix, k = moments.covariance, len(names)
    undefined = _undefined(values, names, matrix, asked)
    draws = _draws(values, undefined, asked, seed)
    rows, warnings = [], []
    for name in asked.names:
        low, high, error = (float("nan"),) * 3
        if name in undefined:
            estimate = float("nan")
        elif name in SMOOTH:
            estimate, error, (low, high), said = _smooth(name, moments, draws.get(name), asked)
            warnings += said
        else:
            estimate, said = _rough(name, values, names, matrix, asked, seed)
            warnings += said
        row = {"coefficient": name, "estimate": estimate, "se": error, "ci_low": low}
        rows.append(row | {"ci_high": high, "n": moments.n, "n_items": k})
    by_reason: dict[str, list[str]] = {}
    for name, reason in undefined.items():
        if name in asked.names and reason:
            by_reason.setdefault(reason, []).append(name)
    said = [f"Undefined: {', '.join(those)}. {reason}" for reason, those in by_reason.items()]
    return Estimates(
        table=pd.DataFrame(rows),
        alpha=float(closed_forms.alpha(matrix)),
        undefined=undefined,
        sentences=_sentences(
            replace(asked, names=[name for name in asked.names if name not in undefined])
        ),
        warnings=said + warnings,
    )


def _undefined(values: Floats, names: list[str], matrix: Floats, asked: Asked) -> dict[str, str]:
    """Which coefficients can't be had, and why; no reason where another warning gives it."""
    found: dict[str, str] = {}
    if not matrix.sum() > 1e-12 * np.trace(matrix):
        return dict.fromkeys(NAMES, "")
    variance = np.diag(matrix)
    if len(names) < 3:
        found |= dict.fromkeys(("omega_total", "omega_hierarchical"), "A factor needs three items.")
    if not (variance > 0).all():
        reason = "An item is constant: leave it out for these."
        found |= dict.fromkeys((*_NEED_INVERSE, "standardized_alpha"), reason)
    elif np.linalg.eigvalsh(closed_forms.correlations(matrix))[0] < 1e-10:
        reason = (
            "Covariances of different people for different pairs contradict each other."
            if np.isnan(values).any()
            else "Some items follow from others (or there are no more people than items)."
        )
        found |= dict.fromkeys(_NEED_INVERSE, reason)
    if np.isnan(values).any():
        found |= dict.fromkeys(("mokken_ms", "lcrc"), "These need complete rows.")
    elif np.unique(values).size > MOST_CODES:
        reason = f"This is for answers in categories, at most {MOST_CODES} in all."
        found |= dict.fromkeys(("mokken_ms", "lcrc"), reason)
    halves = matrix[::2, ::2].sum(), matrix[1::2, 1::2].sum()
    if not min(halves) > 1e-12 * np.trace(matrix):
        found["split_half"] = "A half of the items does not vary."
    return found


def _draws(
    values: Floats, undefined: dict[str, str], asked: Asked, seed: Seed
) -> dict[str, Floats]:
    """The coefficients in samples drawn with replacement, NaN where a sample leaves none."""
    wanted = [name for name in asked.resampled if name not in undefined]
    if not wanted:
        return {}
    if wanted == ["alpha"]:
        return {"alpha": resampled_alpha(values, asked.draws, seed)}
    matrices = resampled_covariances(values, asked.draws, seed)
    varied = np.asarray((closed_forms.variances(matrices) > 0).all(axis=1))
    sound = varied.copy()
    least = np.linalg.eigvalsh(closed_forms.correlations(matrices[varied]))[:, 0]
    sound[varied] = least > 1e-10
    found = {}
    for name in wanted:
        use = sound if name in _NEED_INVERSE else varied if "stand" in name else slice(None)
        found[name] = np.full(asked.draws, np.nan)
        found[name][use] = SMOOTH[name].estimate(matrices[use])
    return found


def _smooth(
    name: str, moments: ItemMoments, draws: Floats | None, asked: Asked
) -> tuple[float, float, tuple[float, float], list[str]]:
    """Estimate, error, interval and warnings of one of `SMOOTH`."""
    matrix, k, said = moments.covariance, len(moments.covariance), []
    coefficient = SMOOTH[name]
    estimate = float(coefficient.estimate(matrix))
    if name == "alpha" and draws is None:
        error = closed_forms.normal_alpha_error(matrix, moments.n)
        return estimate, error, feldt(estimate, moments.n, k, asked.level), []
    influence = moments.influence(coefficient.slope(matrix))
    if name == "omega_total" and not np.isfinite(influence).all():
        said.append(
            "An item has no variance of its own in the model of one factor (a Heywood case): "
            "omega_total is at the edge of what is possible."
        )
    if draws is None:
        error, interval = by_influence(estimate, influence, asked.level)
    else:
        lost = int((~np.isfinite(draws)).sum())
        if lost:
            said.append(f"{name} was undefined in {lost} of {draws.size} bootstrap samples.")
        error, interval = bias_corrected(estimate, draws, influence, asked.level)
    return estimate, error, interval, said


def _rough(
    name: str, values: Floats, names: list[str], matrix: Floats, asked: Asked, seed: Seed
) -> tuple[float, list[str]]:
    """Estimate and warnings of a coefficient that has no error."""
    if name == "lambda4":
        said = (
            [f"lambda4 with more than {MOST_EXACT} items: the best split found, not of all."]
            if len(names) > MOST_EXACT
            else []
        )
        return lambda4(matrix), said
    if name == "glb":
        few = len(values) < 1000
        worry = "glb and lambda4 pick what fits the sample: glb is too high below 1,000 people."
        return greatest_lower_bound(matrix), [worry] if few else []
    if name == "mokken_ms":
        return molenaar_sijtsma(values), []
    if name == "lcrc":
        assert asked.classes is not None
        return latent_class_reliability(values, asked.classes, seed), []
    estimate, oblique = omega_hierarchical(closed_forms.correlations(matrix), asked.factors)
    improper = [item for item, is_so in zip(names, oblique.improper, strict=True) if is_so]
    said = []
    if improper:
        said.append(
            f"With {asked.factors} factors these items have no variance of their own (Heywood "
            f"cases), so omega_hierarchical is doubtful: {listed(improper)}."
        )
    return estimate, said


def _sentences(asked: Asked) -> list[str]:
    """What the note says beyond its first sentence."""
    said = []
    others = [n for n in SMOOTH if n in asked.names and n != "alpha" and n not in asked.resampled]
    if others:
        said.append(
            f"{', '.join(others)}: errors from each person's influence, normal intervals for "
            "log(1 - estimate)."
        )
    if asked.resampled:
        said.append(
            f"{', '.join(asked.resampled)}: errors and BCa intervals ({100 * asked.level:g} %) "
            f"from {asked.draws:,} bootstrap samples (Efron, 1987)."
        )
    if "split_half" in asked.names:
        said.append("split_half: odd against even items, by Spearman and Brown.")
    if "omega_total" in asked.names:
        said.append("omega_total: one factor, maximum likelihood (McDonald, 1999).")
    if "omega_hierarchical" in asked.names:
        said.append(
            f"omega_hierarchical: {asked.factors} minres factors, oblimin (Schmid & Leiman, 1957)."
        )
    if "mokken_ms" in asked.names:
        said.append("mokken_ms: Molenaar & Sijtsma (1988).")
    if "lcrc" in asked.names:
        said.append(f"lcrc: {asked.classes} latent classes (van der Ark et al., 2011).")
    if "lambda4" in asked.names:
        said.append("lambda4: the best split into halves.")
    if "glb" in asked.names:
        said.append("glb: Jackson & Agunwamba (1977).")
    return said
