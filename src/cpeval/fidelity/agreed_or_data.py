"""Agreed ratings as they come, or made of ratings and data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from narwhals.stable.v2.typing import IntoDataFrame

from cpeval.errors import OptionError
from cpeval.fidelity.assessments import Agreed, Ratings
from cpeval.fidelity.triangulate import triangulate
from cpeval.scoring.uses import Which
from cpeval.study import Study


def as_agreed(
    data: IntoDataFrame | Ratings | Agreed,
    instrument: Which | None,
    study: Study | None,
    scored: Mapping[str, Any],
    agreed: Mapping[str, Any],
) -> Agreed:
    """Return agreed ratings, or triangulate.

    Parameters
    ----------
    data : Agreed, Ratings or eager dataframe
    instrument, study
        For a dataframe.
    scored, agreed : mapping
        Arguments of `score`, and of `triangulate` beyond; None is not given.

    Raises
    ------
    OptionError
        Arguments beside `Agreed`, which has its own.
    As `triangulate`.
    """
    said = {name: value for name, value in {**scored, **agreed}.items() if value is not None}
    if not isinstance(data, Agreed):
        return triangulate(data, instrument, study, **said)
    spare = list(said)
    spare += ["instrument"] if instrument is not None else []
    spare += ["study"] if study is not None and study != data.study else []
    if spare:
        raise OptionError(
            f"These ratings are agreed already, so they take no {', '.join(spare)}. Say it to "
            "cp.fidelity.triangulate."
        )
    return data
