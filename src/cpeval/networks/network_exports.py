"""`NetworkExports`: networks given to other tools, and to models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cpeval.networks.noted_networks import NotedNetworks

if TYPE_CHECKING:
    from cpeval.moments.site_moments import SiteMoments


class NetworkExports(NotedNetworks):
    """What leads from ego networks to graphs, files and moments: see `EgoNetworks`."""

    def to_networkx(self, ego: object, *, wave: object = None, with_ego: bool = False) -> Any:  # noqa: ANN401
        """Make one network a graph of networkx.

        Parameters
        ----------
        ego : object
            Whose.
        wave : object, optional
            Which of the ego's waves, if there are several.
        with_ego : bool, default False
            Whether the ego is a node (``is_ego`` is true), tied to all alters.

        Returns
        -------
        networkx.Graph
            Nodes are the alters' ids, with their attributes; edges have those of ties, the graph
            those of the ego. What is missing is left out. Ids and names are as given: see
            `pseudonymise`.

        Raises
        ------
        MissingLibraryError
            networkx isn't installed.
        OptionError
            No such ego; a wave is needed; an alter has the ego's id and ``with_ego`` is true.
        WaveError
            The ego has no such wave.

        Examples
        --------
        >>> import pandas as pd
        >>> import cpeval as cp
        >>> egos = pd.DataFrame({"ego": ["Ann"]})
        >>> alters = pd.DataFrame({"ego": "Ann", "alter": [1, 2, 3], "kin": ["yes", "yes", "no"]})
        >>> ties = pd.DataFrame({"ego": ["Ann"], "source": [1], "target": [2]})
        >>> graph = cp.EgoNetworks(egos, alters, ties).to_networkx("Ann", with_ego=True)
        >>> list(graph.edges)
        [(1, 2), (1, 'Ann'), (2, 'Ann'), (3, 'Ann')]
        >>> graph.nodes[3]
        {'kin': 'no'}
        """
        from cpeval.networks.graphs import to_networkx

        return to_networkx(self, ego, wave, with_ego=with_ego)

    def to_igraph(self, ego: object, *, wave: object = None, with_ego: bool = False) -> Any:  # noqa: ANN401
        """Make one network a graph of igraph.

        Parameters
        ----------
        ego, wave, with_ego
            As in `to_networkx`.

        Returns
        -------
        igraph.Graph
            The attribute ``name`` of nodes is the alter's id; what is missing is None. Else as
            `to_networkx`.

        Raises
        ------
        MissingLibraryError, OptionError, WaveError
            As `to_networkx`.

        Examples
        --------
        >>> import pandas as pd
        >>> import cpeval as cp
        >>> egos = pd.DataFrame({"ego": ["Ann"]})
        >>> alters = pd.DataFrame({"ego": "Ann", "alter": [7, 8, 9]})
        >>> ties = pd.DataFrame({"ego": ["Ann"], "source": [8], "target": [9]})
        >>> graph = cp.EgoNetworks(egos, alters, ties).to_igraph("Ann")
        >>> graph.vs["name"], graph.get_edgelist()
        ([7, 8, 9], [(1, 2)])
        """
        from cpeval.networks.graphs import to_igraph

        return to_igraph(self, ego, wave, with_ego=with_ego)

    def to_graphml(self, folder: str | Path) -> tuple[Path, ...]:
        """Write a GraphML file a network, for Gephi, Cytoscape, igraph or networkx.

        Parameters
        ----------
        folder : str or pathlib.Path
            Made if it isn't there. Other files in it are left alone.

        Returns
        -------
        tuple of pathlib.Path
            In the order of the networks, named by ego and wave: ``network_Ann_t0.graphml``. The
            names, and what is in the files, are as given: `pseudonymise` before you pass them on.
            Nodes are the alters, with all their columns; edges the ties; the ego's columns are
            the graph's. What is missing is left out.

        Raises
        ------
        OutputError
            The folder can't be made or written, or has such files already. What was written so
            far is removed, and the folder if it was made for this.

        Examples
        --------
        >>> import tempfile
        >>> import pandas as pd
        >>> import cpeval as cp
        >>> egos = pd.DataFrame({"ego": ["Ann", "Ben"]})
        >>> alters = pd.DataFrame({"ego": "Ann", "alter": [7, 8]})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     [path.name for path in cp.EgoNetworks(egos, alters).to_graphml(folder)]
        ['network_Ann.graphml', 'network_Ben.graphml']
        """
        from cpeval.networks.graphs import to_graphml

        return to_graphml(self, folder)

    def alters_model(self, formula: str) -> SiteMoments:
        """Make moments of a model of alters within egos, for `cp.sites.mixed` and its kin.

        Parameters
        ----------
        formula : str
            Such as ``"closeness ~ same_gender + wave"``, of columns of the alters and of the egos.
            Where both tables have a column, ``gender`` is the alters', ``ego_gender`` the egos',
            and ``same_gender`` is 1 where both are the same, 0 where not, and missing where
            either is.

        Returns
        -------
        SiteMoments
            With egos as sites: alters of one ego, at whatever wave, are not independent. Alters
            with a missing value are left out and counted in ``dropped``; egos without alters are
            not in it.

        Raises
        ------
        ColumnError
            Terms that neither alters nor egos have; values of ``same_…`` that are never alike, or
            spelt in two ways. All at once.
        OptionError
            No such formula; no alters.

        Examples
        --------
        >>> import cpeval as cp
        >>> study = cp.simulate(seed=1)
        >>> egos = cp.EgoNetworks(study.egos, study.alters, wave="wave")
        >>> moments = egos.alters_model("closeness ~ wave")
        >>> cp.sites.mixed(moments).table["term"].tolist()
        ['Intercept', 'wave[T.t1]']
        """
        from cpeval.networks.alters_model import alters_model

        return alters_model(self, formula)
