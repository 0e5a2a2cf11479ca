"""From a dataframe to moments: what is checked, and which pass is taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw
from narwhals.stable.v2.typing import IntoFrame

from cpeval.errors import ColumnError, OptionError, WaveError, listed, require_columns
from cpeval.moments.coding import INTERCEPT, Level, columns_of
from cpeval.moments.eager_pass import Columns, eager_sums, levels_seen as eager_levels
from cpeval.moments.formula import parse
from cpeval.moments.lazy_pass import lazy_sums, levels_seen as lazy_levels
from cpeval.moments.noise import column_bounds
from cpeval.moments.site_moments import SiteMoments
from cpeval.moments.unit_sums import require_sizes
from cpeval.moments.variables import (
    factors_with_levels,
    is_number,
    levels_of,
    require_bounds,
)
from cpeval.numeric import eager
from cpeval.study import Study


def moments_of(
    cls: type[SiteMoments],
    data: IntoFrame,
    formula: str,
    *,
    site: str | None,
    team: str | None,
    weights: str | None,
    study: Study | None,
    levels: Mapping[str, Sequence[Level]] | None,
    bounds: Mapping[str, tuple[float, float]] | None,
) -> SiteMoments:
    """Make moments; parameters are those of `SiteMoments.from_data`."""
    parsed = parse(formula)
    if study is not None and not isinstance(study, Study):
        raise OptionError(f"'study' should be a cp.Study. Got {type(study).__name__}.")
    if study is not None and site in (None, study.site):
        site = study.site
        team = study.team if team is None else team
    if site is None:
        raise OptionError("Say which column has the sites: site=, or a study that names it.")
    if team == site:
        raise OptionError(f"'site' and 'team' are the same column, {site!r}.")
    frame = _frame(data)
    names = list(frame.collect_schema())
    require_columns(names, *parsed.columns, site, team, weights)
    require_one_wave(frame, study, parsed.columns)
    used = list(dict.fromkeys(n for n in (*parsed.columns, site, team, weights) if n is not None))
    given = _levels(levels)
    if isinstance(frame, nw.DataFrame):
        columns = Columns(frame)
        dtypes = columns.dtypes(used)
        _require_number(weights, dtypes)
        for name in parsed.outcome.columns:
            if dtypes[name] == nw.String:
                columns.numbers(name)  # whose message has the values and rows at fault
        factors = factors_with_levels(parsed, dtypes)
        fixed = levels_of(factors, lambda n: eager_levels(columns, n), given, study)
        model = columns_of(parsed, fixed)
        limits = require_bounds(bounds, parsed, fixed)
        sums, units = eager_sums(
            columns, parsed, model, fixed, limits, site=site, team=team, weights=weights
        )
    else:
        schema = frame.collect_schema()
        dtypes = {name: schema[name] for name in used}
        _require_number(weights, dtypes)
        factors = factors_with_levels(parsed, dtypes)
        lazy = frame
        fixed = levels_of(factors, lambda n: lazy_levels(lazy, n), given, study)
        model = columns_of(parsed, fixed)
        limits = require_bounds(bounds, parsed, fixed)
        sums, units = lazy_sums(
            frame, parsed, model, fixed, limits, site=site, team=team, weights=weights
        )
    require_sizes(sums, [*(column.name for column in model), parsed.outcome.text])
    first = [INTERCEPT] if parsed.intercept else []
    made = cls(
        formula=formula,
        outcome=parsed.outcome.text,
        terms=(*first, *(column.name for column in model)),
        parts=(*first, *(column.term for column in model)),
        levels={text: (one.reference, *one.others) for text, one in sorted(fixed.items())},
        site_column=site,
        team_column=team,
        weights_column=weights,
        site=tuple(label for label, _ in units.labels),
        team=tuple(label for _, label in units.labels),
        n=sums.n,
        dropped=sums.dropped,
        weight=sums.weight,
        origin=sums.origin,
        offset=sums.offset,
        cross=sums.cross,
        bounds=column_bounds(model, parsed.outcome.text, limits),
    )
    made.require_rows()
    return made


def require_one_wave(
    frame: nw.DataFrame[Any] | nw.LazyFrame[Any], study: Study | None, columns: Sequence[str]
) -> None:
    """Raise where a study's people have a row a wave, and the model takes rows for people.

    Parameters
    ----------
    frame : DataFrame or LazyFrame of narwhals
    study : Study, optional
    columns : sequence of str
        What the formula uses: a model of waves may have them all.

    Raises
    ------
    WaveError
        There are several waves.
    """
    wave = None if study is None else study.wave
    if wave is None or wave in columns or wave not in list(frame.collect_schema()):
        return
    waves = (
        eager_levels(Columns(frame), [wave])
        if isinstance(frame, nw.DataFrame)
        else lazy_levels(frame, [wave])
    )[wave]
    if len(waves) > 1:
        raise WaveError(
            f"People have a row a wave (column {wave!r} holds {listed(waves)}), and a model of "
            f"{listed(columns)} would count each as several people. Keep one wave and give the "
            "score at baseline a column of its own; or take cp.outcomes.compare, which does that."
        )


def _levels(levels: object) -> dict[str, Sequence[Level]]:
    given = {} if levels is None else levels
    if not isinstance(given, Mapping) or any(isinstance(v, str) for v in given.values()):
        raise OptionError(
            "'levels' maps columns to lists of all their levels, such as "
            f"{{'sex': ['f', 'm']}}. Got {levels!r}."
        )
    return dict(given)


def _frame(data: Any) -> nw.DataFrame[Any] | nw.LazyFrame[Any]:  # noqa: ANN401
    """Return narwhals' view; what it doesn't take, and names that stand twice, are our errors."""
    try:
        frame: nw.DataFrame[Any] | nw.LazyFrame[Any] = nw.from_native(data)
    except (TypeError, nw.exceptions.NarwhalsError):
        return eager(data)
    return frame


def _require_number(weights: str | None, dtypes: Mapping[str, nw.dtypes.DType]) -> None:
    if weights is not None and not is_number(dtypes[weights]):
        raise ColumnError(f"The weights {weights!r} must be numbers, not {dtypes[weights]}.")
