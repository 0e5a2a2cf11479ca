"""`NetworkPictures`: the methods of `EgoNetworks` that draw, or compute what pictures show."""

from __future__ import annotations

from collections.abc import Sequence
from types import EllipsisType
from typing import TYPE_CHECKING

from cpeval.networks.network_data import NetworkData

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cpeval.networks.average_network import AverageNetwork


class NetworkPictures(NetworkData):
    """Networks that can be looked at."""

    def plot(
        self,
        ego: object = None,
        *,
        wave: object = None,
        circles: str | None = None,
        inner: str | Sequence[object] = "highest",
        by: str | None = None,
        size: str | None = None,
        label: str | None = None,
        names: bool = False,
        ax: Axes | None = None,
    ) -> Axes:
        """Draw networks: the ego in the middle, alters on circles around, ties among them.

        Parameters
        ----------
        ego : object or list, optional
            An ego, or several for a picture of small ones. By default all there are; at most 40
            networks.
        wave : object or list, optional
            Which waves; by default all, side by side.
        circles : str, optional
            A column of alters that says how near the ego they are drawn: closeness, say. By
            default the ``weight``; without one, all are on one circle. Numbers of up to seven
            values have a ring each, of more they lie on a scale. Missing values are outside all
            rings.
        inner : {"highest", "lowest"} or sequence, default "highest"
            Which values are innermost; of text, all values from the inside out.
        by : str, optional
            A column of alters, of ten values at most: each has a shape and a colour, and a sector
            of the circle.
        size : str, optional
            A column of alters that says how large they are drawn: numbers.
        label : str, optional
            A column of alters to write beside them: the relation. By default alters are numbered.
        names : bool, default False
            Whether to show names (the column ``name``, or else the ids) of alters and egos.
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.

        Returns
        -------
        matplotlib.axes.Axes
            One, also for several networks.

        Raises
        ------
        OptionError
            Egos that are not there, or too many networks; too many groups or rings; circles of
            text without an order; columns that would show names without ``names=True``.
        WaveError
            Waves that are not there.
        ColumnError
            Columns that are absent, or a ``size`` that is no numbers.
        DataError
            Values that ``inner`` lacks; numbers that are infinite.

        Notes
        -----
        An alter keeps its number and its direction at all waves: they follow from the sorted ids
        of all whom the ego ever named, within the sector of the first group that the alter was in.
        Shape and colour are those of the wave. Rings and sizes mean the same in every network.

        Examples
        --------
        >>> import cpeval as cp
        >>> study = cp.simulate(seed=1)
        >>> egos = cp.EgoNetworks(study.egos, study.alters, study.ties, wave="wave")
        >>> ax = egos.plot("P0001", circles="closeness", by="relation")
        """
        from cpeval.networks.sociogram import sociogram
        from cpeval.plots.sociogram import draw

        drawing = sociogram(
            self,
            ego,
            wave=wave,
            circles=circles,
            inner=inner,
            by=by,
            size=size,
            label=label,
            names=names,
        )
        return draw(drawing, ax=ax)

    def map(
        self,
        ego: object = None,
        *,
        wave: object = None,
        kind: str | None = None,
        size: str | EllipsisType | None = ...,
        circles: str | None = None,
        inner: str | Sequence[object] = "highest",
        label: str | None = None,
        names: bool = False,
        ax: Axes | None = None,
    ) -> Axes:
        """Draw a map of wellbeing: people, places and activities, and what each matters.

        Parameters
        ----------
        ego, wave, circles, inner, label, names, ax
            As in `plot`.
        kind : str, optional
            The column of alters that says what they are. Each kind has a shape, a colour and a
            sector of the circle. By default that given as ``kind`` when the networks were made,
            or else ``"kind"``.
        size : str or None, optional
            The column of alters that says how large they are drawn. By default that given as
            ``importance``, or else ``"importance"``; None draws all alike, as for importance by
            circle: ``size=None, circles="importance"``.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        OptionError, WaveError, ColumnError, DataError
            As `plot`.

        Examples
        --------
        >>> import cpeval as cp
        >>> study = cp.simulate(seed=1)
        >>> egos = cp.EgoNetworks(study.egos, study.alters, study.ties, wave="wave")
        >>> ax = egos.map("P0001", wave="t0")
        """
        known = self.columns
        return self.plot(
            ego,
            wave=wave,
            circles=circles,
            inner=inner,
            by=kind or known.kind or "kind",
            size=(known.importance or "importance") if isinstance(size, EllipsisType) else size,
            label=label,
            names=names,
            ax=ax,
        )

    def aggregate(
        self,
        column: str = "relation",
        *,
        by: str | None = None,
        wave: object = None,
        categories: Sequence[object] | None = None,
    ) -> AverageNetwork:
        r"""Average the networks of a group: categories of alters, and ties within and between.

        Parameters
        ----------
        column : str, default "relation"
            The category of alters. Those without one are in no category, and counted.
        by : str, optional
            A column of egos, such as the arm: an average each. Egos without a value are left out
            and counted.
        wave : object or list, optional
            Which waves; by default all, an average each.
        categories : sequence, optional
            All categories there may be, in order. By default those that any alter has.

        Returns
        -------
        AverageNetwork
            ``table``, a row a group, wave and category: group, wave, term (the category), n
            (networks), share (of them with such an alter), mean (such alters a network), density
            (of ties among them, averaged over networks with two or more), pooled_density and
            n_density (those networks). ``between`` has densities of two categories, ``sizes`` a
            row a group and wave. ``plot()`` draws all of it.

        Raises
        ------
        ColumnError
            Columns that are absent.
        WaveError
            Waves that are not there.
        OptionError
            More than 100 groups or categories.
        DataError
            Values that are not among ``categories``.

        Notes
        -----
        With :math:`n_{ia}` alters of ego i in category a and :math:`t_{iab}` ties of a to b:
        density :math:`\frac{1}{m} \sum_i t_{iab} / p_{iab}` over the m networks with a pair,
        pairs :math:`p_{iaa} = n_{ia}(n_{ia} - 1)/2` and :math:`p_{iab} = n_{ia} n_{ib}`; pooled
        density :math:`\sum_i t_{iab} / \sum_i p_{iab}`, in which large networks count more.
        ``mean`` and ``share`` are of all networks, those without alters too. The picture follows
        clustered graphs [1]_, with densities in place of their weights of ties.

        References
        ----------
        .. [1] Brandes, Lerner, Lubbers, McCarty & Molina (2008). Visual statistics for collections
           of clustered graphs. IEEE Pacific Visualization Symposium, 47-54.

        Examples
        --------
        >>> import pandas as pd
        >>> import cpeval as cp
        >>> egos = pd.DataFrame({"ego": [1, 2], "arm": "CP"})
        >>> alters = pd.DataFrame({"ego": 1, "alter": [1, 2, 3], "relation": ["kin", "kin", "pal"]})
        >>> ties = pd.DataFrame({"ego": [1], "source": [1], "target": [2]})
        >>> found = cp.EgoNetworks(egos, alters, ties).aggregate(by="arm")
        >>> found.table[["group", "term", "n", "share", "mean", "density"]]
          group term  n  share  mean  density
        0    CP  kin  2    0.5   1.0      1.0
        1    CP  pal  2    0.5   0.5      NaN
        """
        from cpeval.networks.average_network import average_network

        return average_network(self, column, by=by, wave=wave, categories=categories)
