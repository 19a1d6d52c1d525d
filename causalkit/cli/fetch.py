"""``causalkit fetch``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import click

from causalkit.cli.options.data import data_home_option, environment
from causalkit.cli.options.method import set_option
from causalkit.errors import CausalkitError, DataError, Interrupted, NotOfferedError, WrongUsageError
from causalkit.plugins.records import Dataset

EPILOG = """
\b
Examples:
  causalkit fetch dream4
  causalkit fetch dream4:insilico_size10_1 netsim:sim3
  causalkit fetch --all --data-home data
  causalkit fetch dream4:insilico_size10_1 -o data.csv --truth truth.csv

CAUSALKIT_MIRROR lists folders or addresses, separated by commas, to try before the public ones.
"""
UNVERIFIED = "CAUSALKIT_ALLOW_UNVERIFIED"
MAX_FAILURES_IN_A_ROW = 3  # more probably mean that there is no network


@dataclass(frozen=True)
class _Item:
    """One thing to fetch.

    Attributes:
        label: ``family`` or ``family:item``.
        item: the part after the colon.
        fetch: brings its files here.
        named: the user asked for this one, not for all of a family.
    """

    label: str
    item: str | None
    fetch: Callable[[str | None], Iterable[Path]]
    named: bool


@click.command(epilog=EPILOG)
@click.argument("datasets", nargs=-1, metavar="[DATASET]...")
@click.option("--all", "everything", is_flag=True, help="Fetch all data sets that can be downloaded.")
@click.option("--unverified", is_flag=True, help="Accept files without a known SHA-256, and record theirs.")
@click.option("-o", "--output", metavar="FILE", help="Write the data set to csv, tsv or npz.")
@click.option("--truth", "truth_file", metavar="FILE", help="With -o: write the true edges to a csv file.")
@set_option("With -o: set a parameter of the data set.")
@click.option("-q", "--quiet", is_flag=True, help="Print only the paths of the files.")
@data_home_option
def fetch(
    datasets: tuple[str, ...],
    everything: bool,
    unverified: bool,
    output: str | None,
    truth_file: str | None,
    settings: tuple[str, ...],
    quiet: bool,
) -> None:
    """Download each DATASET, a family or one family:item, and print the paths of its files.

    Files that are already here are checked, not downloaded again. With -o, one data set is also written to files that
    discover reads.
    """
    if bool(datasets) == everything:
        wrong = "both data sets and --all are given" if everything else "no data set is named"
        raise WrongUsageError(wrong, "name data sets (see: causalkit datasets), or give --all")
    if output is None and (truth_file or settings):
        raise WrongUsageError("--truth and --set need -o", "name a file with -o")
    if output is not None and (everything or len(datasets) != 1):
        raise WrongUsageError("-o writes one data set", "name one")
    items = _everything() if everything else [item for name in datasets for item in _items(name)]
    with environment(UNVERIFIED, "1") if unverified else nullcontext():
        try:
            if output is not None:
                from causalkit.cli.written import write_dataset

                write_dataset(datasets[0], settings, 0, output, truth_file)
            else:
                _fetch(items, quiet, datasets)
        except KeyboardInterrupt:
            raise Interrupted("interrupted", "downloaded files are kept; the same command continues") from None


def _items(name: str) -> list[_Item]:
    """Return the items with this name.

    Raises:
        UnknownNameError: no data set has that name.
        WrongUsageError: there is nothing to fetch.
    """
    from causalkit.cli.catalogue import items_of
    from causalkit.plugins.registry import registry

    family, colon, item = name.partition(":")
    provided = registry().get(Dataset, family)
    record = provided.record
    if not record.fetch:
        if record.kind == "synthetic":
            raise WrongUsageError(
                f"{record.name} is simulated; there is nothing to fetch",
                f"write it to files with: causalkit simulate {record.name} -o data.csv",
            )
        raise WrongUsageError(
            f"{record.name} reads your own files; there is nothing to fetch", f"see: causalkit show {record.name}"
        )
    function = record.import_callable(record.fetch)
    if colon:
        return [_Item(name, item, function, named=True)]
    listed = items_of(provided)
    return [_Item(one.name, one.name.partition(":")[2] or None, function, named=len(listed) == 1) for one in listed]


def _everything() -> list[_Item]:
    from causalkit.plugins.registry import registry

    provided = [one for one in registry().all(Dataset) if one.record.fetch]
    if not provided:
        raise WrongUsageError("no installed plugin offers data sets for download", "install causalkit-benchmarks")
    return [replace(item, named=False) for one in provided for item in _items(one.qualified)]


def _fetch(items: list[_Item], quiet: bool, asked: tuple[str, ...]) -> None:
    """Fetch the items one by one and print the paths of their files; a failure does not stop the others.

    Args:
        items: what to fetch.
        quiet: print only the paths.
        asked: the names that the user gave.

    Raises:
        CausalkitError: the only one failed, or some of several did.
    """
    from causalkit.cli.console import note

    printed: set[Path] = set()
    failed: list[str] = []
    in_a_row = tried = 0
    skipped = ""
    for item in items:
        tried += 1
        try:
            paths = list(item.fetch(item.item))
        except CausalkitError as error:
            if isinstance(error, NotOfferedError) and not item.named:
                note(f"skipped {item.label}: {error.message}", quiet=quiet)
                skipped = item.label
                continue
            if len(items) == 1:
                raise
            note(f"failed {item.label}: {error.message}")
            failed.append(item.label)
            in_a_row += 1
            if in_a_row == MAX_FAILURES_IN_A_ROW:
                break
            continue
        in_a_row = 0
        note(f"{item.label} is here", quiet=quiet)
        for path in paths:
            if path not in printed:
                printed.add(path)
                click.echo(path)
    if skipped and skipped not in asked:  # the same command would skip it again
        note(f"to see why one was skipped: causalkit fetch {skipped}", quiet=quiet)
    if failed:
        left = f", {len(items) - tried} were not tried" if tried < len(items) else ""
        raise DataError(
            f"{len(failed)} of {len(items)} data sets could not be fetched{left}",
            f"downloaded files are kept and the same command continues; for details: causalkit fetch {failed[0]}",
        )
