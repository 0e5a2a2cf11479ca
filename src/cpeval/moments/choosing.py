"""Moments of fewer sites, or of fewer terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cpeval.errors import OptionError, TooFewError, did_you_mean, listed
from cpeval.moments.coding import INTERCEPT, Level
from cpeval.moments.site_moments import SiteMoments


def without_site(moments: SiteMoments, site: Level) -> SiteMoments:
    """Leave out one site; see `SiteMoments.drop`."""
    if site not in moments.site:
        raise OptionError(
            f"There is no site {site!r}{did_you_mean(site, moments.sites)}. "
            f"Sites there: {listed(moments.sites)}."
        )
    keep = np.array([label != site for label in moments.site])
    if not moments.n[keep].sum():
        raise TooFewError(f"Without {site!r} no rows are left: it is the only site.")
    return with_units(moments, np.flatnonzero(keep))


def with_units(moments: SiteMoments, which: NDArray[np.intp]) -> SiteMoments:
    """Keep the units at these places."""
    site = tuple(moments.site[k] for k in which)
    kept = [replace(one, sites=tuple(s for s in one.sites if s in site)) for one in moments.noise]
    return replace(
        moments,
        noise=tuple(one for one in kept if one.sites),
        site=site,
        team=tuple(moments.team[k] for k in which),
        n=moments.n[which],
        dropped=moments.dropped[which],
        weight=moments.weight[which],
        offset=moments.offset[which],
        cross=moments.cross[which],
    )


def with_terms(moments: SiteMoments, terms: Sequence[str]) -> SiteMoments:
    """Keep some terms; see `SiteMoments.select`."""
    wanted = [terms] if isinstance(terms, str) else list(terms)
    known = [*moments.terms, *dict.fromkeys(moments.parts)]
    absent = [term for term in wanted if term not in known]
    if absent:
        hints = ", ".join(f"{term!r}{did_you_mean(term, known)}" for term in absent)
        raise OptionError(f"There are no terms {hints}. Terms there: {listed(moments.terms)}.")
    keep = [
        k
        for k, (term, part) in enumerate(zip(moments.terms, moments.parts, strict=True))
        if term in wanted or part in wanted or term == INTERCEPT
    ]
    place = {name: k for k, name in enumerate(moments.columns)}
    chosen = [place[moments.terms[k]] for k in keep if moments.terms[k] != INTERCEPT]
    chosen.append(len(moments.columns) - 1)
    parts = tuple(moments.parts[k] for k in keep)
    right = [part for part in dict.fromkeys(parts) if part != INTERCEPT]
    shown = [*([] if moments.intercept else ["0"]), *right] or ["1"]
    return replace(
        moments,
        formula=f"{moments.outcome} ~ {' + '.join(shown)}",
        terms=tuple(moments.terms[k] for k in keep),
        parts=parts,
        origin=moments.origin[chosen],
        offset=moments.offset[:, chosen],
        cross=moments.cross[:, chosen][:, :, chosen],
        bounds=moments.bounds[chosen],
    )
