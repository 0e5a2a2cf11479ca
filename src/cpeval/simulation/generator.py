"""`simulate` and `example`: one seeded generator of a Connecting People study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cpeval.errors import OptionError, did_you_mean, listed
from cpeval.seeds import Seed
from cpeval.simulation import goals as extras, responses as asked
from cpeval.simulation.arguments import design
from cpeval.simulation.effects import solve
from cpeval.simulation.fidelity import deliver, rate
from cpeval.simulation.network import networks
from cpeval.simulation.people import enrol, latent, stable_parts
from cpeval.simulation.record import Simulation
from cpeval.simulation.streams import Streams
from cpeval.simulation.truth import parameters, realised
from cpeval.study import Study, Value

#: A number for all follow-ups, or one for each.
PerFollowUp = float | Sequence[float]

#: The arguments of each example.
_EXAMPLES: dict[str, dict[str, Any]] = {
    "connecting_people": {
        "seed": 2021,
        "fidelity_effect": 1.5,
        "resource_fidelity_effect": 1.5,
        "attrition_slope": -0.3,
    }
}


def simulate(
    *,
    seed: Seed = None,
    sites: int = 5,
    teams: int = 2,
    people: int | Sequence[int] = 15,
    caseload: int = 5,
    waves: Sequence[Value] = ("t0", "t1"),
    arms: tuple[str, str] = ("CP", "usual"),
    allocation: str = "teams",
    randomised: bool = False,
    effect: PerFollowUp = 1.5,
    fidelity_effect: float = 0.0,
    trend: PerFollowUp = 0.5,
    baseline_difference: float = 0.0,
    resource_effect: PerFollowUp = 1.5,
    resource_fidelity_effect: float = 0.0,
    goal_effect: PerFollowUp = 0.5,
    network_effect: PerFollowUp = 1.0,
    contact_ratio: PerFollowUp = 0.9,
    icc_site: float = 0.02,
    icc_team: float = 0.03,
    person_sd: float | Sequence[float] = 1.0,
    cluster_stability: float = 0.8,
    person_stability: float = 0.7,
    fidelity: Sequence[float] = (3.8, 2.4),
    fidelity_drift: float = 0.0,
    fidelity_sd: Mapping[str, float] | None = None,
    fidelity_items: int = 18,
    informant_bias: Mapping[str, float] | None = None,
    observers: int = 1,
    attrition: float | Sequence[float] = 0.2,
    attrition_slope: float = 0.0,
    missing: float = 0.03,
    missing_ratings: float = 0.05,
    goals: int = 3,
    alters: float = 8.0,
    alter_stability: float = 0.75,
) -> Simulation:
    r"""Simulate a study of Connecting People, and say what is true of it.

    Effects and intraclass correlations are given on the scale of the observed scores: what an
    analysis estimates is the argument itself, but for chance. ``truth`` has them all.

    Parameters
    ----------
    seed : int or numpy.random.Generator, optional
        The same int gives the same study. A generator gives another study each time. Without,
        a fresh seed, kept in ``truth["seed"]``.
    sites, teams : int
        Trusts, and teams in each.
    people : int or list of int
        People in each team, or one number a team (Trust by Trust).
    caseload : int
        People that one worker sees.
    waves : list of str or of numbers
        Labels, the baseline first.
    arms : (str, str)
        Labels of the intervention and of the comparison.
    allocation : {"teams", "sites"}
        Whose arm it is. Teams (or whole sites) take turns, the intervention first, so that an
        even number of teams is half and half within each site.
    randomised : bool
        What ``study.randomised`` says. The teams are alike either way, unless
        ``baseline_difference`` is given.
    effect : float or list of float
        Effect of the programme on the SWEMWBS metric score, in points: the difference between
        the mean of the intervention arm and what it would be without the programme. A number
        for all follow-ups or one for each; the same holds for the other effects.
    fidelity_effect : float
        How many points of that score a further point of fidelity gives a person, on average
        over the intervention arm. The mean effect stays ``effect``.
    trend : float or list of float
        Change of the mean since baseline without the programme, SWEMWBS metric points.
    baseline_difference : float
        How much higher the intervention arm starts, SWEMWBS metric points.
    resource_effect, resource_fidelity_effect : float
        The same for the number of resources, 0 to 27.
    goal_effect : float or list of float
        Effect on the attainment of a goal, -2 to 2.
    network_effect : float or list of float
        Effect on the size of the network: people, places and activities, 0 or more.
    contact_ratio : float or list of float
        Contacts with services, as a ratio of what they would be without the programme.
    icc_site, icc_team : float
        Intraclass correlations at each wave of the SWEMWBS metric score and of the number of
        resources: people of different teams of a site correlate ``icc_site``, people of a team
        ``icc_site + icc_team``. So where ``person_sd`` is 1.
    person_sd : float or list of float
        How much people of one team differ, as a ratio: it multiplies the person's own part of
        latent well-being and of latent resources. One for all, one a site, or one a team.
        Effects, trend, difference and attrition stay what the arguments say, over all people of
        an arm.
    cluster_stability, person_stability : float
        Correlation between waves of the latent effects of sites and teams, and of people.
    fidelity : list of float
        True fidelity, 1 to 5, after the baseline: the mean of intervention teams and of the
        others; or, with more than two teams, one level a team, and then exactly so. At baseline
        everyone has the comparison's level.
    fidelity_drift : float
        Change of the intervention arm's level from each follow-up to the next.
    fidelity_sd : dict of str to float, optional
        Standard deviations in points that replace the defaults of the parts of a rating: team
        (.4; not used with exact levels), person (.3), occasion (.1, of a team at a wave), item
        (.3), team_item (.25), informant (.3, an informant's view of one person), assessor (.2,
        between workers and between observers), error (.6).
    fidelity_items : int
        Items of ``connecting_people``; the shipped definition has 18.
    informant_bias : dict of str to float, optional
        Points by which ratings stand above the truth: participant (.1), worker (.4), observer (0).
    observers : int
        Observers who rate every person. The same ones visit all teams.
    attrition : float or (float, float)
        Share of those still there who leave before each follow-up, and stay away; or one for
        each arm, the intervention's first.
    attrition_slope : float
        Log odds of leaving by standard deviation of the raw SWEMWBS score at baseline.
    missing : float
        Share of answers that are skipped, by chance alone, in responses, ratings and goals.
        They come together: most questionnaires are complete.
    missing_ratings : float
        Share of ratings by an informant that aren't there at all.
    goals : int
        Most goals that a person sets; each number from 1 is as likely. 0 for none.
    alters : float
        Mean size of a network at baseline. 0 for empty networks throughout.
    alter_stability : float
        Chance of an alter to stay to the next wave.

    Returns
    -------
    Simulation
        Tables, ``study``, and ``truth``: a dict with every argument as used; ``effect_<outcome>``
        at the first follow-up for swemwbs_metric (the argument), swemwbs_raw, rg_uk, attainment
        and network_size; ``means`` (a frame: outcome, wave, mean_comparison, mean_without,
        mean_intervention, effect, effect_sd); ``<score>_mean``, ``_sd``, ``_icc_site``,
        ``_icc_team`` at baseline and ``_correlation`` between baseline and first follow-up,
        comparison arm, for swemwbs_raw, swemwbs_metric and rg_uk (no correlation there), and
        ``swemwbs_alpha``, all for teams whose ``person_sd`` is 1; latent parameters. Realised in
        this draw: ``realised_effect_<score>`` (mean over the people of the intervention arm,
        complete), ``realised_attrition``, ``fidelity_item``, and the frames ``site_effects``,
        ``team_effects`` and ``person_values`` (true values at each wave; ``fidelity_score`` is
        the mean rating that many unbiased informants would give).

    Raises
    ------
    OptionError
        One message with every argument that is wrong, or that can't be reached.

    Notes
    -----
    Person i of team j of site k at wave w has a latent well-being

    .. math:: \theta_{ijkw} = u_k + u_{kw} + v_{jk} + v_{jkw} + p_i + p_{iw} + m_w
              + A_j [d + 1_{w > 0} (\delta_w + \varphi_w (F_{iw} - \bar F_w))],

    the random parts normal with total variance 1, A the arm, F true fidelity and
    :math:`\bar F_w` its mean in the intervention arm. SWEMWBS items follow Samejima's graded
    response model [1]_, :math:`P(X_q \ge c) = 1 / (1 + \exp(-a_q (\theta - b_{qc})))`. With
    :math:`g(\theta)` the expected score, from the exact distribution of the sum of the items,
    and :math:`G(m, s^2) = E g(m + s Z)` by quadrature, ``effect`` fixes :math:`\delta_w` by
    :math:`G(m_w + d + \delta_w, 1 + \varphi_w^2 \sigma_F^2) - G(m_w + d, 1)`, ``fidelity_effect``
    fixes :math:`\varphi_w` by :math:`\varphi_w E g'(\theta)`, ``trend`` and
    ``baseline_difference`` fix :math:`m_w` and d likewise. Site and team variances give the
    intraclass correlations of the score: with :math:`c_k` the coefficients of g in orthonormal
    Hermite polynomials, latent values that correlate :math:`\rho` have scores with covariance
    :math:`\sum_{k>0} c_k^2 \rho^k`. No truth is estimated from a draw.

    Resources are the same with items :math:`1 / (1 + \exp(-1.6 (\eta - b_q)))`: one slope for
    all, so that they form a double monotone (Mokken) scale. Fidelity ratings are true fidelity
    (arm's level + team + occasion + person) + item + team's item + informant's bias +
    informant's view of the person + assessor + error, rounded and cut to 1 to 5. Networks: alters
    stay with chance s and come as Poisson arrivals that keep the expected size; those near in a
    latent plane are tied [2]_.

    Each table has random streams of its own, by wave: more goals change no answer, a further
    wave or site leaves the earlier ones as they were.

    References
    ----------
    .. [1] Samejima (1969). Psychometrika Monograph Supplement, 34(4, Pt. 2).
    .. [2] Hoff, Raftery & Handcock (2002). Journal of the American Statistical Association,
       97, 1090-1098.

    Examples
    --------
    >>> import cpeval as cp
    >>> study = cp.simulate(seed=1, sites=8, effect=2.0, icc_team=0.05)
    >>> study
    Study of 8 Trusts, 16 teams and 240 people at t0, t1, simulated: nobody in it is real.
      people: 240 rows
      ...
    >>> study.truth["effect_swemwbs_metric"], round(study.truth["effect_swemwbs_raw"], 2)
    (2.0, 2.6)
    """
    given = dict(locals())
    plan = design(given)
    streams = Streams.from_seed(seed)
    solved = solve(plan)
    well, resourced = stable_parts(plan, streams)
    wellbeing = latent(plan, streams, "wellbeing", solved.wellbeing, well)
    resources = latent(plan, streams, "resources", solved.resources, resourced)
    who = enrol(plan, streams, wellbeing)
    delivered = deliver(plan, streams, who, solved.fidelity)
    theta = asked.moved(wellbeing, solved.wellbeing, who, delivered)
    eta = asked.moved(resources, solved.resources, who, delivered)
    answers = asked.answer(streams, who, theta, eta)
    baseline = answers.swemwbs[:, 0].sum(axis=1)
    present = asked.stay(plan, streams, who, solved, baseline)
    network = networks(plan, streams, who, resources, present)
    truth = parameters(given, streams.entropy, plan, solved) | realised(
        plan,
        who,
        {"wellbeing": wellbeing, "resources": resources},
        {"wellbeing": theta, "resources": eta},
        solved,
        delivered,
        present,
    )
    return Simulation(
        people=who.frame(plan),
        responses=asked.responses(plan, streams, who, answers, present),
        fidelity=rate(plan, streams, who, delivered, present),
        goals=extras.goals(plan, streams, who, wellbeing, solved, present),
        services=extras.services(plan, streams, who, present),
        egos=network.egos,
        alters=network.alters,
        ties=network.ties,
        truth=truth,
        study=_study(plan.waves, plan.arms[0], plan.randomised),
    )


def example(name: str = "connecting_people") -> Simulation:
    """Return an example study: always the same draw of `simulate`. Nobody in it is real.

    Parameters
    ----------
    name : str
        ``"connecting_people"``: five Trusts, each with an intervention and a comparison team of
        15 people, at baseline and six months later. Fidelity matters in it, and people with low
        well-being leave more often.

    Returns
    -------
    Simulation

    Raises
    ------
    OptionError
        There is no example of that name.

    Examples
    --------
    >>> import cpeval as cp
    >>> study = cp.example("connecting_people")
    >>> study.data[["person", "trust", "team", "arm", "wave"]].head(2)
      person    trust     team arm wave
    0  P0001  Trust A  Team A1  CP   t0
    1  P0001  Trust A  Team A1  CP   t1
    """
    if not isinstance(name, str) or name not in _EXAMPLES:
        raise OptionError(
            f"There is no example {name!r}{did_you_mean(name, _EXAMPLES)}. "
            f"Examples: {listed(_EXAMPLES)}."
        )
    return simulate(**_EXAMPLES[name])


def _study(waves: Sequence[Value], intervention: str, randomised: bool) -> Study:
    return Study(
        person="person",
        site="trust",
        team="team",
        worker="worker",
        arm="arm",
        intervention=intervention,
        wave="wave",
        baseline=waves[0],
        follow_up=waves[1] if len(waves) == 2 else list(waves[1:]),
        randomised=randomised,
    )
