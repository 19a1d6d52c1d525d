"""What a forecaster can be pre-trained on, as users name it: files, data sets, panels, forecasters."""

from __future__ import annotations

import os
from pathlib import Path

from causalkit.core.panel import Panel
from causalkit.errors import DataError
from causalkit.io import ReadOptions, read
from causalkit.io.datasets import simulate
from causalkit.neural.transfer.pretrained import SUFFIX, Pretrained
from causalkit.plugins.records import Dataset
from causalkit.plugins.registry import registry
from causalkit.plugins.specification import parse_specification

Source = str | Path | Panel | Pretrained


def load_source(source: Source, seed: int) -> Panel | Pretrained:
    """Return the panel or the forecaster that a user names.

    Args:
        source: the path of a .safetensors file, of a table or of a folder; or a data set, ``lorenz96`` or
            ``lorenz96[forcing=8,steps=2000]``; or what has been loaded already.
        seed: of a data set that is simulated.

    Anything else is taken as a table: whatever `Panel.of` accepts.

    Raises:
        DataError: there is neither a file nor a data set of that name.
    """
    if isinstance(source, Panel | Pretrained):
        return source
    if not isinstance(source, str | Path):
        return Panel.of(source, source="the source")
    text = str(source)
    if text.endswith(SUFFIX):
        return Pretrained.load(text)
    if os.path.exists(text):
        return read(text, ReadOptions())
    specification = parse_specification(text)
    family = specification.name.partition(":")[0]
    if Path(family).suffix:
        raise DataError(f"{text}: there is no such file", "name a file, a folder or a data set to pre-train on")
    registry().get(Dataset, family)
    return simulate(specification.name, seed=seed, **specification.params)[0]
