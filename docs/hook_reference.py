"""Write docs/hooks.md, the reference of hooks and records, from their docstrings and fields.

python docs/hook_reference.py
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from pathlib import Path

from causalkit.plugins import hookspecs
from causalkit.plugins.records import Contribution, DatasetItem
from causalkit.plugins.registry import KINDS, hook_of

PAGE = Path(__file__).with_name("hooks.md")
HEAD = """# Hooks and records

<!-- Written by docs/hook_reference.py from the code. Do not edit. -->

This page lists every hook and every field of every record. [Plugins](plugins.md) explains their use, with examples.
`causalkit new-plugin NAME --kind KIND` writes a plugin that works, for each of the hooks.

## Fields of every record

"""
_ATTRIBUTES = re.compile(r"\n\s*Attributes:\n(.*?)(?:\n\s*\n|\Z)", re.DOTALL)
_ENTRY = re.compile(r"^(\w+(?:, \w+)*): ", re.MULTILINE)


def page() -> str:
    """Return the text of the page."""
    parts = [HEAD, _table(Contribution, [one.name for one in dataclasses.fields(Contribution)])]
    kinds = {hook_of(kind): kind for kind in KINDS}
    for name, hook in vars(hookspecs).items():
        if not name.startswith("causalkit_"):
            continue
        arguments = ", ".join(inspect.signature(hook).parameters)
        summary = _prose(inspect.getdoc(hook) or "")
        parts.append(f"\n## `{name}({arguments})`\n\n{summary}\n")
        if name in kinds:
            parts.append(_record(kinds[name]))
        if name == "causalkit_datasets":
            listed = "`causalkit.DatasetItem` describes one data set of a family, for the field `catalogue`.\n\n"
            parts.append("\n" + listed + _table(DatasetItem, [one.name for one in dataclasses.fields(DatasetItem)]))
        kind = name.removeprefix("causalkit_").removesuffix("s").replace("_", "-")
        parts.append(f"\nTo start from: `causalkit new-plugin NAME --kind {kind}`.\n")
    return "".join(parts)


def explained(record: type) -> dict[str, str]:
    """Return what the docstring of a record, or of one that it is a kind of, says about each field."""
    found: dict[str, str] = {}
    for base in reversed(record.__mro__):
        text = inspect.cleandoc(base.__doc__ or "")
        section = _ATTRIBUTES.search(text + "\n")
        if not section or not dataclasses.is_dataclass(base):
            continue
        body = inspect.cleandoc("\n" + section[1])
        starts = list(_ENTRY.finditer(body))
        for start, end in zip(starts, [*[one.start() for one in starts[1:]], len(body)], strict=True):
            for name in start[1].split(", "):
                found[name] = " ".join(body[start.end() : end].split())
    return found


def _record(kind: type[Contribution]) -> str:
    fields = [one.name for one in dataclasses.fields(kind)]
    shared = {one.name for one in dataclasses.fields(Contribution)}
    common, own = explained(Contribution), explained(kind)
    listed = [name for name in fields if name not in shared or own[name] != common[name]]
    lines = f"\nIt yields records of the class `causalkit.{kind.__name__}`. {_prose(inspect.getdoc(kind) or '')}\n"
    return lines + ("\n" + _table(kind, listed) if listed else "\nThe record has no further fields.\n")


def _table(record: type, names: list[str]) -> str:
    meanings = explained(record)
    fields = {one.name: one for one in dataclasses.fields(record)}
    rows = [
        f"| `{name}` | {_cell(meanings[name])} | {_type(fields[name])} | {_default(fields[name])} |" for name in names
    ]
    return "| field | meaning | type | default |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"


def _type(field: dataclasses.Field) -> str:
    return "`" + str(field.type).replace("|", "\\|") + "`"


def _default(field: dataclasses.Field) -> str:
    if field.default is not dataclasses.MISSING:
        return f"`{field.default!r}`"
    return f"`{field.default_factory()!r}`" if field.default_factory is not dataclasses.MISSING else "required"


def _cell(text: str) -> str:
    text = text[0].upper() + text[1:]
    return _words(text).replace("|", "\\|") + ("" if text.endswith((".", "?")) else ".")


def _prose(docstring: str) -> str:
    """Return a docstring up to its first list or example."""
    text = re.split(r"\n```|\n\s*(?:Attributes|Raises|Args):\n", docstring)[0]
    return _words(text.strip())


def _words(text: str) -> str:
    return text.replace("``", "`")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
