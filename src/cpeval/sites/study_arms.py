"""The units of a study with their adjusted means: what exchanging arms needs."""

from __future__ import annotations

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame

from cpeval.errors import OptionError, TooFewError, require_option
from cpeval.moments.cluster_means import means_adjusted_within
from cpeval.moments.from_arrays import moments_of_arrays
from cpeval.people.analysed import Analysed, analysed
from cpeval.people.units import Units, units_of
from cpeval.people.variables import Variables
from cpeval.sites.cluster_arms import ClusterArms
from cpeval.study import Study


def arms_of_study(
    data: IntoDataFrame,
    outcome: str,
    study: Study | None,
    *,
    covariates: Variables | str | None = (),
    cluster: str | None = None,
    strata: str | None = "site",
) -> ClusterArms:
    """Pick the people of a study, the units that got the arm, and their means.

    Parameters
    ----------
    data, outcome, study, covariates
        As in `cpeval.outcomes.compare`.
    cluster : {"team", "site"}, optional
        Units, against what the data say.
    strata : {"site", None}
        Whether sites (or teams) that have both arms are strata.

    Raises
    ------
    As `cpeval.outcomes.compare` does; also
    OptionError
        No study, or it lacks what ``cluster`` names.
    TooFewError
        People are all in one place, or in one arm.
    """
    require_option("strata", strata, ("site", None))
    if not isinstance(study, Study):
        raise OptionError(
            "With a dataframe, say which columns are what: permutation(data, outcome, study), "
            f"with a cpeval.Study. Got {type(study).__name__}."
        )
    names = [covariates] if isinstance(covariates, str) else covariates
    used = analysed(data, outcome, study, names, "permutation")
    site, team = used.site, used.team
    if cluster is not None:
        require_option("cluster", cluster, ("team", "site"))
        if (site if cluster == "site" else team) is None:
            raise OptionError(f"cluster={cluster!r} needs a {cluster}, and the study names none.")
        team = team if cluster == "team" else None
    units = units_of(used.arm, site, team)
    if units is None:
        raise TooFewError(
            "Arms are exchanged among teams or sites, and there are no two: the study names "
            "none, or everyone is in one."
        )
    return arms_of_units(used, units, outcome, within=strata is not None)


def arms_of_units(
    used: Analysed, units: Units, outcome: str, *, within: bool = True
) -> ClusterArms:
    """Take the means of units, adjusted by slopes within units, which know nothing of arms."""
    arm_term, *terms = used.design.terms[1:]
    codes = units.stratum if within else None
    moments = moments_of_arrays(
        used.after,
        used.design.x,
        outcome=outcome,
        terms=used.design.terms[1:],
        unit=units.code,
        site=range(units.arm.size),
    )
    blocks = moments.blocks("site")
    wanted = list(range(2, 2 + len(terms)))
    adjusted = means_adjusted_within(blocks.blocks, blocks.counts, covariates=wanted, strata=codes)
    means = unit_table(used, units).assign(
        treated=units.arm,
        estimate=adjusted + blocks.origin.y,
        mean=blocks.blocks[:, 0, -1] / blocks.counts + blocks.origin.y,
        n=blocks.counts,
    )
    return ClusterArms(
        term=arm_term,
        cluster=units.role,
        within=None if codes is None or units.strata is None else units.strata.role,
        n=used.arm.size,
        n_dropped=used.n_excluded,
        outcome=outcome,
        zero_or_one=used.zero_or_one,
        means=means,
        adjusted=adjusted,
        arm=units.arm.astype(np.int64),
        strata=codes,
        covariates=tuple(terms),
        df_lost=0,
        balanced=not terms and bool(np.ptp(blocks.counts) == 0),
        warnings=used.warnings,
    )


def unit_table(used: Analysed, units: Units) -> pd.DataFrame:
    """Name each unit: site and team, as far as the study has them."""
    first = np.unique(units.code, return_index=True)[1]
    shown = {}
    for place in (used.site, used.team):
        # Teams of one site, which is the unit, are no part of its name.
        if place is not None and (place.role == "site" or units.places.role == "team"):
            shown[place.role] = pd.Series(
                [place.labels[k] for k in place.code[first].tolist()], dtype=object
            )
    return pd.DataFrame(shown)
