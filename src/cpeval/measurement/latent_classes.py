"""Latent class reliability: what an item would share with its copy, by a latent class model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_STARTS, _SHORT, _LONG, _KEPT, _CLOSE = 20, 50, 3000, 3, 1e-9
#: How many numbers an array of all starts may have.
_NUMBERS = 20_000_000


@dataclass(frozen=True)
class LatentClasses:
    """Solutions of a latent class model, one a random start.

    Attributes
    ----------
    sizes : numpy.ndarray, shape (s, c)
        Shares of the classes.
    answers : numpy.ndarray, shape (s, c, m)
        Share of each class that gives each of the m answers (the codes of all items, in turn).
    log_likelihood : numpy.ndarray, shape (s,)
    """

    sizes: Floats
    answers: Floats
    log_likelihood: Floats

    def take(self, which: NDArray[np.intp]) -> LatentClasses:
        """Return some of the solutions."""
        return LatentClasses(self.sizes[which], self.answers[which], self.log_likelihood[which])


def latent_class_reliability(
    values: Floats, classes: int, seed: int | np.random.Generator | None
) -> float:
    r"""Return the latent class reliability coefficient of complete scores, shape (n, k).

    Within a class answers are independent, so two answers to one item share the variance of the
    classes' means. The coefficient is the sum of the covariances between items as seen, and of
    these variances (divisor n), over the variance of the sum (divisor n - 1), as mokken has it.
    """
    answers, codes, item = _one_hot(values)
    model = _fit(answers, item, classes, np.random.default_rng(seed))
    means = np.zeros((classes, values.shape[1]))
    np.add.at(means.T, item, (model.answers[0] * codes).T)
    covariance = np.cov(values, rowvar=False, ddof=0)
    among = model.sizes[0] @ (means - values.mean(axis=0)) ** 2
    shared = covariance.sum() - np.trace(covariance) + among.sum()
    return float(shared / values.sum(axis=1).var(ddof=1))


def _one_hot(values: Floats) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Return who gave which answer (n, m), each answer's code and its item (m)."""
    codes = [np.unique(column) for column in values.T]
    item = np.repeat(np.arange(len(codes)), [len(one) for one in codes])
    code = np.concatenate(codes)
    return (values[:, item] == code).astype(float), code, item


def _fit(
    answers: Floats, item: NDArray[np.intp], classes: int, rng: np.random.Generator
) -> LatentClasses:
    """Run EM from random starts; those best after a while go on, and the best of them is kept."""
    patterns, counts = np.unique(answers, axis=0, return_counts=True)
    people = counts.astype(float)
    drawn = rng.exponential(size=(_STARTS, classes, len(item)))
    model = LatentClasses(
        np.full((_STARTS, classes), 1 / classes), _shares(drawn, item), np.full(_STARTS, -np.inf)
    )
    for steps, kept in ((_SHORT, _KEPT), (_LONG, 1)):
        model = _climb_in_parts(model, patterns, people, item, steps)
        model = model.take(np.argsort(-model.log_likelihood, kind="stable")[:kept])
    return model


def _climb_in_parts(
    model: LatentClasses, patterns: Floats, people: Floats, item: NDArray[np.intp], steps: int
) -> LatentClasses:
    """Run `_climb` on as many starts at once as memory allows."""
    starts, classes = model.sizes.shape
    size = max(1, _NUMBERS // (len(patterns) * classes))
    parts = [
        _climb(model.take(np.arange(at, min(at + size, starts))), patterns, people, item, steps)
        for at in range(0, starts, size)
    ]
    return LatentClasses(
        np.concatenate([part.sizes for part in parts]),
        np.concatenate([part.answers for part in parts]),
        np.concatenate([part.log_likelihood for part in parts]),
    )


def _climb(
    model: LatentClasses, patterns: Floats, people: Floats, item: NDArray[np.intp], steps: int
) -> LatentClasses:
    for _ in range(steps):
        before = model.log_likelihood
        with np.errstate(divide="ignore"):
            # An answer that a class never gives: a number whose exponential is 0, as 0 x inf isn't.
            log_answers = np.maximum(np.log(model.answers), -800.0)
            joint = patterns @ log_answers.transpose(0, 2, 1) + np.log(model.sizes)[:, None, :]
        top = joint.max(axis=2, keepdims=True)
        share = np.exp(joint - top)
        each = share.sum(axis=2, keepdims=True)
        share *= people[:, None] / each
        size = share.sum(axis=1)
        model = LatentClasses(
            size / people.sum(),
            _shares(share.transpose(0, 2, 1) @ patterns, item),
            people @ (np.log(each) + top)[:, :, 0].T,
        )
        if (model.log_likelihood - before <= _CLOSE * np.abs(model.log_likelihood)).all():
            break
    return model


def _shares(counts: Floats, item: NDArray[np.intp]) -> Floats:
    """Make the answers to each item add up to 1; an empty class gives each alike."""
    begins = np.flatnonzero(np.diff(item, prepend=-1))
    total = np.add.reduceat(counts, begins, axis=-1)[..., item]
    equal = 1 / np.bincount(item)[item]
    return np.where(total > 0, counts / np.where(total > 0, total, 1), equal)
