"""What `drift` says of its slopes: how they were made, and what to worry about."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cpeval.fidelity.assessments import Agreed
from cpeval.fidelity.drift_model import OverallSlope, SiteSlopes
from cpeval.fidelity.occasion_means import OccasionMeans
from cpeval.number_agreement import counted

#: With fewer occasions a chart's limits move a lot with each new one (Provost & Murray, 2011).
FEW_OCCASIONS = 12
#: A slope from fewer says that two occasions differ, not that there is a trend.
_FEWEST_OF_A_TREND = 3
#: From which p on sites' slopes are said to differ.
_DIFFER = 0.05


def drift_note(
    agreed: Agreed,
    means: OccasionMeans,
    fits: Sequence[tuple[SiteSlopes, OverallSlope | None, int]],
    n_occasions: int,
    per: str,
    level: float,
) -> str:
    """Say in a sentence or two what `drift` did."""
    factors = dict.fromkeys(f for _, one, _ in fits if one for f in one.factors)
    words = {"site": means.by_site or "site", "team": means.by_team or "team"}
    model = (
        "mixed model by REML with random intercepts of "
        + " and of ".join(words[f] for f in factors)
        + ", Kenward-Roger degrees of freedom (Kenward & Roger, 1997)"
        if factors
        else "least squares"
    )
    within = means.by_team or means.by_site or agreed.unit[-1]
    row = f"mean of a {within} at an occasion"
    each = (
        f"In each {means.by_site}: slopes within {means.by_team or means.by_site}, one residual "
        "variance for all. "
        if means.by_site
        else ""
    )
    return (
        f"Change of {agreed.instrument.title} per "
        f"{per} over {n_occasions} occasions. Over all sites: "
        f"{model}; a row is the {row}. {each}"
        f"{level:.0%} t intervals. Control charts: individual values and moving "
        "ranges, limits at 2.66 mean ranges (Wheeler & Chambers, 1992); rules of the Western "
        "Electric handbook (1956) and of Nelson (1984)."
    )


def drift_warnings(
    means: OccasionMeans,
    fits: Sequence[tuple[SiteSlopes, OverallSlope | None, int]],
    charts: pd.DataFrame,
    n_occasions: int,
    table: pd.DataFrame,
) -> list[str]:
    """Return what the reader of a drift should worry about."""
    said = []
    if n_occasions < _FEWEST_OF_A_TREND:
        said.append(
            "Two occasions show that they differ, not a trend: what was special on one of them "
            "can't be told from drift."
        )
    if n_occasions < FEW_OCCASIONS:
        said.append(
            f"Only {n_occasions} occasions: the limits of the control charts are provisional "
            f"below {FEW_OCCASIONS}."
        )
    differ = [
        f"{scale} (p = {fit[0].p:.2g})"
        for scale, fit in zip(means.scales, fits, strict=True)
        if fit[0].p < _DIFFER
    ]
    if differ and means.by_site is not None:
        said.append(
            f"Sites differ in how they change on {', '.join(differ)}: there the row of all sites "
            "is an average of these sites, and says little of others."
        )
    fewer = [s for s, (_, one, _) in zip(means.scales, fits, strict=True) if one and one.why]
    if fewer:
        said.append(
            f"On {', '.join(fewer)} not all random intercepts could be fitted; the row of all "
            "sites is from a simpler model there."
        )
    bare = int((table["estimate"].notna() & table["se"].isna()).sum())
    if bare:
        said.append(
            f"{bare} slopes have no interval: nothing is left over to judge their error by."
        )
    gone = int(table["estimate"].isna().sum())
    if gone == len(table):
        said.append("No slope can be had: no team has a score on two occasions.")
    elif gone:
        said.append(
            counted(gone, "{n} slope[s] can't be had: no team has the scale on two occasions.")
        )
    if means.sometimes:
        said.append(
            counted(
                means.sometimes,
                "{n} unit[s] [was|were] not rated on every occasion of their team, so means also "
                "change with who was rated.",
            )
        )
    n_signals = int((charts["signals"] != "").sum())
    if n_signals:
        series = charts.loc[charts["signals"] != "", ["scale", "site"]].drop_duplicates()
        said.append(
            f"Signals on the control charts: {n_signals} values in {len(series)} of "
            f"{len(charts) // n_occasions} charts. See .charts."
        )
    return said
