"""Add records to the tasks of a leaderboard, and write its pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from causalkit.compare.record import CellRecord
from causalkit.compare.store import load_records
from causalkit.display.words import count
from causalkit.errors import WrongUsageError
from causalkit.report.leaderboard.tasks import Task, identity_of, load_tasks, slug_of

TASKS = "tasks"


@dataclass
class Published:
    """What `publish_leaderboard` wrote.

    Attributes:
        index: the first page.
        tasks: all versions of all tasks of the board.
        notes: sentences about new tasks and versions, and added results.
    """

    index: Path
    tasks: list[Task] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def publish_leaderboard(
    folders: Sequence[str | Path] | str | Path,
    site: str | Path,
    *,
    metric: str = "auroc",
    title: str = "Leaderboard",
) -> Published:
    """Write a leaderboard, or add results to one that is there.

    Args:
        folders: of ``causalkit compare --out``; one, or several.
        site: the folder of the pages.
        metric: ranks the methods of each task.
        title: of the pages.

    Raises:
        DataError: a folder without records, or a damaged file of the board.
        UnknownNameError: an unknown metric.
        WrongUsageError: the folder of the pages cannot be written.
    """
    from causalkit.plugins.records import Metric
    from causalkit.plugins.registry import registry
    from causalkit.report.leaderboard.pages import write_pages

    metric = registry().get(Metric, metric).record.name
    given = [folders] if isinstance(folders, str | Path) else list(folders)
    records = [record for folder in given for record in load_records(folder) if record.status != "skipped"]
    site = Path(site)
    try:
        (site / TASKS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WrongUsageError(
            f"cannot create the folder {site}: {error.strerror or error}", "choose another"
        ) from error
    tasks = load_tasks(site / TASKS)
    notes = add_records(tasks, records)
    for task in tasks:
        task.save(site / TASKS)
    return Published(write_pages(tasks, site, metric=metric, title=title), tasks, notes)


def add_records(tasks: list[Task], records: Iterable[CellRecord]) -> list[str]:
    """Add records to the newest fitting version of their task, or to a new version; return sentences about it."""
    groups: dict[tuple[str, str], list[CellRecord]] = {}
    for record in records:
        groups.setdefault((record.cell.data, str(identity_of(record))), []).append(record)
    notes = []
    for (label, _), group in groups.items():
        identity = identity_of(group[0])
        same = [task for task in tasks if task.identity == identity]
        slug = same[0].slug if same else slug_of(label)
        task = next((one for one in reversed(same) if one.takes(group)), None)
        if task is None:
            versions = [one.version for one in tasks if one.slug == slug]
            task = Task(label=label, slug=slug, version=max(versions, default=0) + 1, identity=identity)
            tasks.append(task)
            if versions:
                why = "its data changed" if same else "its parameters or settings changed"
                notes.append(f"{label} has version {task.version} now, because {why}")
            else:
                notes.append(f"new task {label}")
        added = sum(task.add(record) for record in group)
        notes.append(f"{count(added, 'result')} added to {task.name}")
    tasks.sort(key=lambda one: (one.slug, one.version))
    return notes
