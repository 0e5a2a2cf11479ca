"""What a funnel plot's result says in words: the note, and what to worry about."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cpeval.sites.funnel_limits import Spread
from cpeval.sites.site_codes import sites_text
from cpeval.sites.site_counts import SiteCounts

#: Below this many sites, how much more than chance they differ is hardly known.
_FEW_SITES = 10

#: Sites smaller than this are flagged.
SMALL = 5

#: What the size of a site is called.
SIZES = {
    "proportion": "people",
    "mean": "people",
    "rate": "exposure",
    "standardised_ratio": "events expected",
}


def note(
    kind: str,
    theta: float,
    used: str,
    found: Spread | None,
    levels: Sequence[float],
    table: pd.DataFrame,
    df: float,
    winsorise: float,
    *,
    given: bool,
) -> str:
    """Say what was done and how many sites chance puts outside."""
    exact = {
        "proportion": "exact binomial limits",
        "mean": f"t limits on {df:g} degrees of freedom",
    }
    how = exact.get(kind, "exact Poisson limits")
    if used != "none" and found is not None:
        measure = (
            f"phi {found.phi:.3g}" if used == "multiplicative" else f"tau {found.tau2**0.5:.3g}"
        )
        law = "t" if kind == "mean" else "normal"
        how = (
            f"{law} limits with {used} overdispersion ({measure}, z scores winsorised at "
            f"{100 * winsorise:g} %)"
        )
    counts = ", ".join(
        f"{int((table['beyond'] >= level).sum())} beyond {100 * level:g} % "
        f"(by chance {len(table) * (1 - level):.2g})"
        for level in levels
    )
    source = "given" if given else "all sites together"
    return (
        f"Funnel plot (Spiegelhalter, 2005) of {kind.replace('_', ' ')}s by site, target "
        f"{theta:.4g} ({source}), {how}. Of {len(table)} sites: {counts}. A site outside is one to "
        "ask about: case mix, data quality and chance come before quality."
    )


def worries(
    counts: SiteCounts,
    kind: str,
    table: pd.DataFrame,
    theta: float,
    asked: str,
    used: str,
    found: Spread | None,
) -> list[str]:
    """Say what the reader should worry about."""
    texts = []
    if counts.n_excluded:
        texts.append(f"Left out for a missing value: {counts.n_excluded} rows.")
    if counts.empty:
        texts.append(f"Left out, with nothing to compare: {sites_text(counts.empty)}.")
    small = table.loc[table["small"], "site"].tolist()
    if small:
        what = "people" if kind in ("proportion", "mean") else "events"
        texts.append(
            f"Fewer than {SMALL} {what}: {sites_text(small)}. One person more or less moves such a "
            "site far, and people may be recognised: don't publish these numbers."
        )
    if found is None:
        return texts
    if asked == "none" and found.p < 0.05 and found.phi > 1:
        texts.append(
            f"Sites differ more than chance explains (phi {found.phi:.3g}, p {found.p:.2g}), so "
            "too many lie outside. Explain it by case mix, or see overdispersion='additive'."
        )
    if asked != "none" and used == "none":
        texts.append(
            f"Sites differ no more than chance explains (phi {found.phi:.3g}): the limits are not "
            "widened."
        )
    likely = {"mean": np.inf, "proportion": min(theta, 1 - theta)}.get(kind, theta)
    rough = table.loc[table["n"] * likely < SMALL, "site"].tolist()
    if used != "none" and rough:
        texts.append(
            "Limits with overdispersion are normal ones, which fit badly where few events are "
            f"expected, and put too many such sites outside: {sites_text(rough)} with fewer than "
            f"{SMALL}. See overdispersion='none' for exact limits."
        )
    if used != "none" and len(table) < _FEW_SITES:
        texts.append(
            f"Overdispersion is estimated from {len(table)} sites only, and hardly known: a site "
            "that differs hides itself by widening the limits."
        )
    return texts
