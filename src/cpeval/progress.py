"""What is being done, on a terminal only."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.status import Status


class Steps:
    """Name each step as it starts; say nothing when standard error is not a terminal.

    Examples
    --------
    >>> with Steps() as step:
    ...     step("Reading")
    """

    def __init__(self) -> None:
        console = Console(file=sys.stderr)
        self._status = Status("Starting …", console=console) if console.is_terminal else None

    def __enter__(self) -> Self:
        """Start showing."""
        if self._status is not None:
            self._status.start()
        return self

    def __call__(self, name: str) -> None:
        """Say what is being done now."""
        if self._status is not None:
            self._status.update(f"{name} …")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the line away."""
        if self._status is not None:
            self._status.stop()
