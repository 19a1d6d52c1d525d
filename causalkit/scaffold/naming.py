"""Names of a new plugin: the rule for them, and what is taken already."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass

from causalkit.errors import WrongUsageError
from causalkit.plugins.records import Contribution
from causalkit.plugins.registry import registry
from causalkit.plugins.reserved import SUMMARIES

MAX_LENGTH = 40
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_PREFIX = "causalkit-"


@dataclass(frozen=True)
class Names:
    """The names that follow from what the user typed.

    Attributes:
        plugin: of the entry point and of the contribution, what users type.
        distribution: what pip installs.
        package: what Python imports.
    """

    plugin: str
    distribution: str
    package: str

    @property
    def suffix(self) -> str:
        """Of files that a reader or a writer handles, without the dot."""
        return self.plugin.replace("-", "")

    @property
    def variable(self) -> str:
        """An environment variable of the plugin's own."""
        return self.package.upper()

    def put_into(self, text: str) -> str:
        """Replace the words NAME, PACKAGE, SUFFIX and VARIABLE."""
        words = {"NAME": self.plugin, "PACKAGE": self.package, "SUFFIX": self.suffix, "VARIABLE": self.variable}
        return re.sub("|".join(words), lambda found: words[found[0]], text)


def names_for(given: str) -> Names:
    """Return the names of a plugin; ``causalkit-`` in front of a name is taken as its distribution's.

    Raises:
        WrongUsageError: the name breaks the rule; the hint suggests another.
    """
    name = given.removeprefix(_PREFIX)
    if not _NAME.fullmatch(name) or len(name) > MAX_LENGTH:
        near = re.sub(r"[^a-z0-9]+", "-", name.lower()).lstrip("-0123456789")[:MAX_LENGTH].strip("-")
        rule = f'use lower-case words joined by "-", at most {MAX_LENGTH} characters'
        raise WrongUsageError(f"{given!r} cannot be the name of a plugin", f"{rule}: {near or 'my-method'}")
    distribution = _PREFIX + name
    return Names(plugin=name, distribution=distribution, package=distribution.replace("-", "_"))


def check_free(names: Names, kind: type[Contribution] | None, *, command: bool = False) -> None:
    """Refuse names that an installed plugin has.

    Args:
        names: of the new plugin.
        kind: of its contribution, or None.
        command: it adds a command of this name.

    Raises:
        WrongUsageError: the plugin, its package or its contribution would have a name that is taken.
    """
    hint = "choose another name, or uninstall that package"
    for plugin in registry().plugins:
        if names.plugin == plugin.name or names.distribution == plugin.distribution:
            raise WrongUsageError(f"there is a plugin {plugin.name!r} already, in {plugin.distribution}", hint)
    if command and names.plugin in SUMMARIES:
        raise WrongUsageError(f"{names.plugin!r} is a command of causalkit itself", "choose another name")
    for provided in registry().all(kind) if kind is not None else ():
        if names.plugin in (provided.record.name, *provided.record.aliases):
            raise WrongUsageError(
                f"there is a {provided.record.noun} {names.plugin!r} already, from {provided.plugin.distribution}", hint
            )
    if importlib.util.find_spec(names.package) is not None:
        raise WrongUsageError(f"there is a package {names.package!r} already", hint)
