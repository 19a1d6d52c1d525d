"""``causalkit doctor`` describes an installation, also a sick one."""

import json

import pytest

from causalkit.cli import doctor as module


def test_a_sound_installation_is_described(run):
    code, out, _err = run("doctor", "--json")
    assert code == 0
    found = json.loads(out)
    assert list(found) == ["versions", "plugins", "machine", "settings", "small discovery"]
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
