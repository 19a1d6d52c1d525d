"""``causalkit doctor`` describes an installation, also a sick one."""

import json

import pytest

from causalkit.cli import doctor as module
from tests.write_faults import read_only


def test_a_sound_installation_is_described(run):
    code, out, _err = run("doctor", "--json")
    assert code == 0
    found = json.loads(out)
    assert list(found) == ["versions", "plugins", "machine", "settings", "downloads", "small discovery"]
    assert not any("error" in answers for answers in found.values())
    assert found["small discovery"]["AUROC"] >= module.AUROC
    assert any(key.startswith("builtin@causalkit") for key in found["plugins"])
    assert "threads" in found["machine"]["numeric libraries"]


def test_text_has_everything_in_lines(run):
    code, out, _err = run("doctor")
    assert code == 0
    for words in ("versions\n", "  torch ", "plugins\n", "  processors ", "small discovery\n", "  AUROC "):
        assert words in out


@pytest.mark.parametrize("broken", list(module.QUESTIONS))
def test_what_fails_is_said_and_the_rest_is_there(run, monkeypatch, broken):
    def fails():
        raise ImportError("libgomp.so.1: cannot open shared object file")

    monkeypatch.setitem(module.QUESTIONS, "small discovery", lambda: {"method": "var", "AUROC": 1.0, "seconds": 0.1})
    monkeypatch.setitem(module.QUESTIONS, broken, fails)
    code, out, _err = run("doctor", "--json")
    found = json.loads(out)
    assert found.pop(broken) == {"error": "ImportError: libgomp.so.1: cannot open shared object file"}
    assert not any("error" in answers for answers in found.values())
    assert code == (3 if broken == "small discovery" else 0)


def test_a_discovery_that_finds_nothing_is_a_fault(run, monkeypatch):
    monkeypatch.setitem(module.QUESTIONS, "small discovery", lambda: {"method": "var", "AUROC": 0.5, "seconds": 0.1})
    code, _out, err = run("doctor")
    assert code == 3
    assert "AUROC of 0.5" in err


@pytest.fixture
def found_at_once(monkeypatch):
    monkeypatch.setitem(module.QUESTIONS, "small discovery", lambda: {"method": "var", "AUROC": 1.0, "seconds": 0.1})


def test_the_folder_of_downloads_is_looked_at(run, monkeypatch, tmp_path, found_at_once):
    def downloads(folder):
        monkeypatch.setenv("CAUSALKIT_CACHE", str(folder))
        return json.loads(run("doctor", "--json")[1])["downloads"]

    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "data.mat").write_bytes(bytes(2**20))
    there = {"folder": str(tmp_path / "cache"), "state": "can be written", "content": "1 file, 1.0 MiB"}
    assert downloads(tmp_path / "cache") == there
    with read_only(tmp_path / "cache"):
        state = downloads(tmp_path / "cache")["state"]
    assert state.startswith("cannot be written: Permission denied; name another one with CAUSALKIT_CACHE")
    assert downloads(tmp_path / "new")["state"] == "is made when something is downloaded"
    assert downloads(tmp_path / "cache" / "data.mat" / "in")["state"].startswith("cannot be made in ")
    assert not (tmp_path / "new").exists()


def test_a_folder_for_temporary_files_that_is_missing_is_named(run, monkeypatch, found_at_once):
    monkeypatch.setattr(module.tempfile, "tempdir", "/nowhere")
    said = json.loads(run("doctor", "--json")[1])["settings"]["temporary files"]
    assert said.startswith("cannot be written: No such file")
    assert "TMPDIR" in said


def test_lines_come_as_they_are_known(run, monkeypatch, capsys):
    def hangs():
        raise KeyboardInterrupt

    monkeypatch.setitem(module.QUESTIONS, "machine", hangs)
    code, out, _err = run("doctor")
    assert code == 130
    assert "  torch " in out
    assert out.endswith("\nmachine\n")
