"""Readers of formats that causalkit does not know: one hands its options on, one forgets them."""

import pandas as pd

from causalkit import Panel, Reader, hookimpl


def read_pipes(path, options):
    return Panel.from_frame(pd.read_csv(path, sep="|"), source=str(path), **options.given())


def read_bars(path, options):
    return Panel.from_frame(pd.read_csv(path, sep="|"), source=str(path))


@hookimpl
def causalkit_readers():
    yield Reader(name="pipes", factory=read_pipes, summary="Cells between pipes", suffixes=(".pipes",))
    yield Reader(name="bars", factory=read_bars, summary="The same, without options", suffixes=(".bars",))
