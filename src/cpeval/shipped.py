"""Where the notebooks are that come with cpeval."""

from pathlib import Path


def shipped_folder(name: str) -> Path:
    """Return the folder of the notebooks called ``name``.

    A wheel holds them inside the package; in the source tree they are in a folder at its root,
    where people look for them.

    Parameters
    ----------
    name : str
        Such as ``"tutorials"``.

    Returns
    -------
    pathlib.Path

    Examples
    --------
    >>> shipped_folder("tutorials").is_dir()
    True
    """
    package = Path(__file__).parent
    installed = package / "shipped" / name
    return installed if installed.is_dir() else package.parents[1] / name
