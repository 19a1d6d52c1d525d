"""Every reader of files as one function, and what became of a file: read, refused in one sentence, or a defect."""

from __future__ import annotations

import contextlib
import re
import signal
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tomllib import TOMLDecodeError

import click

import causalkit
from causalkit.core.discovery import Discovery
from causalkit.core.interventions import with_interventions
from causalkit.core.panel import Panel
from causalkit.errors import CausalkitError

LONGEST = 700
"""Characters of the message of an error; more would be text of the file."""
SECONDS = 1.0
PICTURES = 10.0
DRAWN = ("report", "record folder")
HANGS = 20.0
SOUND = ("read", "refused")
DEFECTS = ("raw", "wrapped", "long", "slow")


@dataclass(frozen=True)
class Verdict:
    """What became of a file.

    Attributes:
        kind: "read"; "refused", with one sentence; or a defect: "raw" (an exception that is not causalkit's), "wrapped"
            (the text of another library's exception in a message), "long" (a message with too much of the file) or
            "slow".
        text: the message.
        seconds: of processor time.
    """

    kind: str
    text: str
    seconds: float

    @property
    def sound(self) -> bool:
        return self.kind in SOUND


class Hang(BaseException):
    """The reader does not end."""


def verdict(reader: str, path: Path) -> Verdict:
    """Read a file with one of `READERS` and say what became of it."""
    read, seconds = READERS[reader], PICTURES if reader in DRAWN else SECONDS
    started = time.process_time()  # a busy machine makes no reader slow
    with alarm(HANGS), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            read(path)
            kind, text = "read", ""
        except CausalkitError as error:
            kind, text = _of(error)
        except click.UsageError as error:  # of options; the command line reports it in one line
            kind, text = "refused", error.format_message()
        except Hang:
            kind, text = "slow", f"more than {HANGS:g} s"
        except Exception as error:
            kind, text = "raw", f"{type(error).__name__}: {str(error)[:300]}"
    took = time.process_time() - started
    return (
        Verdict("slow", f"{took:.1f} s; {text}", took)
        if kind in SOUND and took > seconds
        else Verdict(kind, text, took)
    )


def _of(error: CausalkitError) -> tuple[str, str]:
    text = error.message
    if len(text) > LONGEST or "\n" in text:
        return "long", f"{len(text)} characters: {text[:200]}"
    cause = error.__cause__
    inner = (
        ""
        if isinstance(cause, CausalkitError | TOMLDecodeError | OSError) or cause is None
        else " ".join(str(cause).split())
    )
    if re.search(r"\b[A-Z]\w*(Error|Exception|Warning)\b", text) or (len(inner) > 11 and inner[:60] in text):
        return "wrapped", text
    return "refused", text


@contextlib.contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raise `Hang` where the block takes longer."""

    def rung(*_: object) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, rung)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


NAMES = ("x0", "x1", "x2")
OPTIONS = (
    *("forbid", "require", "regulators", "intervention"),
    *("detrend", "difference", "levels", "clip", "prepare"),
)


def read_result(path: Path) -> None:
    """Load a result and use it in every way that needs no training."""
    found = Discovery.load(path)
    repr(found)
    found.summary()
    found._repr_html_()
    found.edges()
    found.graph()
    found.same_step_pairs()
    found.explain(found.names[0], found.names[-1])
    with contextlib.suppress(CausalkitError):
        found.knowledge  # noqa: B018
    with tempfile.TemporaryDirectory() as folder:
        for suffix in (".json", ".npz", ".csv", ".dot", ".graphml", ".gexf"):
            with contextlib.suppress(CausalkitError) if suffix in (".graphml", ".gexf") else contextlib.nullcontext():
                found.save(Path(folder) / f"again{suffix}")
        Discovery.load(Path(folder) / "again.json")
        Discovery.load(Path(folder) / "again.npz")


def report_result(path: Path) -> None:
    """Write the report of a result, which draws its pictures."""
    from causalkit.report.single import discovery_page
    from causalkit.report.source import read_result as read_one

    discovery_page(*read_one(path))


def read_record(path: Path) -> None:
    """Read a record of a comparison, and tabulate it."""
    from causalkit.compare.record import CellRecord
    from causalkit.compare.table import summarize
    from causalkit.report.results import Results

    record = CellRecord.load(path)
    record.discovered()
    record.true_graph()
    found = Results.of([record])
    found.summary("exclude")
    summarize([record])


def read_truth(path: Path) -> None:
    truth = causalkit.io.read_truth(path, orientation="cause-effect")
    repr(truth)
    truth.edge_list()
    truth.graph()
    truth.align((*truth.names, "another"))


def read_interventions(path: Path) -> None:
    import numpy as np

    panel = Panel((np.random.default_rng(0).standard_normal((40, 3)),), NAMES)
    with_interventions(panel, causalkit.io.read_interventions(path))


def read_regulators(path: Path) -> None:
    from causalkit.io.background import knowledge_of

    knowledge_of({"regulators": path}).allowed(NAMES)  # type: ignore[union-attr]


def read_config(path: Path) -> None:
    """Read a configuration and check everything in it that needs no data, as ``causalkit discover`` does."""
    from causalkit.api import build_method, parameter_tree
    from causalkit.cli.discover import RUN_KEYS, _typed, _understood
    from causalkit.cli.options.knowledge import known_beforehand
    from causalkit.plugins.params import read_config as read_tree

    tree = parameter_tree(read_tree(path))
    _typed({key: tree.pop(key) for key in RUN_KEYS if key in tree})
    _understood(known_beforehand(tree, dict.fromkeys(OPTIONS)))
    tree.pop("dataset", None)
    build_method(str(tree.pop("method", "var")), tree)


def read_comparison(path: Path) -> None:
    from causalkit.cli.options.types import Duration
    from causalkit.compare.config import read_comparison as read_one

    read_one(path, lambda value: Duration().convert(value, None, None))


def read_pretrained(path: Path) -> None:
    from causalkit.neural.transfer.pretrained import Pretrained

    repr(Pretrained.load(path))


def read_checkpoint(path: Path) -> None:
    """Go on from a checkpoint to the end of the training."""
    from causalkit.neural.training.checkpoint import load_checkpoint
    from tests.hostile_files import FINGERPRINT, networks

    made, schedule, state = networks()
    load_checkpoint(path, FINGERPRINT, made, schedule, state)
    while not state.stopped:
        losses = made.epoch(schedule.epoch(state))
        state.epoch += 1
        state.best.update(made.validation_errors(), made.averaged, state.epoch)
        state.record({**losses, "validation": float(state.best.latest.mean())}, 0.01)
        state.stopped = schedule.advance(state)


def read_data_folder(path: Path) -> None:
    """Read a file as one of two realisations in a folder."""
    from tests.hostile_files import SEEDS

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"1{path.suffix}").write_bytes(path.read_bytes())
        valid = SEEDS["data folder"][0]()
        (Path(folder) / f"2{valid.suffix}").write_bytes(valid.content)
        causalkit.read(folder)


def read_record_folder(path: Path) -> None:
    """Merge, publish and report a folder with a record of a comparison, as the commands do."""
    from causalkit.compare.merge import merge_folders
    from causalkit.report import report_comparison
    from causalkit.report.leaderboard import publish_leaderboard
    from tests.hostile_files import SEEDS

    with tempfile.TemporaryDirectory() as place:
        folder, other = Path(place) / "records", Path(place) / "others"
        folder.mkdir()
        other.mkdir()
        (folder / ("0" * 20 + ".json")).write_bytes(path.read_bytes())
        (other / ("1" * 20 + ".json")).write_bytes(SEEDS["record folder"][0]().content)
        merge_folders([folder, other], Path(place) / "merged")
        publish_leaderboard([folder], Path(place) / "site")
        report_comparison(folder, Path(place) / "page.html")


READERS: dict[str, Callable[[Path], object]] = {
    "result": read_result,
    "report": report_result,
    "record": read_record,
    "truth": read_truth,
    "data": causalkit.read,
    "interventions": read_interventions,
    "regulators": read_regulators,
    "config": read_config,
    "comparison": read_comparison,
    "pretrained": read_pretrained,
    "checkpoint": read_checkpoint,
    **dict.fromkeys(("parquet", "feather", "spreadsheet", "matlab", "netcdf", "edf"), causalkit.read),
    "data folder": read_data_folder,
    "record folder": read_record_folder,
}
