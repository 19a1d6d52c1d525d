"""Files of published data: where they lie on this machine."""

from __future__ import annotations

import os
from pathlib import Path


def local_file(name: str) -> Path:
    """Return the path of a registered file such as ``"dream4/insilico_size10_1_timeseries.tsv"``."""
    return Path(os.environ["CAUSALKIT_MIRROR"]) / name
