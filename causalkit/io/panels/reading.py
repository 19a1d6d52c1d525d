"""Read a file, several files or a folder as one panel."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from causalkit.core.names import natural
from causalkit.core.panel import Panel
from causalkit.core.sampling import Sampling
from causalkit.core.shell import option_text
from causalkit.display.words import listed
from causalkit.errors import CausalkitError, DataError, PluginError, did_you_mean
from causalkit.io.layout import refuse_descriptions
from causalkit.io.options import ReadOptions
from causalkit.io.panels.lower_frequency import with_lower_frequency, without_lower_frequency
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
    if isinstance(paths, str) and "\n" in paths:
        raise DataError("a path is expected, and this is the text of a file", "write it into a file and give its path")
    if isinstance(paths, str | Path):
        if not os.path.isdir(paths):
            return _read_file(Path(paths), options)
        files, source = _files_of(Path(paths)), str(paths)
    else:
        files = [Path(path) for path in paths]
        if not files:
            raise DataError("there is no file to read", "name at least one")
        source = str(files[0]) if len(files) == 1 else f"{len(files)} files, first {files[0]}"
    # One file may be too short to recognise a series of lower frequency, and another may have its every value.
    panels = [without_lower_frequency(_read_file(path, options)) for path in files]
    if options.irregular == "refuse":
        _check_steps(panels, files)
    return with_lower_frequency(_joined(panels, files, source), options, option_text)


def _read_file(path: Path, options: ReadOptions) -> Panel:
    if os.path.isdir(path):
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
            f"{path} cannot be read: the reader {provided.qualified} failed",
            "check the file; if it is valid, report this with the output of --debug to the author of the reader",
        ) from error
    if not isinstance(panel, Panel):
        raise PluginError(
            f"the reader {provided.qualified} returned {type(panel).__name__}, not a Panel",
            "report this to the plugin's author",
        )
    for option in ("drop", "panel_column", "time_column"):
        for name in getattr(options, option):
            if name in panel.names:  # a reader that ignores options
                raise PluginError(
                    f"{path}: the reader {provided.qualified} does not act on {option_text(option, name)}",
                    "report this to the plugin's author",
                )
    return panel


def _files_of(folder: Path) -> list[Path]:
    found = data_files(folder)
    if not found:
        raise DataError(f"the folder {folder} has no data file", "known suffixes: " + ", ".join(_suffixes()))
    return sorted(found, key=lambda path: natural(path.name))


def data_files(folder: str | Path) -> list[Path]:
    """Return the files of a folder that are read as realisations where the folder is given."""
    suffixes = tuple(_suffixes())
    return [
        path
        for path in Path(folder).iterdir()
        if path.is_file() and not path.name.startswith(".") and path.name.lower().endswith(suffixes)
    ]


def _suffixes() -> list[str]:
    # A .json file in a folder of data is rather a result or a description than one of the realisations.
    return [suffix for suffix in known_suffixes(Reader) if not suffix.startswith(".json")]


def _joined(panels: Sequence[Panel], paths: Sequence[Path], source: str) -> Panel:
    """Return the realisations of all panels under the names and in the order of the first."""
    if len(panels) == 1:
        return replace(panels[0], source=source)
    names = panels[0].names
    realisations = list(panels[0].realisations)
    for panel, path in zip(panels[1:], paths[1:], strict=True):
        if set(panel.names) != set(names):
            raise _mismatch(panel.names, names, path, paths[0])
        order = [panel.names.index(name) for name in names]
        realisations.extend(values[:, order] for values in panel)
    if len(panels) > 1:
        refuse_descriptions(realisations, names, source, option_text, identified=True)
    return Panel(
        realisations=tuple(realisations),
        names=names,
        source=source,
        notes=_notes(panels, paths),
        sampling=_sampling([panel.sampling for panel in panels]),
    )


def _check_steps(panels: Sequence[Panel], paths: Sequence[Path]) -> None:
    """Refuse files whose steps differ in length: a lag would mean something else in each.

    Raises:
        DataError: two files have different steps.
    """
    known = [(panel.sampling, path) for panel, path in zip(panels, paths, strict=True) if panel.sampling]
    for sampling, path in known[1:]:
        first, first_path = known[0]
        if sampling.step and first.step and not _alike(sampling, first):
            raise DataError(
                f"{path} has a step of {sampling.step} and {first_path} has one of {first.step}",
                f"interpolate to equal steps with {option_text('resample', 'STEP')}, or take the rows as they are with "
                f"{option_text('irregular', 'accept')}",
            )


def _alike(one: Sampling, other: Sampling) -> bool:
    if one.step == other.step:
        return True
    try:
        lengths = [float(s.step if s.seconds is None else s.seconds) for s in (one, other)]
    except ValueError:
        return False
    return math.isclose(*lengths, rel_tol=0.01)


def _sampling(found: Sequence[Sampling | None]) -> Sampling | None:
    """Return what is common to the files, each of which is one realisation or several."""
    known = [sampling for sampling in found if sampling is not None]
    if len(known) < len(found):
        return None
    first = known[0]
    same_time = all(sampling.time == first.time for sampling in known)
    return replace(
        first,
        time=first.time if same_time else (),
        first=first.first if len({sampling.first for sampling in known}) == 1 else "",
        last=first.last if len({sampling.last for sampling in known}) == 1 else "",
        gaps=sum(sampling.gaps for sampling in known),
        realisations="files",
        left_out=tuple(dict.fromkeys(name for sampling in known for name in sampling.left_out)),
        times=tuple(times for sampling in known for times in sampling.times) if same_time else (),
    )


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
    notes: list[str] = []
    for note in dict.fromkeys(note for panel in panels for note in panel.notes):
        having = [path.name for panel, path in zip(panels, paths, strict=True) if note in panel.notes]
        if len(having) == len(panels):
            notes.append(f"in all {len(panels)} files: {note}")
        else:
            notes.append(f"{listed(having, most=2)}: {note}")
    return tuple(notes)
