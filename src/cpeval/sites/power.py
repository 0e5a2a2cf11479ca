"""How likely a study is to find a difference; how large it must be to find one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from cpeval.errors import OptionError, require_option
from cpeval.result import Result
from cpeval.sites.power_designs import Design, effect_for, least, power_of
from cpeval.sites.power_simulation import Rejections, Test, simulate_tests

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Below this, a t test leans on the normal distribution of cluster means.
_FEW_DF = 8


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Power(Result):
    """A `Result` with the curves around it.

    Attributes
    ----------
    solved : str
        What was looked for: "power", "effect", "people" or "sites".
    design_effect : float
        How many times more people are needed than if people were independent.
    curve : pandas.DataFrame
        sites, people, estimate (power): for half, once and twice the sites, by people.
    """

    solved: str
    design_effect: float
    curve: pd.DataFrame

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw power by the number of people, for half, once and twice the sites.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        """
        from cpeval.plots.power import power

        return power(self.table, self.curve, ax=ax)


def power(
    *,
    icc: float | Sequence[float],
    effect: float | None = None,
    sites: int | None = None,
    teams: int | None = None,
    people: int | None = None,
    power: float | None = None,
    sd: float = 1.0,
    level: float = 0.05,
    arm: str = "between",
    covariate_r2: float | Sequence[float] = 0.0,
    draws: int | None = None,
    test: Test | None = None,
    seed: int | np.random.Generator | None = None,
) -> Power:
    r"""Say how likely a study with sites is to find a difference, or how large it must be.

    Leave out one of ``effect``, ``sites``, ``people`` and ``power``: that one is looked for.

    Parameters
    ----------
    icc : float or pair of floats
        The share of the outcome's variance (within an arm) that lies between what gets the arm;
        or two shares, between sites and between teams of a site.
    effect : float, optional
        Difference between the arms, in the outcome's units.
    sites : int, optional
        Sites in all, half of them in either arm (``arm="between"``) or each with both.
    teams : int, optional
        Teams in each site; even where they get the arm. Without, a site is one team.
    people : int, optional
        People analysed in each team (in each site, without teams).
    power : float, optional
        The chance wanted of finding the effect, such as 0.8.
    sd : float, default 1.0
        Standard deviation of the outcome within an arm.
    level : float, default 0.05
        The level of the two-sided test.
    arm : {"between", "within"}
        Whether whole sites get an arm; or each site has both, given to its teams if there are
        any, else to its people.
    covariate_r2 : float or pair of floats, default 0.0
        The share of the variance that a covariate such as the baseline score explains, between
        clusters and within; one number for both.
    draws : int, optional
        Simulate so many studies too, with the effect and without.
    test : callable, optional
        With ``draws``: the very test that will be used. It takes a frame with person, site,
        team, arm (0 and 1), covariate and y, and returns p. Without it, the t test of cluster
        means.
    seed : int or numpy.random.Generator, optional
        With ``draws``.

    Returns
    -------
    Power
        ``table``: method ("formula", "simulation"), effect, icc (of what gets the arm), sites,
        teams, people, n (in all), df (NaN for simulation), estimate (power; without an effect
        the rate of false positives), se, ci_low, ci_high (Monte Carlo error, exact 95 %
        interval), failed (studies without a p value). Numbers looked for are rounded up, and the
        power is that of the rounded design; infinite where no number is enough.

    Raises
    ------
    OptionError
        None or several of the four are left out; a number that can't be; odd numbers of teams or
        sites where halves are needed; a design without degrees of freedom.

    Notes
    -----
    With all of the variance in parts :math:`\rho_s` between sites, :math:`\rho_t` between teams
    and the rest within, the squared error of the difference is, for whole sites of T teams of m,
    :math:`4 \sigma^2 (\rho_s + \rho_t / T + (1 - \rho_s - \rho_t) / (T m)) / S`, on S - 2 degrees
    of freedom; for teams within sites :math:`4 \sigma^2 (\rho_t + (1 - \rho_s - \rho_t) / m) /
    (S T)`, on S T - S - 1; for people within sites :math:`4 \sigma^2 (1 - \rho_s) / (S m)`, on
    S m - S - 1. A covariate takes its share from the parts and one degree of freedom. Power is by
    the noncentral t distribution: exact for normal outcomes and equal sizes [1]_ [2]_. Unequal
    sizes, and effects that differ between sites, cost more than this says: simulate them.

    References
    ----------
    .. [1] Donner & Klar (2000). Design and Analysis of Cluster Randomization Trials. Arnold.
    .. [2] Hayes & Moulton (2017). Cluster Randomised Trials, 2nd edition. CRC Press.

    Examples
    --------
    >>> found = power(icc=0.1, effect=0.6, sites=10, people=20)
    >>> found.table["estimate"].round(4).item()
    0.5902
    >>> power(icc=0.1, effect=0.6, sites=10, power=0.8).table["people"].item()
    inf
    >>> power(icc=0.1, effect=0.6, people=20, power=0.8).table["sites"].item()
    16
    """
    require_option("arm", arm, ("between", "within"))
    wanted = _left_out({"effect": effect, "sites": sites, "people": people, "power": power})
    _require_numbers(effect=effect, sd=sd, level=level, power=power)
    _require_whole(sites=sites, teams=teams, people=people, draws=draws)
    _require_halves(arm, sites, teams, people)
    if draws is None and (test is not None or seed is not None):
        raise OptionError("'test' and 'seed' are for simulation: say how many draws, draws=1000.")
    if test is not None and not callable(test):
        raise OptionError(f"'test' must be a function of the data that returns p. Got {test!r}.")
    site_icc, team_icc = _shares(icc, arm, teams)
    r2_clusters, r2_people = _pair("covariate_r2", covariate_r2, same=True)
    design = Design(
        sites=sites if sites is not None else 2,
        people=people if people is not None else 2,
        teams=teams,
        within=arm == "within",
        site_icc=site_icc,
        team_icc=team_icc,
        sd=sd,
        r2_clusters=r2_clusters,
        r2_people=r2_people,
    )
    design, effect, enough = _solved(design, wanted, effect, power, level)
    if design.df < 1 and enough:
        raise OptionError(
            f"{design.clusters} clusters leave no degrees of freedom for a test: at least "
            f"{design.clusters - design.df + 1} are needed in this design."
        )
    rows = [_formula_row(design, wanted, effect, level, enough=enough)]
    simulated: list[Rejections] = []
    if draws is not None and enough:
        rng = np.random.default_rng(seed)
        for size in (effect, 0.0):
            found = simulate_tests(design, size, level, test=test, draws=draws, seed=rng)
            simulated.append(found)
            rows.append(_simulated_row(design, size, found))
    return Power(
        table=pd.DataFrame(rows),
        note=_note(design, arm, wanted, level, simulated, test is not None),
        warnings=tuple(_worries(design, wanted, power, effect, level, simulated, enough=enough)),
        solved=wanted,
        design_effect=design.design_effect,
        curve=_curve(design, effect, level),
    )


def _left_out(given: dict[str, float | None]) -> str:
    absent = [name for name, value in given.items() if value is None]
    if len(absent) != 1:
        raise OptionError(
            "Leave out exactly one of effect, sites, people and power: that one is looked for. "
            f"Left out: {', '.join(absent) or 'none'}."
        )
    return absent[0]


def _require_numbers(**given: float | None) -> None:
    """Raise `OptionError` for numbers that can't be."""
    for name, value in given.items():
        if value is None:
            continue
        number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        share = name in ("level", "power")
        fine = number and np.isfinite(value) and (0 < value < 1 if share else True)
        fine = fine and (value > 0 if name == "sd" else True)
        if not fine or (name == "effect" and value == 0):
            what = "between 0 and 1" if share else "above 0" if name == "sd" else "not be 0"
            verb = "must be" if what != "not be 0" else "must be a number and"
            raise OptionError(f"{name!r} {verb} {what}. Got {value!r}.")


def _require_whole(**given: int | None) -> None:
    for name, value in given.items():
        if value is None:
            continue
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if not whole or value < 1:
            raise OptionError(f"{name!r} must be a whole number above 0. Got {value!r}.")


def _require_halves(arm: str, sites: int | None, teams: int | None, people: int | None) -> None:
    """Raise `OptionError` where arms can't have equal shares."""
    if arm == "within" and teams is not None and teams % 2:
        raise OptionError(f"'teams' must be even, half of a site's in either arm. Got {teams!r}.")
    least_needed = {"sites": sites if arm == "between" else None}
    least_needed["people"] = people if arm == "within" and teams is None else None
    for name, value in least_needed.items():
        if value is not None and value < 2:
            raise OptionError(f"{name!r} must be 2 or more, for two arms. Got {value!r}.")


def _pair(name: str, given: float | Sequence[float], *, same: bool) -> tuple[float, float]:
    """Return two shares; one number stands for both, or for the second alone."""
    alone = isinstance(given, int | float | np.number) and not isinstance(given, bool)
    values = [given, given] if alone else given
    if isinstance(values, str) or not isinstance(values, Sequence) or len(values) != 2:
        raise OptionError(f"{name!r} must be a share or a pair of shares. Got {given!r}.")
    for value in values:
        number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        if not number or not 0 <= float(value) < 1:  # type: ignore[arg-type]
            raise OptionError(f"{name!r} must be from 0 to below 1. Got {given!r}.")
    first, second = map(float, values)  # type: ignore[arg-type]
    return (first if same or not alone else 0.0), second


def _shares(icc: float | Sequence[float], arm: str, teams: int | None) -> tuple[float, float]:
    """Return the shares of variance between sites and between teams of a site."""
    site, team = _pair("icc", icc, same=False)
    alone = not isinstance(icc, Sequence)
    if alone and (arm == "between" or teams is None):
        site, team = team, 0.0
    if team > 0 and teams is None:
        raise OptionError("A share of variance between teams needs teams=.")
    if site + team >= 1:
        raise OptionError(f"The shares in 'icc' must add up to less than 1. Got {icc!r}.")
    return site, team


def _solved(
    design: Design, wanted: str, effect: float | None, power: float | None, level: float
) -> tuple[Design, float, bool]:
    """Return the design and the effect, completed; and whether any number was enough."""
    if wanted == "effect":
        assert power is not None
        return design, effect_for(design, power, level), True
    assert effect is not None
    if wanted == "power":
        return design, effect, True
    assert power is not None
    halves = (wanted == "sites" and not design.within) or (
        wanted == "people" and design.within and design.teams is None
    )
    step, start = (2, 2) if halves else (1, 1)
    found = least(design, wanted, effect, power, level, step=step, start=start)
    if found is None:
        return design, effect, False
    return design.having(**{wanted: found}), effect, True


def _formula_row(
    design: Design, wanted: str, effect: float, level: float, *, enough: bool
) -> dict[str, object]:
    row = _row(design, effect) | {
        "method": "formula",
        "df": float(design.df),
        "estimate": power_of(design, effect, level),
        "failed": 0,
    }
    if not enough:
        row |= {wanted: np.inf, "n": np.inf, "df": np.nan, "estimate": np.nan}
    return row


def _simulated_row(design: Design, effect: float, found: Rejections) -> dict[str, object]:
    share = found.rejected / found.draws
    exact = stats.binomtest(found.rejected, found.draws).proportion_ci(method="exact")
    return _row(design, effect) | {
        "method": "simulation",
        "estimate": share,
        "se": np.sqrt(share * (1 - share) / found.draws),
        "ci_low": exact.low,
        "ci_high": exact.high,
        "failed": found.failed,
    }


def _row(design: Design, effect: float) -> dict[str, object]:
    """Return a row of the table, the numbers of the method still missing."""
    icc = design.team_icc if design.within and design.teams is not None else design.site_icc
    return {
        "method": "",
        "effect": effect,
        "icc": icc,
        "sites": design.sites,
        "teams": design.teams if design.teams is not None else 1,
        "people": design.people,
        "n": design.people_in_all,
        "df": np.nan,
        "estimate": np.nan,
        "se": np.nan,
        "ci_low": np.nan,
        "ci_high": np.nan,
        "failed": 0,
    }


def _curve(design: Design, effect: float, level: float) -> pd.DataFrame:
    """Return power by people, for half, once and twice the sites."""
    most = max(4 * design.people, 20)
    people = np.unique(np.round(np.geomspace(2, most, 40)).astype(int))
    rows = []
    for sites in dict.fromkeys((max(2, design.sites // 2), design.sites, 2 * design.sites)):
        for m in people:
            one = design.having(sites=sites, people=int(m))
            rows.append((sites, int(m), power_of(one, effect, level)))
    return pd.DataFrame(rows, columns=["sites", "people", "estimate"])


def _note(
    design: Design,
    arm: str,
    wanted: str,
    level: float,
    simulated: list[Rejections],
    own_test: bool,
) -> str:
    if arm == "between":
        who = "whole sites get an arm"
    else:
        who = f"{'teams' if design.teams is not None else 'people'} get an arm within sites"
    text = (
        f"Power of a two-sided t test at {100 * level:g} %, where {who}, by the design effect "
        f"({design.design_effect:.3g}) and the noncentral t distribution (Donner & Klar, 2000); "
        f"{wanted} was looked for."
    )
    if simulated:
        which = "the test given" if own_test else "the t test of cluster means"
        text += (
            f" Simulated with {which} in {simulated[0].draws} studies of normal outcomes, with "
            "the effect and without, with an exact 95 % interval for the Monte Carlo error."
        )
    return text


def _worries(
    design: Design,
    wanted: str,
    power: float | None,
    effect: float,
    level: float,
    simulated: list[Rejections],
    *,
    enough: bool,
) -> list[str]:
    texts = []
    if not enough:
        far = design.having(**{wanted: 10**7})
        texts.append(
            f"No number of {wanted} is enough for a power of {power:g}: with ever more it nears "
            f"{power_of(far, effect, level):.2g}. More "
            f"{'sites' if wanted == 'people' else 'people'} are needed, or a larger effect."
        )
    elif design.df < _FEW_DF:
        texts.append(
            f"{design.df} degrees of freedom: the test leans on means of clusters being normal, "
            "and the power on an intraclass correlation that is seldom known. Try others."
        )
    if design.sites % 2 and not design.within:
        texts.append("With an odd number of sites one arm has a site more.")
    for found, what in zip(simulated, ("with", "without"), strict=False):
        if found.failed:
            texts.append(
                f"The test gave no p value in {found.failed} of {found.draws} studies {what} the "
                "effect; they count as no difference found."
            )
    if len(simulated) > 1:
        null = simulated[1]
        p = stats.binomtest(null.rejected, null.draws, level, alternative="greater").pvalue
        if p < 0.01:
            texts.append(
                f"Without an effect the test finds one in {100 * null.rejected / null.draws:.3g} % "
                f"of studies, more often than the {100 * level:g} % that it says: don't use it for "
                "this design, and don't read its power."
            )
    return texts
