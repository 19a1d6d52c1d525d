"""What is printed never ends a run: encodings without a character, full disks, readers that leave."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

FOUND = ("discover", "--dataset", "lagged-pair", "-m", "var", "--lag", "1")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="pipes and devices of POSIX")

BUFFERED = {**os.environ, "PYTHONUNBUFFERED": ""}
"""The usual way of Python; a shell may have another one."""


def run(*arguments, setting=None, **streams):
    command = [sys.executable, "-m", "causalkit", *arguments]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams
    return subprocess.run(command, env=BUFFERED | (setting or {}), timeout=120, check=False, **streams)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_table_is_printed_where_the_encoding_lacks_its_characters(encoding):
    ended = run(*FOUND, setting={"PYTHONIOENCODING": encoding})
    assert ended.returncode == 0, ended.stderr
    assert "effect size" in ended.stdout.decode(encoding)
    assert b"method   var" in ended.stderr


def test_json_on_a_stream_without_a_character_still_has_the_name(tmp_path):
    table = tmp_path / "a.csv"
    rows = "".join(f"{k * k * k % 11},{k * k % 5}\n" for k in range(60))
    table.write_text(f"\u00e9\u2212\U0001f600,b\n{rows}", "utf-8")
    ended = run("discover", table, *FOUND[3:], "--json", setting={"PYTHONIOENCODING": "ascii"})
    assert json.loads(ended.stdout)["names"][0] == "\u00e9\u2212\U0001f600"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is full")
def test_a_full_disk_behind_standard_error_costs_no_result(tmp_path):
    with open("/dev/full", "wb") as full:
        ended = run(*FOUND, "-o", tmp_path / "found.json", stderr=full)
    assert ended.returncode == 0
    assert b"effect size" in ended.stdout
    assert (tmp_path / "found.json").exists()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is full")
def test_a_full_disk_behind_standard_output_is_said():
    with open("/dev/full", "wb") as full:
        ended = run("metrics", stdout=full)
    assert ended.returncode == 3
    assert b"standard output or a temporary file: No space left on device" in ended.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is full")
@pytest.mark.parametrize("said", ["pass", "raise KeyboardInterrupt", "raise OSError(28, 'No space left on device')"])
def test_what_is_printed_at_the_very_end_may_find_a_full_disk(said):
    script = (
        "import sys; from causalkit.cli import main as module\n"
        f"def run(*_, **__):\n    sys.stdout.write('edges')\n    {said}\n"
        "module.cli.main = run\nmodule.main([])"
    )
    with open("/dev/full", "wb") as full:
        command = [sys.executable, "-c", script]
        ended = subprocess.run(command, env=BUFFERED, stdout=full, stderr=subprocess.PIPE, check=False)
    assert ended.returncode == (130 if "Interrupt" in said else 3)
    assert ended.stderr.count(b"\n") == 1


@pytest.mark.parametrize("arguments", [("methods",), ("show", "var"), ("--help",), ("discover", "--help")])
def test_a_reader_that_left_is_no_failed_gate(arguments):
    read, write = os.pipe()
    os.close(read)
    try:
        ended = run(*arguments, stdout=write)
    finally:
        os.close(write)
    assert (ended.returncode, ended.stderr) == (141, b"")


def test_a_wrong_backend_of_matplotlib_is_refused_before_any_work(tmp_path):
    for option in (("--plot", "a.png"), ("--report", "a.html")):
        path = tmp_path / option[1]
        ended = run(*FOUND, option[0], path, setting={"MPLBACKEND": "nonsense"})
        assert ended.returncode == 2
        assert b"matplotlib knows no backend 'nonsense'" in ended.stderr
        assert not ended.stdout


def test_edges_are_printed_where_a_picture_fails_in_any_way(tmp_path, monkeypatch, capsys):
    import causalkit.plotting
    from causalkit.cli.main import _run

    def fails(*given, **more):
        raise RuntimeError("the drawing failed")

    monkeypatch.setattr(causalkit.plotting, "plot", fails)
    assert _run([*FOUND, "--plot", str(tmp_path / "a.png")], debug=False) == 3
    shown = capsys.readouterr()
    assert "effect size" in shown.out
    assert "the drawing failed" in shown.err


def test_names_that_the_locale_lacks_are_written(tmp_path):
    locale = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    ended = run("simulate", "lagged-pair", "-o", str(tmp_path / "\u00e9.csv"), setting=locale)
    assert ended.returncode == 0, ended.stderr
    assert os.listdir(tmp_path) == ["\u00e9.csv"]


def test_closed_streams_change_neither_files_nor_the_exit_code(tmp_path):
    line = ["bash", "-c", '"$@" <&- >&- 2>&-', "bash", sys.executable, "-m", "causalkit", *FOUND]
    closed = subprocess.run([*line, "-o", tmp_path / "closed.csv"], timeout=120, check=False)
    assert closed.returncode == 0
    assert run(*FOUND, "-o", tmp_path / "open.csv").returncode == 0
    assert (tmp_path / "closed.csv").read_bytes() == (tmp_path / "open.csv").read_bytes()
