"""Recordings in .edf and .bdf files; needs pyedflib."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

from causalkit.core.shell import option_text
from causalkit.display.words import listed
from causalkit.errors import DataError
from causalkit.io.options import ReadOptions
from causalkit.io.tables.cells import shown
from causalkit.io.tables.opening import needed, opened
from causalkit.io.tables.table import Table


def edf_table(path: str | Path, options: ReadOptions) -> Table:
    """Return the channels of a recording in their physical units, with time in seconds.

    Raises:
        DataError: pyedflib is missing, or the channels that are not dropped have several sampling rates.
    """
    import pandas as pd

    with opened(path, "EDF or BDF") as plain:
        library = needed("pyedflib", path, "pyEDFlib")
        _check_size(plain)
        with library.EdfReader(str(plain)) as file:
            names = [label.strip() for label in file.getSignalLabels()]
            rates = [float(rate) for rate in file.getSampleFrequencies()]
            kept = [channel for channel, name in enumerate(names) if name not in options.drop]
            _check_rates({names[channel]: rates[channel] for channel in kept}, str(path))
            length = min((int(file.getNSamples()[channel]) for channel in kept), default=0)
            columns = [
                file.readSignal(channel)[:length] if channel in kept else np.full(length, np.nan)
                for channel in range(len(names))
            ]
    frame = pd.DataFrame(np.column_stack(columns) if columns else np.empty((0, 0)), columns=names)
    if not kept:
        return Table(frame, str(path))
    time = "time" if "time" not in names else "time of the sample"
    frame.insert(0, time, np.arange(length) / rates[kept[0]])
    return Table(frame, str(path), index=(time,))


def _check_size(path: Path) -> None:
    """Refuse a recording that is cut off, in words; pyedflib prints numbers on standard output.

    Raises:
        DataError: the header claims other records than there are bytes for.
    """
    with path.open("rb") as file:
        first = file.read(256)
        signals = _whole(first[252:256])
        rest = file.read(256 * max(signals, 0))
    per_record = sum(max(_whole(rest[at : at + 8]), 0) for at in range(216 * signals, 224 * signals, 8))
    sample = 3 if first[:1] == b"\xff" else 2  # BDF and EDF
    begins, records = 256 * (signals + 1), _whole(first[236:244])
    claimed, there = begins + records * per_record * sample, path.stat().st_size
    if signals > 0 and per_record and claimed != there:
        raise DataError(
            f"{path} has {there:,} bytes, and its header claims {claimed:,}",
            "the file may be damaged or cut off; copy or download it again",
        )


def _whole(field: bytes) -> int:
    """Return the number in a field of the header; 0 where there is none."""
    text = field.decode("ascii", "replace").strip()
    return int(text) if text.removeprefix("-").isdecimal() else 0


def _check_rates(rates: dict[str, float], source: str) -> None:
    """Refuse channels with different sampling rates; the hint leaves out those that do not have the usual one."""
    if len(set(rates.values())) < 2:
        return
    usual = Counter(rates.values()).most_common(1)[0][0]
    others = [name for name, rate in rates.items() if rate != usual]
    raise DataError(
        f"{source}: the channels have different sampling rates: {usual:g} Hz, but "
        + listed([f"{shown(name)} {rates[name]:g} Hz" for name in others], most=6),
        f"leave channels out with {option_text('drop', *others)}",
    )
