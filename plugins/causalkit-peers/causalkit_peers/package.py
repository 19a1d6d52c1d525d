"""The package that a method runs: whether it is installed, in which version, and the error if it is not."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any

from causalkit.errors import WrongUsageError


@dataclass(frozen=True)
class Package:
    """A package that is not part of causalkit.

    Attributes:
        method: name of the method that runs it.
        name: what pip calls it.
        module: what Python calls it.
    """

    method: str
    name: str
    module: str

    def check(self) -> None:
        """Refuse to go on without the package, before any data is read; imports nothing.

        Raises:
            WrongUsageError: it is not installed; the hint says how to install it.
        """
        if importlib.util.find_spec(self.module) is None:
            raise WrongUsageError(
                f"method {self.method} needs the package {self.name}, which is not installed",
                f"install it: python -m pip install {self.name}",
            )

    def load(self, path: str) -> Any:
        """Import ``"module:attribute"`` of the package; what it prints while being imported is dropped.

        Raises:
            WrongUsageError: the package is absent, or installed and broken.
        """
        self.check()
        module, attribute = path.split(":")
        try:
            with redirect_stdout(StringIO()):
                return getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError) as error:
            raise WrongUsageError(
                f"method {self.method} cannot use the package {self.name} {self.version}: {error}",
                f"install another version of it: python -m pip install --upgrade {self.name}",
            ) from error

    @property
    def version(self) -> str:
        """The installed version."""
        return importlib.metadata.version(self.name)
