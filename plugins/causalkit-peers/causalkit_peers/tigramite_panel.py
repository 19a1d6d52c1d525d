"""Panels and background knowledge as tigramite wants them, and what it leaves out."""

from __future__ import annotations

from typing import Any

import numpy as np

from causalkit import Panel, Run
from causalkit.errors import DataError

Links = dict[int, dict[tuple[int, int], str]]


def data_frame_arguments(panel: Panel) -> dict[str, Any]:
    """Return the arguments of tigramite's DataFrame: one array a recording, and a number that marks missing cells."""
    # tigramite marks missing cells in the arrays that it is given, hence copies.
    recordings = {number: values.copy() for number, values in enumerate(panel)}
    mode = "single" if len(recordings) == 1 else "multiple"
    if not panel.missing:
        return {"data": recordings, "analysis_mode": mode}
    flag = 1.0 + 2.0 * max(float(np.nanmax(np.abs(values), initial=0.0)) for values in panel)
    for values in recordings.values():
        values[np.isnan(values)] = flag
    return {"data": recordings, "analysis_mode": mode, "missing_flag": flag}


def windows_of(panel: Panel, lag: int) -> dict[str, int]:
    """Return how many time steps every test sees, where no cell is missing."""
    return {} if panel.missing else {"windows": sum(max(0, length - 2 * lag) for length in panel.lengths)}


def left_out(panel: Panel, lag: int, method: str) -> list[str]:
    """Say which data tigramite will not use.

    Args:
        method: how sentences call it.

    Raises:
        DataError: no recording is longer than ``2 * lag`` steps.
    """
    needed = 2 * lag + 1
    short = sum(length < needed for length in panel.lengths)
    if short == len(panel.lengths):
        longest = max(panel.lengths)
        choose = (longest - 1) // 2
        raise DataError(
            f"{panel.source}: {method} needs 2 * lag + 1 = {needed} rows, and the longest realisation has {longest}",
            f"choose {panel.hint('lag', choose)} or less"
            if choose
            else "record at least three rows without interruption",
        )
    notes = []
    if short:
        notes.append(f"{method} left out {short} of {len(panel.lengths)} realisations with fewer than {needed} rows.")
    if panel.missing:
        notes.append(f"Each test of {method} left out the time steps at which a cell that it needs is missing.")
    if panel.lower_frequency:
        names = ", ".join(panel.lower_frequency)
        notes.append(f"{method} does not carry {names} forward: the cells between two values count as missing.")
    return notes


def allowed_links(panel: Panel, run: Run, lag: int, *, within_step: bool) -> Links | None:
    """Return the links of each effect that background knowledge leaves, as tigramite wants them; None: all.

    Args:
        lag: K; links at lags 1 to K.
        within_step: links at lag 0 too, with the orientation that is left where one direction is forbidden.
    """
    if run.knowledge is None:
        return None
    allowed = run.knowledge.allowed(panel.names)
    links: Links = {
        effect: {
            (int(cause), -back): "-?>" for cause in np.flatnonzero(allowed[:, effect]) for back in range(1, lag + 1)
        }
        for effect in range(panel.series)
    }
    if within_step:
        marks = {(True, True): "o?o", (True, False): "-?>", (False, True): "<?-"}
        for cause, effect in np.argwhere(~np.eye(panel.series, dtype=bool)).tolist():
            mark = marks.get((bool(allowed[cause, effect]), bool(allowed[effect, cause])))
            if mark:
                links[effect][cause, 0] = mark
    return links
