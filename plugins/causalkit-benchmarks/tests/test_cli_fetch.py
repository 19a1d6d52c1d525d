"""The command line with a published file that comes from a server on localhost."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from causalkit.cli.main import _run
from tests.data_files import real
from tests.write_faults import SAID, full, read_only

FILE = "sos/data_samples_SOS.mat"


@pytest.fixture
def run(capsys):
    def call(*arguments):
        code = _run([str(argument) for argument in arguments], debug=False)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def mirror(server, cache, monkeypatch):
    """A server that has the one file of the family sos."""
    server.content = real(FILE).read_bytes()
    monkeypatch.setenv("CAUSALKIT_MIRROR", server.url("good"))
    return server


def here(run):
    (item,) = json.loads(run("datasets", "sos", "--json")[1])
    return item["here"]


def test_fetch_then_discover(run, mirror, cache, tmp_path):
    assert not here(run)
    code, out, err = run("fetch", "sos")
    assert code == 0
    assert out == f"{cache / FILE}\n"
    assert "Ronen" in err
    assert here(run)
    assert "here: yes" in run("show", "sos")[1]
    data, truth = tmp_path / "d.csv", tmp_path / "t.csv"
    assert run("fetch", "sos", "-o", data, "--truth", truth)[0] == 0
    written = run("discover", data, "-m", "var", "--lag", 1, "--truth", truth, "--json")
    direct = run("discover", "--dataset", "sos", "-m", "var", "--lag", 1, "--json")
    assert np.allclose(json.loads(written[1])["scores"], json.loads(direct[1])["scores"], rtol=1e-9)
    assert len(mirror.requests) == 1


def test_discover_fetches_by_itself(run, mirror, tmp_path):
    home = tmp_path / "elsewhere"
    code, out, _ = run("discover", "--dataset", "sos", "-m", "var", "--lag", 1, "--json", "--data-home", home)
    assert code == 0
    assert json.loads(out)["evaluation"]
    assert (home / FILE).is_file()


def test_without_the_file_the_error_says_all_that_is_needed(run, server, cache, monkeypatch):
    monkeypatch.setenv("CAUSALKIT_MIRROR", server.url("missing"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # nothing leaves this machine
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    code, out, err = run("discover", "--dataset", "sos", "-m", "var")
    assert (code, out) == (3, "")
    assert len(err.splitlines()) == 1
    for said in ("404", "https://", "13168 bytes", "sha256 f65155a2", str(cache / FILE), "CAUSALKIT_MIRROR", "proxy"):
        assert said in err


@pytest.mark.parametrize("fault", [full, read_only])
@pytest.mark.parametrize(
    ("options", "named"), [(("-o", "out/sos.csv"), "out/sos.csv"), (("--data-home", "out"), "out")]
)
def test_what_the_system_refuses_is_one_sentence_and_the_next_call_works(
    run, mirror, tmp_path, monkeypatch, fault, options, named
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    if "-o" in options:
        assert run("fetch", "sos", "-q")[0] == 0
    with fault(tmp_path / "out"):
        code, _, err = run("fetch", "sos", "-q", *options)
    assert code == 3
    (line,) = [one for one in err.splitlines() if "error" in one]
    assert named in line
    assert re.search(SAID[fault], line), line
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file() and path.stat().st_size]
    assert run("fetch", "sos", "-q", *options)[0] == 0
