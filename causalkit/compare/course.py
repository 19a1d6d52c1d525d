"""How training goes on in time: the losses of epochs, with the seconds since the fit began."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

MOST = 200
_LOSSES = ("forecast", "validation")


class Course:
    """An observer that notes the time of epochs.

    `described` returns lists of equal length: ``seconds`` since the fit began, ``stage`` ("" for plain training),
    ``epoch``, counted from 1 in each stage, ``forecast`` and ``validation``, the errors on windows to learn from and on
    held-out windows, None where there is none. Of many epochs, 200 are kept, at even distances.
    """

    def __init__(self) -> None:
        self.started = time.perf_counter()
        self.stage = ""
        self.rows: list[tuple[float, str, int, float | None, float | None]] = []

    def on_start(self, info: Mapping[str, Any]) -> None:
        """Note the stage."""
        self.stage = str(info.get("stage") or "")

    def on_epoch(self, epoch: int, losses: Mapping[str, float]) -> None:
        """Note the time and the errors of an epoch; those of a rule that fits again have none, and do not count."""
        forecast, validation = (_number(losses.get(name)) for name in _LOSSES)
        if forecast is not None or validation is not None:
            self.rows.append((time.perf_counter() - self.started, self.stage, int(epoch), forecast, validation))

    def described(self) -> dict[str, list[Any]]:
        """Return the course as a record has it; empty where there was no epoch."""
        step = max(math.ceil(len(self.rows) / MOST), 1)
        rows = self.rows[::-step][::-1]  # the last epoch is always there
        columns = ("seconds", "stage", "epoch", *_LOSSES)
        return {name: [row[place] for row in rows] for place, name in enumerate(columns)} if rows else {}


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
