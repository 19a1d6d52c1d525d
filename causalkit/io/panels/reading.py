"""Read a file, several files or a folder as one panel."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from causalkit.core.panel import Panel
from causalkit.display.labels import natural
from causalkit.display.words import listed
from causalkit.errors import CausalkitError, DataError, PluginError, did_you_mean
from causalkit.io.options import ReadOptions
from causalkit.io.paths import by_suffix, existing_file, known_suffixes
from causalkit.plugins.records import Reader

_DEFAULT = ReadOptions()


def read(paths: str | Path | Sequence[str | Path], options: ReadOptions = _DEFAULT) -> Panel:
    """Read data as one panel; the reader is chosen by suffix.

    Args:
        paths: a file; several files, each of which adds its realisations (series are matched by name, the first file
            gives their order); or a folder: all of its files with a known suffix, in natural order.
        options: how columns and time are treated.

    Raises:
        DataError: a file is missing, cannot be understood, or has other series than the first one.
    """
    if isinstance(paths, str | Path):
        if not Path(paths).is_dir():
            return _read_file(Path(paths), options)
        files, source = _files_of(Path(paths)), str(paths)
    else:
        files = [Path(path) for path in paths]
        if not files:
            raise DataError("there is no file to read", "name at least one")
        source = str(files[0]) if len(files) == 1 else f"{len(files)} files, first {files[0]}"
    return _joined([_read_file(path, options) for path in files], files, source)


def _read_file(path: Path, options: ReadOptions) -> Panel:
    if path.is_dir():
        raise DataError(f"{path} is a folder", "give either one folder or a list of files")
    existing_file(path)
    provided = by_suffix(Reader, path)
    read_one = provided.record.load()
    try:
        panel = read_one(path, options)
    except CausalkitError:
        raise
    except Exception as error:  # a reader of a plugin may fail in any way; its user still gets one line
        raise DataError(
            f"{path}: the reader {provided.qualified} failed: {type(error).__name__}: {' '.join(str(error).split())}",
            "check the file; if it is valid, report this to the author of the reader",
        ) from error
    if not isinstance(panel, Panel):
        raise PluginError(
            f"the reader {provided.qualified} returned {type(panel).__name__}, not a Panel",
            "report this to the plugin's author",
        )
    return panel


def _files_of(folder: Path) -> list[Path]:
    # A .json file in a folder of data is rather a result or a description than one of the realisations.
    suffixes = [suffix for suffix in known_suffixes(Reader) if not suffix.startswith(".json")]
    found = [
        path
        for path in folder.iterdir()
        if path.is_file() and not path.name.startswith(".") and path.name.lower().endswith(tuple(suffixes))
    ]
    if not found:
        raise DataError(f"the folder {folder} has no data file", "known suffixes: " + ", ".join(suffixes))
    return sorted(found, key=lambda path: natural(path.name))


def _joined(panels: Sequence[Panel], paths: Sequence[Path], source: str) -> Panel:
    """Return the realisations of all panels under the names and in the order of the first."""
    names = panels[0].names
    realisations = list(panels[0].realisations)
    for panel, path in zip(panels[1:], paths[1:], strict=True):
        if set(panel.names) != set(names):
            raise _mismatch(panel.names, names, path, paths[0])
        order = [panel.names.index(name) for name in names]
        realisations.extend(values[:, order] for values in panel)
    return Panel(realisations=tuple(realisations), names=names, source=source, notes=_notes(panels, paths))


def _mismatch(found: Sequence[str], names: Sequence[str], path: Path, first: Path) -> DataError:
    more = [name for name in found if name not in set(names)]
    less = [name for name in names if name not in set(found)]
    differences = []
    if more:
        differences.append(f"has the columns {listed([*map(repr, more)], most=6)} that {first} does not have")
    if less:
        differences.append(f"does not have the columns {listed([*map(repr, less)], most=6)} of {first}")
    hint = "all files of a panel must have the same series"
    if more and less:
        hint += f"; for {more[0]!r}, {did_you_mean(more[0], less)}"
    elif more:
        hint += "; leave columns out with --drop"
    return DataError(f"{path} " + " and ".join(differences), hint)


def _notes(panels: Sequence[Panel], paths: Sequence[Path]) -> tuple[str, ...]:
    """Return every note once: for all files together where all share it, else with the name of its file."""
    if len(panels) == 1:
        return panels[0].notes
    notes: list[str] = []
    for note in dict.fromkeys(note for panel in panels for note in panel.notes):
        having = [path.name for panel, path in zip(panels, paths, strict=True) if note in panel.notes]
        if len(having) == len(panels):
            notes.append(f"in all {len(panels)} files: {note}")
        else:
            notes.append(f"{listed(having, most=2)}: {note}")
    return tuple(notes)
