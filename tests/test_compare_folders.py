"""What is done with folders of records: digests of source code, merging, a leaderboard, and curves over time."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from importlib.metadata import EntryPoint

import numpy as np
import pytest

from causalkit.cli.main import _run
from causalkit.compare import load_records, run_grid
from causalkit.compare.course import MOST, Course
from causalkit.compare.merge import merge_folders
from causalkit.compare.record import CellRecord
from causalkit.core.discovery import Discovery
from causalkit.errors import DataError, UnknownNameError, WrongUsageError
from causalkit.io.results.record import to_record
from causalkit.plugins import source
from causalkit.plugins.registry import Registry
from causalkit.report.leaderboard import publish_leaderboard
from causalkit.report.sections.convergence import auroc_by_truth, held_out
from tests.comparisons import made


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A real comparison of two methods, seeds 0 and 1."""
    out = tmp_path_factory.mktemp("compare")
    run_grid(["var", "var[lag=1]"], ["lagged-pair"], "0:2", out=out)
    return out


def write(folder, records):
    folder.mkdir(exist_ok=True)
    for record in records:
        record.save(folder)
    return folder


def command(capsys, *arguments):
    code = _run(["compare", *map(str, arguments)], debug=False)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


class TestSource:
    @pytest.fixture(autouse=True)
    def fresh(self):
        source._of_package.cache_clear()
        yield
        source._of_package.cache_clear()

    @pytest.fixture
    def package(self, tmp_path, monkeypatch):
        folder = tmp_path / "changing_plugin"
        folder.mkdir()
        (folder / "__init__.py").write_text("from causalkit import hookimpl\n")
        (folder / "method.py").write_text("LAG = 1\n")
        monkeypatch.syspath_prepend(tmp_path)
        points = [EntryPoint(name="changing", value="changing_plugin", group="causalkit")]
        monkeypatch.setattr(source, "registry", lambda: Registry(points=points, disabled=(), strict=True))
        return folder

    def digest(self):
        source._of_package.cache_clear()
        return source.source_digests(source.registry().plugins)["unknown"]

    def test_a_changed_file_changes_the_digest_and_compiled_files_do_not(self, package):
        before = self.digest()
        (package / "__pycache__").mkdir(exist_ok=True)
        (package / "__pycache__" / "method.cpython-311.pyc").write_bytes(b"x")
        (package / "method.py").write_bytes(b"LAG = 1\r\n")  # as another system checks it out
        assert self.digest() == before
        (package / "method.py").write_text("LAG = 2\n")
        changed = self.digest()
        assert changed != before
        (package / "method.py").rename(package / "other.py")
        assert self.digest() not in (before, changed)

    def test_records_have_the_digests_of_what_computed_them(self, finished):
        (digest,) = {record.sources["causalkit"] for record in load_records(finished)}
        assert digest == source.source_digests(Registry().plugins)["causalkit"]

    def test_other_source_code_of_the_same_version_is_noticed_on_resuming(self, finished, tmp_path, capsys):
        records = load_records(finished)
        write(tmp_path / "old", [replace(one, sources={"causalkit": "0" * 16}) for one in records])
        arguments = ["-m", "var", "-m", "var[lag=1]", "-d", "lagged-pair", "--seeds", "0:2", "--out", tmp_path / "old"]
        code, _, err = command(capsys, *arguments)
        assert code == 0
        assert "4 records were made by other source code of causalkit 1.0.0, whose version is the same" in err
        assert "0 of 4 cells to compute" in err
        _, _, err = command(capsys, *arguments, "--refresh")
        assert "4 of 4 cells to compute" in err
        _, _, err = command(capsys, *arguments)
        assert "source code" not in err

    def test_records_without_digests_are_no_reason_to_complain(self, finished, tmp_path, capsys):
        write(tmp_path / "old", [replace(one, sources={}) for one in load_records(finished)])
        arguments = ["-m", "var", "-m", "var[lag=1]", "-d", "lagged-pair", "--seeds", "0:2", "--out", tmp_path / "old"]
        assert "source code" not in command(capsys, *arguments)[2]


class TestMerge:
    def test_parts_of_two_machines_become_one_folder(self, tmp_path, capsys):
        one = write(tmp_path / "one", [made("var", "a", seed, 0.9) for seed in (0, 1)])
        two = write(tmp_path / "two", [made("var", "a", seed, 0.8) for seed in (2, 3)])
        code, out, err = command(capsys, "merge", one, two, "--out", tmp_path / "both")
        assert code == 0
        assert err == f"4 records in {tmp_path / 'both'}\n"
        assert "4 seeds" in out
        assert [record.cell.seed for record in load_records(tmp_path / "both")] == [0, 1, 2, 3]

    def test_a_result_is_preferred_to_a_failure_and_the_first_folder_to_the_second(self, tmp_path):
        one = write(tmp_path / "one", [made("var", "a", 0, 0.9), made("var", "a", 1, status="failed")])
        two = write(tmp_path / "two", [made("var", "a", 0, 0.5), made("var", "a", 1, 0.7)])
        merged = merge_folders([one, two], tmp_path / "both")
        assert [record.metric("auroc") for record in merged.records] == [0.9, 0.7]
        said = " ".join(merged.notes)
        assert "1 cell was computed more than once; the result of the first folder is kept" in said
        assert "1 of them gave another result elsewhere (var on a with seed 0)" in said

    def test_other_versions_and_other_source_code_are_named(self, tmp_path):
        one = write(tmp_path / "one", [made("var", "a", 0, 0.9, sources={"causalkit": "aa"})])
        two = write(tmp_path / "two", [made("var", "a", 1, 0.9, sources={"causalkit": "bb"})])
        newer = write(tmp_path / "new", [made("var", "a", 2, 0.9, versions={"causalkit": "1.1.0"})])
        said = " ".join(merge_folders([one, two, newer], tmp_path / "all").notes)
        assert "versions differ between records: causalkit (1.0.0, 1.1.0)" in said
        assert "source code differs between records: causalkit" in said

    def test_labels_of_the_first_folder_hold_for_all(self, tmp_path):
        records = [made("var", "a", 0, 0.9), made("var", "a", 1, 0.8)]
        other = replace(records[1], cell=replace(records[1].cell, method="baseline", data="the same"))
        merged = merge_folders(
            [write(tmp_path / "one", records[:1]), write(tmp_path / "two", [other])], tmp_path / "both"
        )
        assert {(record.cell.method, record.cell.data) for record in merged.records} == {("var", "a")}
        assert {record.cell.method for record in load_records(tmp_path / "both")} == {"var"}

    def test_an_existing_folder_is_added_to_and_comes_first(self, tmp_path):
        out = write(tmp_path / "out", [made("var", "a", 0, 0.9)])
        merge_folders([write(tmp_path / "two", [made("var", "a", 0, 0.1), made("var", "a", 1, 0.8)])], out)
        assert [record.metric("auroc") for record in load_records(out)] == [0.9, 0.8]

    def test_unequal_data_end_with_an_error_after_the_table(self, tmp_path, capsys):
        one = write(tmp_path / "one", [made("var", "a", 0, 0.9)])
        two = write(tmp_path / "two", [replace(made("other", "a", 0, 0.8), data={"sha256": "elsewhere"})])
        code, out, err = command(capsys, "merge", one, two, "--out", tmp_path / "both")
        assert code == 3
        assert "auroc" in out
        assert "did not see the same panel of a with seed 0" in err

    def test_what_cannot_be_merged_is_refused(self, tmp_path):
        one = write(tmp_path / "one", [made("var", "a", 0, 0.9)])
        with pytest.raises(WrongUsageError, match="nothing to merge"):
            merge_folders([one], tmp_path / "both")
        with pytest.raises(DataError, match="no folder"):
            merge_folders([one, tmp_path / "nowhere"], tmp_path / "both")
        assert not (tmp_path / "both").exists()


def tasks_of(site):
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted((site / "tasks").glob("*.json"))}


class TestLeaderboard:
    def test_methods_are_ranked_and_incomplete_ones_come_last(self, tmp_path):
        records = [made("good", "a", seed, 0.9 + seed / 100) for seed in (0, 1)]
        records += [made("fair", "a", seed, 0.7) for seed in (0, 1)]
        records += [made("partial", "a", 0, 1.0), made("partial", "a", 1, status="failed")]
        published = publish_leaderboard(write(tmp_path / "run", records), tmp_path / "site", title="My <board>")
        page = (tmp_path / "site" / "tasks" / "a-v1.html").read_text("utf-8")
        places = [page.index(f'<th scope="row">{name}') for name in ("good", "fair", "partial")]
        assert places == sorted(places)
        assert "1 cell failed: it did not work" in page
        index = published.index.read_text("utf-8")
        assert "My &lt;board&gt;" in index
        assert 'href="tasks/a-v1.html"' in index
        for text in (page, index):
            assert "<script" not in text
            assert "http://" not in text.replace("http://www.w3.org", "")
            assert "https://" not in text

    def test_results_are_added_and_newer_ones_take_the_place_of_older_ones(self, tmp_path):
        site = tmp_path / "site"
        first = write(tmp_path / "one", [made("var", "a", 0, 0.5, started="2026-01-01")])
        publish_leaderboard(first, site)
        later = [made("var", "a", 0, 0.9, started="2026-02-01"), made("new", "a", 0, 0.8, started="2026-02-01")]
        published = publish_leaderboard(write(tmp_path / "two", later), site)
        assert published.notes == ["2 results added to a-v1"]
        publish_leaderboard(first, site)  # an old result changes nothing
        (task,) = tasks_of(site).values()
        assert task["results"]["var"]["0"]["metrics"]["exclude"]["auroc"] == 0.9
        assert set(task["results"]) == {"var", "new"}

    def test_other_settings_and_other_data_are_new_versions_and_old_pages_stay(self, tmp_path):
        site = tmp_path / "site"
        publish_leaderboard(write(tmp_path / "one", [made("var", "a", 0, 0.5)]), site)
        before = (site / "tasks" / "a-v1.json").read_bytes()
        settings = made("var", "a", 0, 0.6, settings={"threads": 1, "select": "fdr:0.05"})
        notes = publish_leaderboard(write(tmp_path / "two", [settings]), site).notes
        assert notes[0] == "a has version 2 now, because its parameters or settings changed"
        data = replace(made("var", "a", 0, 0.7), data={"sha256": "another"})
        notes = publish_leaderboard(write(tmp_path / "three", [data]), site).notes
        assert notes[0] == "a has version 3 now, because its data changed"
        assert (site / "tasks" / "a-v1.json").read_bytes() == before
        assert "There is a newer version" in (site / "tasks" / "a-v1.html").read_text("utf-8")
        assert 'href="a-v2.html"' in (site / "tasks" / "a-v3.html").read_text("utf-8")
        index = (site / "index.html").read_text("utf-8")
        assert "a-v3.html" in index
        assert "a-v1.html" not in index

    def test_more_threads_and_more_seeds_are_the_same_task(self, tmp_path):
        site = tmp_path / "site"
        publish_leaderboard(write(tmp_path / "one", [made("var", "a", 0, 0.5)]), site)
        more = [made("var", "a", 1, 0.5, settings={"threads": 4})]
        publish_leaderboard(write(tmp_path / "two", more), site)
        assert set(tasks_of(site)) == {"a-v1"}

    def test_no_name_of_a_machine_is_published(self, tmp_path):
        record = made("var", "a", 0, 0.5, environment={"host": "secret-host", "processor": "Abacus 3"})
        publish_leaderboard(write(tmp_path / "one", [record]), tmp_path / "site")
        texts = [path.read_text("utf-8") for path in (tmp_path / "site").rglob("*") if path.is_file()]
        assert not any("secret-host" in text for text in texts)
        assert any("Abacus 3" in text for text in texts)

    def test_the_command_on_the_page_computes_the_same_task(self, finished, tmp_path, capsys):
        site = tmp_path / "site"
        publish_leaderboard(finished, site)
        page = (site / "tasks" / "lagged-pair-v1.html").read_text("utf-8")
        line = page.partition("<code>causalkit compare -m METHOD ")[2].partition("</code>")[0]
        line = line.replace("&#39;", "'").replace("&#34;", '"')
        import shlex

        again = ["-m", "var[lag=3]", *shlex.split(line), "--out", tmp_path / "again", "-q"]
        assert command(capsys, *again)[0] == 0
        assert publish_leaderboard(tmp_path / "again", site).notes == ["2 results added to lagged-pair-v1"]

    def test_labels_that_look_alike_in_file_names_keep_apart(self, tmp_path):
        records = [made("var", "a[x=1]", 0, 0.5), made("var", "a[x=-1]", 0, 0.6)]
        publish_leaderboard(write(tmp_path / "one", records), tmp_path / "site")
        assert len(tasks_of(tmp_path / "site")) == 2

    def test_what_is_wrong_is_said(self, tmp_path):
        site, run = tmp_path / "site", write(tmp_path / "one", [made("var", "a", 0, 0.5)])
        with pytest.raises(UnknownNameError, match="did you mean auroc"):
            publish_leaderboard(run, site, metric="aurok")
        publish_leaderboard(run, site)
        (site / "tasks" / "a-v1.json").write_text('{"kind": "causalkit-task", "schema": 1}')
        with pytest.raises(DataError, match="is damaged"):
            publish_leaderboard(run, site)


class TestCurves:
    def test_a_course_keeps_time_and_the_last_epoch(self):
        course = Course()
        course.on_start({"epochs": 1000, "stage": "train"})
        for epoch in range(1, 1001):
            course.on_epoch(epoch, {"forecast": 1 / epoch, "validation": 2 / epoch})
        course.on_start({"epochs": 1, "stage": "stability"})
        course.on_epoch(1, {})  # a rule that fits again: no losses
        found = course.described()
        assert {len(values) for values in found.values()} == {MOST}
        assert found["epoch"][-1] == 1000
        assert found["seconds"] == sorted(found["seconds"])
        assert found["validation"][-1] == 0.002
        assert set(found["stage"]) == {"train"}

    def test_a_record_with_a_course_comes_back(self, tmp_path):
        course = {"seconds": [0.1], "stage": ["train"], "epoch": [1], "forecast": [0.5], "validation": [None]}
        path = made("grngc", "a", 0, 0.9, course=course).save(tmp_path)
        assert CellRecord.load(path).course == course
        broken = json.loads(path.read_text())
        broken["course"]["epoch"] = [1, 2]
        path.write_text(json.dumps(broken))
        with pytest.raises(DataError, match="equal length"):
            CellRecord.load(path)

    def test_a_line_is_broken_between_stages(self):
        course = {
            "seconds": [1.0, 2.0, 3.0, 4.0],
            "stage": ["one", "one", "two", "two"],
            "epoch": [1, 2, 1, 2],
            "forecast": [1.0, 0.5, 1.0, 0.5],
            "validation": [1.0, 0.9, None, 0.8],
        }
        (fit,) = held_out([made("grngc", "a", 0, 0.9, course=course)])
        assert fit.seconds[:2] == [1.0, 2.0]
        assert math.isnan(fit.seconds[2])
        assert fit.values[3] == 0.8

    def test_auroc_follows_the_scores_that_were_kept(self):
        names = ("a", "b")
        early, late = np.zeros((2, 2, 1)), np.zeros((2, 2, 1))
        early[1, 0], late[0, 1] = 1.0, 1.0
        path = {"epochs": np.array([1.0, 2.0]), "scores": np.stack([early, late]), "forecast": np.ones(2)}
        course = {
            "seconds": [0.5, 1.5],
            "stage": ["train", "train"],
            "epoch": [1, 2],
            "forecast": [1.0, 0.5],
            "validation": [None, None],
        }
        record = made(
            "grngc",
            "a",
            0,
            1.0,
            course=course,
            discovery=to_record(Discovery(names, late, path=path)),
            truth={"names": list(names), "edges": [["a", "b"]]},
        )
        (fit,) = auroc_by_truth([record])
        assert list(fit.seconds) == [0.5, 1.5]
        assert list(fit.values) == [0.0, 1.0]
        assert fit.last == (2.0, 1.0)

    def test_pictures_of_a_folder(self, finished, tmp_path, capsys):
        picture = tmp_path / "auroc.png"
        code, _, err = command(capsys, "curves", finished, "-o", picture, "--quantity", "auroc-by-truth")
        assert (code, err) == (0, f"wrote {picture}\n")
        assert picture.stat().st_size > 5000
        code, _, err = command(capsys, "curves", finished, "-o", picture)
        assert code == 3
        assert "has an error on held-out windows" in err
        code, _, err = command(capsys, "curves", finished, "-o", picture, "--data", "lagged")
        assert code == 2
        assert "did you mean lagged-pair" in err


def test_an_unknown_word_after_compare_is_answered_with_the_nearest(capsys):
    code, _, err = command(capsys, "mergee", "a")
    assert code == 2
    assert "did you mean merge" in err


def test_the_help_of_compare_lists_what_is_done_with_folders(capsys):
    code, out, _ = command(capsys, "--help")
    assert code == 0
    assert all(word in out for word in ("merge", "publish", "curves"))
