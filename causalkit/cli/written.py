"""Write a data set to files that ``discover`` reads, for ``simulate`` and ``fetch -o``."""

from __future__ import annotations

from collections.abc import Iterable

from causalkit.display.words import count, span
from causalkit.errors import WrongUsageError


def write_dataset(dataset: str, settings: Iterable[str], seed: int, output: str, truth_file: str | None) -> None:
    """Load or simulate a data set and write it, and its true graph where asked for.

    Args:
        dataset: ``family`` or ``family:item``.
        settings: its parameters as KEY=VALUE, with or without ``dataset.`` before the key.
        output, truth_file: paths; the truth is not written where its path is None.

    Raises:
        WrongUsageError: a file cannot be written there, or the true graph is not known.
        CausalkitError: as `causalkit.simulate`.
    """
    from causalkit import api, io
    from causalkit.cli.console import note
    from causalkit.plugins.params import parse_settings

    io.check_overwrites({"-o": output, "--truth": truth_file}, {})
    io.check_writable(output)
    if truth_file:
        io.check_writable(truth_file)
    given = parse_settings(settings)
    nested = given.pop("dataset", {})
    panel, truth = api.simulate(dataset, seed=seed, **{**given, **nested})
    if truth_file and truth is None:
        raise WrongUsageError(f"the true graph of {dataset} is not known", "leave out --truth")
    io.write_panel(panel, output)
    realisations = count(len(panel.lengths), "realisation")
    note(f"wrote {output}: {panel.series} series, {realisations} of {span(panel.lengths)} steps")
    if truth_file and truth is not None:
        io.write_truth(truth, truth_file)
        note(f"wrote {truth_file}: {count(truth.count, 'edge')}")
        if truth.scope is not None:
            note(
                f"note: this truth covers only pairs of {len(truth.scope)} of the {len(truth.names)} series. A list of "
                "edges cannot store that; discover --dataset keeps it"
            )
