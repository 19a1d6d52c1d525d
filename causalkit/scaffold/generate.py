"""Write the files of a new plugin."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from causalkit.core.shell import argument
from causalkit.errors import WrongUsageError, did_you_mean
from causalkit.io.atomic import atomic_folder
from causalkit.scaffold.kinds import KINDS
from causalkit.scaffold.naming import Names, check_free, names_for


@dataclass(frozen=True)
class Created:
    """What `create` wrote.

    Attributes:
        folder: of the new distribution.
        files: in it, relative to the folder.
        commands: that install, check and use it.
    """

    folder: Path
    files: tuple[Path, ...]
    commands: tuple[str, ...]


def create(name: str, *, kind: str = "method", directory: str | Path = ".") -> Created:
    """Write a small distribution with one contribution that works.

    Args:
        name: what users will type, lower-case words joined by "-".
        kind: what it contributes: a key of `KINDS`.
        directory: where its folder ``causalkit-NAME`` is created.

    Raises:
        WrongUsageError: the name is malformed or taken, the kind is unknown, or the folder is there already.
        WriteError: the disk is full, or the system refuses.
    """
    if kind not in KINDS:
        raise WrongUsageError(f"there is no template for a {kind!r}", did_you_mean(kind, KINDS))
    names = names_for(name)
    directory = Path(directory)
    if not os.path.isdir(directory):
        raise WrongUsageError(f"there is no folder {directory}", f"create it: mkdir -p {argument(directory)}")
    folder = directory / names.distribution
    if os.path.exists(folder):
        raise WrongUsageError(f"{folder} exists already", "nothing was written; choose another name or --directory")
    check_free(names, KINDS[kind].record, command=kind == "command")
    texts = render(names, kind)
    # Written aside and renamed, so that an interrupted command leaves no half of a plugin.
    with atomic_folder(folder) as draft:
        for path, text in texts.items():
            (draft / path).parent.mkdir(parents=True, exist_ok=True)
            (draft / path).write_text(text, encoding="utf-8", newline="\n")
    commands = (
        f"cd {argument(folder)}",
        'python -m pip install -e ".[test]"',
        f"causalkit check {names.plugin}",
        "python -m pytest",
        names.put_into(KINDS[kind].example),
    )
    return Created(folder=folder, files=tuple(sorted(texts)), commands=commands)


def render(names: Names, kind: str) -> dict[Path, str]:
    """Return the files of a plugin by relative path."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("causalkit.scaffold", "templates"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # the output is source code, not HTML
    )
    module = kind.replace("-", "_")
    chosen = KINDS[kind]
    templates = {
        Path("pyproject.toml"): "pyproject.toml.j2",
        Path("README.md"): "README.md.j2",
        Path(names.package, "__init__.py"): chosen.template,
        Path(names.package, f"{module}.py"): f"{module}.py.j2",
        Path("tests", f"test_{module}.py"): f"test_{module}.py.j2",
        Path("tests", "test_contract.py"): "test_contract.py.j2",
        **{Path(names.package, names.put_into(name)): template for name, template in chosen.files.items()},
    }
    context = {
        "names": names,
        "kind": chosen.noun(kind),
        "module": module,
        "record": chosen.record.__name__ if chosen.record else "",
        "options": {key: names.put_into(value) for key, value in chosen.options.items()},
        "chosen": chosen,
        "example": names.put_into(chosen.example),
    }
    return {path: environment.get_template(template).render(context) for path, template in templates.items()}
