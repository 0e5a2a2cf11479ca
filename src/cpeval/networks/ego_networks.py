"""`EgoNetworks`: personal networks of any number of people, and what can be said of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cpeval.networks.network_exports import NetworkExports
from cpeval.networks.network_pictures import NetworkPictures

if TYPE_CHECKING:
    from cpeval.networks.change import NetworkChange
    from cpeval.networks.composition import Composition
    from cpeval.networks.homophily import Homophily
    from cpeval.networks.metrics import EgoMetrics
    from cpeval.networks.support import Multiplexity, Support


class EgoNetworks(NetworkPictures, NetworkExports):
    """Personal networks: egos, the alters that each named, and the ties among those.

    Parameters
    ----------
    egos : eager dataframe, shape (G, n_columns)
        A row an ego (and wave), also for who named nobody. Other columns are the ego's attributes.
    alters : eager dataframe, shape (N, n_columns)
        A row an alter, ego (and wave), with the alter's attributes: relation, gender, closeness.
    ties : eager dataframe, shape (T, n_columns), optional
        A row a tie between two alters of one ego (and wave). A tie has no direction: a to b is b
        to a. Ties to the ego are not listed. Leave the table out where nobody was asked: without
        it, whatever depends on ties is missing, not 0.
    ego : str, default "ego"
        The column of egos in all three tables.
    alter : str, default "alter"
        The column of alters. Ids are the ego's own: the same id of two egos may be two people. At
        two waves it is one person.
    source, target : str, default "source" and "target"
        The columns of ties that name the two alters.
    wave : str, optional
        The column of waves in all three tables.
    weight : str, optional
        The column of strengths, above 0: in ``alters`` of the tie to the ego, in ``ties`` of that
        between two alters, in one unit.
    name : str, optional
        The column of ``alters`` that says what the ego calls them, to match waves by.
    kind : str, optional
        The column of ``alters`` that says what they are, such as people, places and activities:
        `map`, ``metrics(by_kind=True)`` and ``composition()`` take it.
    importance : str, optional
        The column of ``alters``, numbers, that says how much each matters: `map` draws by it.

    Attributes
    ----------
    columns : Columns
        The names of the columns, as given.
    links : Links
        Who is tied to whom, as flat arrays.
    person : array of int, shape (G,)
        The ego of each network: the same number in each wave.
    alter_code : array of int, shape (N,)
        The id of each alter as a number.
    has_ties : bool
        Whether there is a table of ties.
    warnings : tuple of str
        What all results will warn of: sizes that pile up at the largest.

    Raises
    ------
    OptionError
        A table is no dataframe in memory; two roles have one column.
    ColumnError
        Columns are absent, in any table.
    NetworkError
        What doesn't fit together, everything at once: ids that are missing; egos, alters or ties
        listed twice, ties in one direction or both; alters and ties of unknown egos; ties to
        alters whom the ego didn't name, or of an alter with itself; weights that are not above 0.

    Examples
    --------
    >>> import pandas as pd
    >>> egos = pd.DataFrame({"ego": ["Ann", "Ben"]})
    >>> alters = pd.DataFrame({"ego": "Ann", "alter": [1, 2, 3], "kin": ["yes", "yes", "no"]})
    >>> ties = pd.DataFrame({"ego": ["Ann"], "source": [1], "target": [2]})
    >>> networks = EgoNetworks(egos, alters, ties)
    >>> networks
    EgoNetworks: 2 networks, 3 alters, 1 ties
    >>> networks.metrics().table[["ego", "size", "density", "components", "constraint"]].round(3)
       ego  size  density  components  constraint
    0  Ann     3    0.333           2       0.611
    1  Ben     0      NaN           0         NaN
    """

    def metrics(
        self, *, weighted: bool = False, by: str | None = None, by_kind: bool = False
    ) -> EgoMetrics:
        r"""Measure the structure of every network.

        Parameters
        ----------
        weighted : bool, default False
            Whether Burt's measures count ties by their ``weight``. All others don't.
        by : str, optional
            A column of alters, such as the kind (people, places, activities): each group's alters
            and the ties among them are measured as a network of their own.
        by_kind : bool, default False
            The same with the column that was given as ``kind``.

        Returns
        -------
        EgoMetrics
            ``table``, a row a network, or network and group: ego, wave, group, and

            - of the alters, without the ego: size; ties; density; components; isolates (tied to no
              other alter); largest_component (its alters); mean_degree (ties an alter has);
              degree_centralisation; transitivity; cliques (maximal ones of three alters or more);
            - of the ego among its alters: effective_size, efficiency, constraint, hierarchy,
              betweenness and betweenness_normalised.

        Raises
        ------
        OptionError
            ``weighted`` without ``weight``, ``by_kind`` without ``kind`` or with ``by``; more than
            100 groups.
        ColumnError
            ``by`` is no column of the alters.
        DataError
            A network of more than 10,000 alters.

        Notes
        -----
        With n alters, t ties among them, :math:`d_j` the ties of alter j to other alters:

        - density :math:`2t / (n(n-1))`; mean degree :math:`2t/n`;
        - degree centralisation :math:`\sum_j (\max d - d_j) / ((n-1)(n-2))` [1]_;
        - transitivity: triangles times three over paths of two ties;
        - with :math:`p_{ij}` a tie's share of all strength of i, ego i included in the network,
          effective size :math:`\sum_j (1 - \sum_q p_{iq} m_{jq})`, :math:`m_{jq}` the strength of
          the tie of j and q over that of j's strongest; without weights :math:`n - 2t/n`;
          efficiency is that over n [2]_;
        - constraint :math:`\sum_j c_{ij}`, :math:`c_{ij} = (p_{ij} + \sum_q p_{iq} p_{qj})^2`, all
          within the ego network: alters' ties to others are not known [2]_;
        - hierarchy :math:`\sum_j r_j \ln r_j / (n \ln n)`, :math:`r_j = c_{ij} / (C/n)` [2]_;
        - betweenness: over pairs of alters that aren't tied, the sum of :math:`1/(1+c)`, c the
          alters that both are tied to [3]_; normalised by :math:`n(n-1)/2`.

        Without alters, counts (size, ties, components, isolates, largest component, cliques),
        effective size and betweenness are 0 and the rest is missing. With one alter, effective
        size, efficiency, constraint and hierarchy are 1, betweenness and mean degree 0; density and
        normalised betweenness are missing. Centralisation needs three alters, transitivity an alter
        with two ties.

        References
        ----------
        .. [1] Freeman (1978). Centrality in social networks. Social Networks, 1(3), 215-239.
        .. [2] Burt (1992). Structural holes. Harvard University Press. Chapter 2.
        .. [3] Everett & Borgatti (2005). Ego network betweenness. Social Networks, 27(1), 31-38.
        """
        from cpeval.networks.metrics import metrics

        return metrics(self, weighted=weighted, by=by, by_kind=by_kind)

    def composition(
        self, column: str | None = None, *, categories: Sequence[object] | None = None
    ) -> Composition:
        r"""Say what each ego's alters are like.

        Parameters
        ----------
        column : str, optional
            Of the alters; by default the ``kind``. Numbers have a mean and standard deviation,
            anything else shares.
        categories : sequence, optional
            All categories there may be; also treats numbers, such as circles 1 to 5, as
            categories. By default those that any alter has.

        Returns
        -------
        Composition
            ``table``, a row a network: ego, wave, n (alters with a value), missing; and blau, iqv,
            entropy and a ``share_…`` for each category, or mean and sd.

        Raises
        ------
        ColumnError
            There is no such column.
        OptionError
            More than 100 categories; neither a column nor a ``kind``.
        DataError
            Values that are not among ``categories``.

        Notes
        -----
        With shares p of K categories: Blau's index :math:`1 - \sum p^2` [1]_; index of qualitative
        variation: that over :math:`1 - 1/K`; entropy :math:`-\sum p \ln p`. Missing without
        alters; sd, with n - 1, also with one.

        References
        ----------
        .. [1] Blau (1977). Inequality and heterogeneity. Free Press.
        """
        from cpeval.networks.composition import composition

        return composition(self, column, categories=categories)

    def homophily(
        self, column: str, *, ego: str, population: Mapping[object, float] | None = None
    ) -> Homophily:
        r"""Say how far egos name alters like themselves.

        Parameters
        ----------
        column : str
            Of the alters: gender, say.
        ego : str
            The same of the egos.
        population : mapping, optional
            Group to its share of those who could be named, together 1. By default the shares among
            all alters together, so that homophily is relative to who is named at all.

        Returns
        -------
        Homophily
            ``table``, a row a network: ego, wave, n (alters with a value), internal (like the
            ego), external, same (share of internal), ei, yules_q, coleman. ``groups``: the same of
            all egos of a group together.

        Raises
        ------
        ColumnError
            There is no such column.
        DataError
            Groups that differ in case, spaces or type alone, such as 1 and ``'1'``.
        OptionError
            More than 100 groups, or ``population`` isn't one share for each.

        Notes
        -----
        With I internal and E external alters, s = I/(I+E) and p the share of the ego's group in the
        population: E-I index :math:`(E-I)/(E+I)` [1]_, -1 where all are like the ego; Coleman's
        index :math:`(s-p)/(1-p)`, below p :math:`(s-p)/p` [2]_; Yule's Q
        :math:`(I(1-p) - Ep) / (I(1-p) + Ep)`: of the table of like or unlike by named or not, where
        the population is far larger than a network. All are missing without alters.

        References
        ----------
        .. [1] Krackhardt & Stern (1988). Social Psychology Quarterly, 51(2), 123-140.
        .. [2] Coleman (1958). Human Organization, 17(4), 28-36.
        """
        from cpeval.networks.homophily import homophily

        return homophily(self, column, ego=ego, population=population)

    def support(self, kinds: Sequence[str], *, by: str | None = None) -> Support:
        """Say who gives what kind of help.

        Parameters
        ----------
        kinds : sequence of str
            Columns of the alters, one a kind of help: yes (1, true), no (0, false) or missing.
        by : str, optional
            A column of alters to count within: the relation, or the circle of closeness.

        Returns
        -------
        Support
            ``table``, a row a network and kind (and group): ego, wave, term (the kind), group,
            givers (alters who give it), n (alters with an answer), share. ``kinds`` and
            ``overlap`` are of all networks.

        Raises
        ------
        ColumnError
            Columns that are absent, or hold anything but yes and no.
        OptionError
            No kinds, or one twice; more than 100 groups.
        """
        from cpeval.networks.support import support

        return support(self, kinds, by=by)

    def multiplexity(self, kinds: Sequence[str]) -> Multiplexity:
        """Say how many kinds of tie an alter has with the ego.

        Parameters
        ----------
        kinds : sequence of str
            Columns of the alters, one a kind: yes (1, true), no (0, false) or missing. Alters with
            a missing answer are left out and counted.

        Returns
        -------
        Multiplexity
            ``table``, a row a network: ego, wave, n, missing, mean (kinds an alter), share_none,
            share_multiplex (alters with two kinds or more).

        Raises
        ------
        ColumnError
            Columns that are absent, or hold anything but yes and no.
        OptionError
            No kinds, or one twice.
        """
        from cpeval.networks.support import multiplexity

        return multiplexity(self, kinds)

    def change(
        self,
        before: object,
        after: object,
        *,
        match: str = "id",
        similarity: float = 1,
        by: str | None = None,
    ) -> NetworkChange:
        r"""Say which alters and ties stayed, went and came between two waves.

        Parameters
        ----------
        before, after : object
            Two of the waves.
        match : {"id", "name"}, default "id"
            How an alter is found again within its ego: by id, or by ``name``. Case and spaces in
            names don't matter.
        similarity : float, default 1
            Below 1, names that are not equal match if they are at least as alike: ``john`` and
            ``jhon`` are 0.75 alike. ``matched`` shows who was taken for whom: read it.
        by : str, optional
            A column of alters to count by as well: the relation.

        Returns
        -------
        NetworkChange
            ``table``, a row an ego with both waves: ego, alters_before, alters_after, kept, lost,
            gained, turnover, jaccard, ties_before, ties_after, ties_kept, ties_lost, ties_gained,
            and of the latter two those between alters who are there at both waves: ties_ended,
            ties_formed. ``metrics``: every measure before and after.

        Raises
        ------
        WaveError
            No ego has such a wave, or both are the same.
        OptionError
            There are no waves, or no names to match by; options that don't go together.
        TooFewError
            No ego is there at both.

        Notes
        -----
        Turnover is (lost + gained) / (before + after), Jaccard kept / (kept + lost + gained);
        missing where nobody was named at either wave. Names are compared by the edits (a letter
        put in, taken out or replaced, two neighbours swapped) over the length of the longer one.
        Equal names match first; then pairs, the most alike first, neither of whom has another as
        alike. Where several would do, none is taken: see ``unclear``.
        """
        from cpeval.networks.change import change

        return change(self, before, after, match=match, similarity=similarity, by=by)
