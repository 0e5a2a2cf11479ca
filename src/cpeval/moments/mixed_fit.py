"""Linear mixed models by REML and ML from the cross-products of sites or teams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from cpeval.errors import OptionError, require_option
from cpeval.moments.mixed_checks import (
    Prepared,
    prepare,
    require_convergence,
    require_identified,
    require_information,
    require_residual,
)
from cpeval.moments.mixed_likelihood import (
    ProfiledDeviance,
    covariance_of_variances,
    project,
    solve,
)
from cpeval.moments.mixed_parameters import Floats, diagonal, linear_map, unstructured
from cpeval.moments.mixed_search import largest_likelihood, starting_point, usual_point
from cpeval.moments.nested_factors import NestedFactors
from cpeval.moments.newton import Minimum
from cpeval.moments.one_factor import OneFactor


@dataclass(frozen=True, kw_only=True, eq=False)
class VarianceInformation:
    """What degrees of freedom are made of, by m + 1 variance parameters.

    The parameters are those of columns with a mean square of 1, random slopes turned to be
    uncorrelated: any others would give the same degrees of freedom, but with slopes about a far
    origin, such as a calendar year's, in few digits.

    Attributes
    ----------
    observed : numpy.ndarray, shape (m + 1, m + 1)
        Asymptotic covariance by the observed information; a variance of zero counts as known.
    expected : numpy.ndarray, shape (m + 1, m + 1)
        By the expected information of the restricted likelihood, none counted as known.
    derivatives : numpy.ndarray, shape (m + 1, p, p)
        Derivatives of the covariance F of fixed effects, by the parameters.
    curvature : numpy.ndarray, shape (m + 1, m + 1, p, p)
        F (Q_ij - P_i F P_j) F in the notation of Kenward and Roger.
    """

    observed: Floats
    expected: Floats
    derivatives: Floats
    curvature: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class MixedFit:
    """A linear mixed model, estimated. p terms, m + 1 variance parameters.

    Attributes
    ----------
    beta : numpy.ndarray, shape (p,)
        Fixed effects, about the data's own origin.
    cov : numpy.ndarray, shape (p, p)
        Their covariance given the variances (not adjusted for estimating these).
    factors : tuple of str
        The random factors, outermost first.
    n_groups : tuple of int
        Groups of each factor.
    covariances : tuple of numpy.ndarray, each of shape (k, k)
        Covariance of each factor's random effects; (1, 1) for an intercept.
    residual : float
        Residual variance.
    icc : numpy.ndarray, shape (number of factors,), or None
        Each factor's share of the variance; None with random slopes, where it depends on them.
    loglik : float
        Log likelihood, restricted or full, with all constants (as in lme4).
    method : "REML" or "ML"
    n : int
        Rows.
    n_parameters : int
        Fixed effects and variance parameters, as an information criterion counts them.
    at_boundary : tuple of bool
        For each factor: a variance is zero, or the covariance matrix is singular.
    parameters : numpy.ndarray, shape (m + 1,)
        The free variances and covariances, columns of each covariance matrix's lower triangle
        one after the other, factor by factor; the residual variance last.
    parameters_cov : numpy.ndarray, shape (m + 1, m + 1)
        Their asymptotic covariance by the observed information; a variance of zero counts as known.
    information : VarianceInformation
        How well variances are known, and what ``cov`` owes to them.
    theta : numpy.ndarray, shape (m,)
        The optimiser's parameters: the triangle of the relative covariance of random effects, for
        columns with a mean square of 1.
    gradient : numpy.ndarray, shape (m,)
        Of the deviance by theta. ``gradient_norm`` is the largest size.
    steps : int
        Newton steps.
    """

    beta: Floats
    cov: Floats
    factors: tuple[str, ...]
    n_groups: tuple[int, ...]
    covariances: tuple[Floats, ...]
    residual: float
    icc: Floats | None
    loglik: float
    method: Literal["REML", "ML"]
    n: int
    n_parameters: int
    at_boundary: tuple[bool, ...]
    parameters: Floats
    parameters_cov: Floats
    information: VarianceInformation
    theta: Floats
    gradient: Floats
    steps: int
    # For predictions: the groups' sums, and the changes of scale that were made to them.
    structure: OneFactor | NestedFactors = field(repr=False)
    scaling: Prepared = field(repr=False)

    @property
    def gradient_norm(self) -> float:
        """The largest size of the deviance's derivatives by theta."""
        return float(np.abs(self.gradient).max())


def random_columns(
    n_terms: int,
    *,
    intercept: int | None = 0,
    slopes: Sequence[int] = (),
    origin: ArrayLike | None = None,
) -> Floats:
    """Return which columns of X have random effects, as `fit_mixed` takes it.

    Parameters
    ----------
    n_terms : int
        Columns of X, p.
    intercept : int or None
        Which of them is the intercept; None when the model has none.
    slopes : sequence of int
        Columns with random slopes.
    origin : array_like, shape (p,) or (p + 1,), optional
        What was subtracted from each column. Slopes then hold about the data's own origin.

    Returns
    -------
    numpy.ndarray, shape (p, 1 + number of slopes)
        Z = X @ this: the intercept, then the slopes.

    Raises
    ------
    OptionError
        The model has no intercept, or a slope is not one of the terms, stands there twice, or is
        the intercept.
    """
    if intercept is None:
        raise OptionError(
            "Random effects of groups need the intercept among the model's terms. Leave it in "
            "(no '- 1' or '+ 0' in the formula)."
        )
    wrong = [s for s in slopes if not 0 <= s < n_terms or s == intercept]
    if wrong or len(set(slopes)) < len(slopes):
        raise OptionError(
            "A random slope must be a term of the model other than its intercept, and stand "
            f"there once: terms 0 to {n_terms - 1}, intercept {intercept}. Got {list(slopes)}. "
            "Add the term to the formula."
        )
    shift = np.zeros(n_terms) if origin is None else np.asarray(origin, dtype=float)[:n_terms]
    columns = np.zeros((n_terms, 1 + len(slopes)))
    columns[intercept, 0] = 1.0
    for position, slope in enumerate(slopes, start=1):
        columns[slope, position] = 1.0
        columns[intercept, position] = shift[slope]
    return columns


def fit_mixed(
    blocks: ArrayLike,
    counts: ArrayLike,
    *,
    group: ArrayLike | None = None,
    random: ArrayLike | None = None,
    covariance: Literal["unstructured", "diagonal"] = "unstructured",
    method: Literal["REML", "ML"] = "REML",
    origin: ArrayLike | None = None,
    intercept: int | None = 0,
    factors: Sequence[str] | None = None,
    terms: Sequence[str] | None = None,
) -> MixedFit:
    """Fit a linear mixed model by REML or ML, from cross-products alone.

    Parameters
    ----------
    blocks : array_like, shape (G, q, q)
        [X y]'[X y] of each unit, q = p + 1, the outcome last: of each site, or of each team when
        teams are nested in sites. Take the columns about a common origin (their means), except
        the intercept, or digits are lost.
    counts : array_like of int, shape (G,)
        Rows of each unit.
    group : array_like of int, shape (G,), optional
        The site of each team, numbered from 0 without gaps: random intercepts of sites and of
        teams. Without it there is one factor.
    random : array_like, shape (p, k), optional
        Z = X @ random are the columns with random effects; see `random_columns`. The intercept
        alone by default.
    covariance : {"unstructured", "diagonal"}
        Of the k random effects. Diagonal depends on where slopes have their zero.
    method : {"REML", "ML"}
    origin : array_like, shape (q,), optional
        What was subtracted from each column of [X y]; 0 for the intercept. Estimates are then
        about the data's own origin.
    intercept : int or None
        Which column of X is the intercept.
    factors : sequence of str, optional
        Names of the factors, outermost first. ``("site",)`` or ``("site", "team")`` by default.
    terms : sequence of str, optional
        Names of the columns of X, for messages.

    Returns
    -------
    MixedFit

    Raises
    ------
    OptionError
        Arrays that don't fit together, or an unknown option.
    DataError
        Not finite; collinear terms; a perfect fit, or none but groups differ; a factor that the
        terms explain or that can't be told from another.
    TooFewError
        No more rows than terms, or one group, or one row in each group.

    Notes
    -----
    The deviance, the residual variance and fixed effects profiled out, is minimised by Newton's
    method with exact derivatives [1]_ [2]_. The cost depends on units and terms, not on rows.

    References
    ----------
    .. [1] Lindstrom & Bates (1988). Journal of the American Statistical Association, 83, 1014-1022.
    .. [2] Bates, Mächler, Bolker & Walker (2015). Journal of Statistical Software, 67(1).

    Examples
    --------
    Two outcomes in each of three sites: an analysis of variance gives the same.

    >>> y = np.array([[1.0, 3.0], [4.0, 6.0], [8.0, 8.0]])
    >>> blocks = [[[2, site.sum()], [site.sum(), site @ site]] for site in y]
    >>> fit = fit_mixed(blocks, [2, 2, 2])
    >>> fit.covariances[0].round(6).item(), round(fit.residual, 6)
    (8.333333, 1.333333)
    """
    require_option("method", method, ("REML", "ML"))
    require_option("covariance", covariance, ("unstructured", "diagonal"))
    nested = group is not None
    names = tuple(factors) if factors is not None else (("site", "team") if nested else ("site",))
    if len(names) != 1 + nested:
        raise OptionError(f"'factors' must name {1 + nested}, outermost first. Got {names!r}.")
    ready = prepare(
        blocks,
        counts,
        group=group,
        random=random,
        origin=origin,
        intercept=intercept,
        terms=terms,
        rotate=covariance == "unstructured",
    )
    k = ready.random.shape[1]
    structure: OneFactor | NestedFactors
    if ready.group is not None:
        structure = NestedFactors(ready.blocks, ready.random, ready.n, ready.group)
    else:
        free = unstructured(k) if covariance == "unstructured" else diagonal(k)
        structure = OneFactor(ready.blocks, ready.random, ready.n, free)
    require_residual(structure, ready, names)
    deviance = ProfiledDeviance(structure, restricted=method == "REML")
    require_identified(structure, usual_point(structure), names)
    start = starting_point(structure, deviance)
    best = largest_likelihood(deviance, start)
    require_convergence(best)
    return _finished(structure, deviance, best, ready, names, method)


def _finished(
    structure: OneFactor | NestedFactors,
    deviance: ProfiledDeviance,
    best: Minimum,
    ready: Prepared,
    names: tuple[str, ...],
    method: Literal["REML", "ML"],
) -> MixedFit:
    """Compute all that the estimates imply, and undo the changes of scale."""
    parameters = structure.parameters
    p = len(structure.within) - 1
    aligned, theta, turn = _aligned(structure, best.x)
    sums = aligned.sums(parameters.gamma(theta), residual=True)
    solved = solve(sums.cross)
    variance = solved.squares / deviance.df
    restricted = project(sums, solved, restricted=True)
    used = restricted if method == "REML" else project(sums, solved, restricted=False)
    observed = covariance_of_variances(used, structure, theta, variance)
    sizes = require_information(np.diagonal(restricted.traces))
    expected = np.linalg.inv(restricted.traces / np.outer(sizes, sizes)) / np.outer(sizes, sizes)
    expected *= 2.0 * variance**2
    f = solved.unscaled
    slopes = f @ sums.first[:, :p, :p] @ f
    curvature = f @ sums.second[:, :, :p, :p] @ f - np.einsum(
        "iab,jbc->ijac", slopes @ np.linalg.inv(f), slopes
    )

    # Back to the units of the data: to_beta for fixed effects, to_variances for the parameters.
    m = len(parameters.pairs)
    to_beta, shift = ready.to_beta()
    to_variances = np.zeros((m + 1, m + 1))
    to_effects = ready.to_effects(nested=len(names) > 1) @ turn
    to_variances[:m, :m] = linear_map(parameters, to_effects)
    to_variances[m, m] = 1.0
    unit = ready.outcome_scale**2
    root = to_effects @ parameters.triangle(theta)
    whole = unit * variance * (root @ root.T)  # a square, so that no variance is below zero
    variances = np.append(parameters.entries(whole), unit * variance)

    covariances = tuple(whole[[[i]], [[i]]] for i in range(2)) if len(names) > 1 else (whole,)
    zero = best.x[parameters.diagonal] == 0  # a triangle is singular where its diagonal is zero
    boundary = tuple(map(bool, zero)) if len(names) > 1 else (bool(zero.any()),)
    loglik = -0.5 * (best.value + ready.log_scales(restricted=method == "REML"))
    intercepts = all(one.shape == (1, 1) for one in covariances)
    return MixedFit(
        beta=to_beta @ solved.beta * ready.outcome_scale + shift,
        cov=unit * variance * (to_beta @ f @ to_beta.T),
        factors=names,
        n_groups=structure.n_groups,
        covariances=covariances,
        residual=float(variances[m]),
        icc=variances[:m] / variances.sum() if intercepts else None,
        loglik=float(loglik),
        method=method,
        n=int(ready.n),
        n_parameters=p + m + 1,
        at_boundary=boundary,
        parameters=variances,
        parameters_cov=unit**2 * (to_variances @ observed @ to_variances.T),
        information=VarianceInformation(
            observed=observed,
            expected=expected,
            derivatives=unit * (to_beta @ slopes @ to_beta.T),
            curvature=unit / variance * (to_beta @ curvature @ to_beta.T),
        ),
        theta=best.x,
        gradient=best.gradient,
        steps=best.steps,
        structure=structure,
        scaling=ready,
    )


def _aligned(
    structure: OneFactor | NestedFactors, theta: Floats
) -> tuple[OneFactor | NestedFactors, Floats, Floats]:
    """Turn random slopes so that they are uncorrelated: structure, theta and the turn, (k, k).

    When they are nearly collinear, information about them spans many orders of size. So turned,
    each order is in a row of its own and no digits are lost.
    """
    parameters = structure.parameters
    if len(parameters.pairs) == parameters.size or isinstance(structure, NestedFactors):
        return structure, theta, np.eye(parameters.size)
    _, sizes, turn = np.linalg.svd(parameters.triangle(theta).T)
    straight = np.zeros_like(theta)
    straight[parameters.diagonal] = sizes
    return structure.turned(turn.T), straight, turn.T
