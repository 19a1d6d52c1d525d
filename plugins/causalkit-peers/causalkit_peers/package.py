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

KEPT = ("numpy", "scipy")
"""What no installation of another package may downgrade."""


@dataclass(frozen=True)
class Package:
    """A package that is not part of causalkit.

    Attributes:
        method: name of the method that runs it, with the setting that needs it where others do not.
        name: what pip calls it.
        module: what Python calls it.
        versions: which versions of it the method can use, as pip writes it.
        needs: other packages that it imports and does not require.
    """

    method: str
    name: str
    module: str
    versions: str = ""
    needs: tuple[Package, ...] = ()

    def check(self) -> None:
        """Refuse to go on without the package, before any data is read; imports nothing.

        Raises:
            WrongUsageError: it is not installed; the hint says how to install it.
        """
        if importlib.util.find_spec(self.module) is None:
            raise WrongUsageError(
                f"method {self.method} needs the package {self.name}, which is not installed",
                f"install it: {self.install}",
            )
        for other in self.needs:
            other.check()

    @property
    def install(self) -> str:
        """The command that installs it and all that it needs, and that never downgrades numpy or scipy.

        pip installs older versions of numpy and scipy where a package asks for them. With the installed versions as
        lower bounds it finds other versions of the package, or changes nothing and says why.
        """
        wanted = [f"{one.name}{one.versions}" for one in (self, *self.needs)]
        kept = [f"{name}>={importlib.metadata.version(name).partition('+')[0]}" for name in KEPT]
        return "python -m pip install " + " ".join(f'"{one}"' for one in (*wanted, *kept))

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
                f"install another version of it: {self.install} --upgrade",
            ) from error

    @property
    def version(self) -> str:
        """The installed version."""
        return importlib.metadata.version(self.name)
