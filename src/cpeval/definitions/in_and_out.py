"""What comes out of a definition, and in: the methods, each a line to `cpeval.exporting`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from cpeval.definitions.part import Part

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoDataFrame

    from cpeval.definitions.model import Instrument
    from cpeval.exporting import Codebook, Exported


class InAndOut(Part):
    """Methods of `Instrument` that write files or read them; what they need loads when called.

    The functions of the same names in `cpeval.exporting` take several instruments, and say more.
    """

    @property
    def _one(self) -> Instrument:
        return cast("Instrument", self)

    def codebook(self) -> Codebook:
        """Return a codebook: a row an item and answer, with what it is worth.

        Returns
        -------
        Codebook
            ``table``: instrument, column, item, label, code, meaning, points, reversed, scales,
            rule. ``.write(path)`` makes a .csv or .xlsx of it.

        Examples
        --------
        >>> import cpeval as cp
        >>> cp.instrument("swemwbs").codebook().table.shape
        (35, 10)
        """
        from cpeval.exporting import codebook

        return codebook(self._one)

    def to_redcap(
        self,
        path: str | Path,
        *,
        prefix: str = "",
        form: str | None = None,
        record: str | None = "record_id",
        scores: bool = True,
    ) -> Exported:
        """Write a data dictionary that REDCap imports.

        Parameters
        ----------
        path : str or pathlib.Path
            Ends in .csv.
        prefix : str, optional
            Put before every variable's name.
        form : str, optional
            The form's name; without it, the instrument's.
        record : str, default "record_id"
            The first field; None for rows to add to a dictionary that has it.
        scores : bool, default True
            Add calculated fields ``<column>_calc``.

        Returns
        -------
        Exported
            ``table``: each item's variable. ``warnings``: what REDCap can't do or was changed.

        Raises
        ------
        OptionError
            A coding or the number of goals is still to be said; names REDCap can't take; suffix.
        OutputError
            The file can't be written.

        See Also
        --------
        cpeval.exporting.to_redcap : for several instruments; what the fields are.
        """
        from cpeval.exporting import to_redcap

        return to_redcap(self._one, path, prefix=prefix, form=form, record=record, scores=scores)

    def to_xlsform(
        self,
        path: str | Path,
        *,
        prefix: str = "",
        record: str | None = "person",
        scores: bool = True,
    ) -> Exported:
        """Write an XLSForm for ODK and Kobo.

        Parameters
        ----------
        path : str or pathlib.Path
            Ends in .xlsx.
        prefix : str, optional
            Put before every question's name.
        record : str, default "person"
            A first question for who answers; None leaves it out.
        scores : bool, default True
            Add ``calculate`` fields ``<column>_calc``.

        Returns
        -------
        Exported
            ``table``: each item's question. ``warnings``: what a form can't do or was changed.

        Raises
        ------
        OptionError
            A coding or the number of goals is still to be said; suffix.
        OutputError
            The file can't be written.

        See Also
        --------
        cpeval.exporting.to_xlsform : for several instruments; what the questions are.
        """
        from cpeval.exporting import to_xlsform

        return to_xlsform(self._one, path, prefix=prefix, record=record, scores=scores)

    def to_excel(
        self,
        path: str | Path,
        *,
        prefix: str = "",
        rows: int = 2000,
        roles: Mapping[str, Sequence[str] | None] | None = None,
    ) -> Exported:
        """Write an Excel sheet to enter answers into, with drop-downs, and a sheet of codes.

        Parameters
        ----------
        path : str or pathlib.Path
            Ends in .xlsx.
        prefix : str, optional
            Put before the items' columns.
        rows : int, default 2000
            How many rows check what is entered.
        roles : mapping, optional
            Columns before the items and their values (None: any); by default person, site,
            team, arm and wave.

        Returns
        -------
        Exported
            ``table``: each item's column.

        Raises
        ------
        OptionError
            A coding or the number of goals is still to be said; columns twice; suffix.
        OutputError
            The file can't be written.

        See Also
        --------
        cpeval.exporting.to_excel : for several instruments.
        """
        from cpeval.exporting import to_excel

        return to_excel(self._one, path, prefix=prefix, rows=rows, roles=roles)

    def to_rating_sheet(
        self,
        path: str | Path,
        *,
        informants: Sequence[str] | None = None,
        units: IntoDataFrame | Sequence[str] = ("site", "team", "person"),
        occasion: str | None = "wave",
        occasions: Sequence[str | int | dt.date] | None = None,
        assessor: str | None = "assessor",
        rows: int = 500,
    ) -> Exported:
        """Write an Excel workbook for ratings, a sheet an informant, with anchors in view.

        Parameters
        ----------
        path : str or pathlib.Path
            Ends in .xlsx.
        informants : sequence of str, optional
            Who rates; without it, the definition's informants.
        units : eager dataframe, or sequence of str, default ("site", "team", "person")
            What is rated: a table of the units, or the columns to fill in by hand.
        occasion : str or None, default "wave"
            The column of the occasion.
        occasions : sequence, optional
            The occasions that it takes; without it, any.
        assessor : str or None, default "assessor"
            The column of who did the rating.
        rows : int, default 500
            How many rows check what is entered, beyond those that ``units`` fills.

        Returns
        -------
        Exported
            ``table``: each item's column. `cpeval.fidelity.read_rating_sheet` reads the file.

        Raises
        ------
        OptionError
            No informant is known; units or names that won't do; suffix.
        OutputError
            The file can't be written.

        See Also
        --------
        cpeval.exporting.to_rating_sheet : says more.
        """
        from cpeval.exporting import to_rating_sheet

        return to_rating_sheet(
            self._one,
            path,
            informants=informants,
            units=units,
            occasion=occasion,
            occasions=occasions,
            assessor=assessor,
            rows=rows,
        )

    def to_qualtrics(self, path: str | Path, *, prefix: str = "") -> Exported:
        """Write a survey in Qualtrics' Advanced Format (.txt).

        Parameters
        ----------
        path : str or pathlib.Path
            Ends in .txt.
        prefix : str, optional
            Put before every question's ID.

        Returns
        -------
        Exported
            ``table``: each item's ID. ``warnings``: what the format can't say.

        Raises
        ------
        OptionError
            A coding or the number of goals is still to be said; suffix.
        OutputError
            The file can't be written.

        See Also
        --------
        cpeval.exporting.to_qualtrics : for several instruments.
        """
        from cpeval.exporting import to_qualtrics

        return to_qualtrics(self._one, path, prefix=prefix)

    def to_limesurvey(
        self, path: str | Path, *, prefix: str = "", language: str = "en"
    ) -> Exported:
        """Write a survey's structure for LimeSurvey (.txt, tab-separated).

        Parameters
        ----------
        path : str or pathlib.Path
            Ends in .txt.
        prefix : str, optional
            Put before every question's code.
        language : str, default "en"
            The survey's base language.

        Returns
        -------
        Exported
            ``table``: each item's question code, letters and digits alone.

        Raises
        ------
        OptionError
            A coding or the number of goals is still to be said; suffix.
        OutputError
            The file can't be written.

        See Also
        --------
        cpeval.exporting.to_limesurvey : for several instruments.
        """
        from cpeval.exporting import to_limesurvey

        return to_limesurvey(self._one, path, prefix=prefix, language=language)

    def to_toml(self, path: str | Path) -> Path:
        """Write the definition as TOML, to edit and to read by `Instrument.from_toml`.

        Parameters
        ----------
        path : str or pathlib.Path
            Ends in .toml.

        Returns
        -------
        pathlib.Path

        Raises
        ------
        OptionError
            Another suffix.
        OutputError
            The file can't be written.
        """
        from cpeval.exporting import to_toml

        return to_toml(self._one, path)

    @classmethod
    def from_redcap(
        cls, path: str | Path, *, form: str | None = None, name: str | None = None
    ) -> Instrument:
        """Start a definition from somebody's REDCap data dictionary.

        Parameters
        ----------
        path : str or pathlib.Path
            The dictionary as REDCap downloads it (.csv), or as its API gives it.
        form : str, optional
            Which form. Needed when several have items.
        name : str, optional
            What to call the definition; without it, the form's name. Where all items' variables
            begin with it and ``_``, the rest is the items' code.

        Returns
        -------
        Instrument
            Its items and their answers, and one scale, the sum of the items with choices (sliders
            and numbers typed in are in none; where there is nothing else, each is a score). Its
            status is provisional until it is edited. What nobody can read from a dictionary is to
            be filled in: title, citation, licence, reversed items, scales. Write it with
            `to_toml`, edit it, and read it with `from_toml`.

        Raises
        ------
        DefinitionError
            The file can't be read or is no data dictionary; several forms and none named; no
            field can be an item: each is named with its row and why.

        Warns
        -----
        CpevalWarning
            Fields that were left out and why; choices taken for no answer, or kept though they
            say so; sliders and numbers that are not in the sum: here and in ``status_note``.

        Notes
        -----
        Items are radio buttons, drop-downs (in a matrix too), yes/no, true/false, sliders, and
        whole numbers with a lowest and a highest value at most 1000 apart.

        Examples
        --------
        >>> import tempfile, warnings
        >>> import cpeval as cp
        >>> folder = tempfile.TemporaryDirectory()
        >>> done = cp.instrument("swemwbs").to_redcap(f"{folder.name}/form.csv", scores=False)
        >>> with warnings.catch_warnings(action="ignore"):
        ...     mine = cp.Instrument.from_redcap(done.path)
        >>> mine.item("1").label, [item.code for item in mine.items]
        ('hopefulness', ['1', '2', '3', '4', '5', '6', '7'])
        >>> folder.cleanup()
        """
        from cpeval.exporting.redcap_dictionary import from_redcap

        return from_redcap(cast("type[Instrument]", cls), path, form=form, name=name)
