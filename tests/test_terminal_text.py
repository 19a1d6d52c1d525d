"""No control character of a file reaches a terminal."""

import numpy as np
import pytest

from causalkit.display.labels import visible

RED = "\x1b[31mred\x1b[0m"


@pytest.fixture
def table(tmp_path):
    x = np.random.default_rng(0).normal(size=(200, 3))
    for t in range(1, len(x)):
        x[t, 1] += 0.8 * x[t - 1, 0]
    path = tmp_path / "table.csv"
    rows = "\n".join(",".join(map(str, row)) for row in x)
    path.write_text(f"{RED},b,c\n{rows}\n")
    return path


@pytest.mark.parametrize(
    "command",
    [
        ("inspect", "table.csv"),
        ("discover", "table.csv", "--method", "var", "--lag", "1"),
        ("discover", "table.csv", "--method", "var", "--lag", "1", "--forbid", f"{RED} -> d"),
        ("discover", "table.csv", "--method", RED),
        ("discover", f"{RED}.csv"),
        ("show", RED),
        ("explain", "found.json", RED, "b"),
    ],
)
def test_escape_sequences_are_written_out(run, table, monkeypatch, command):
    monkeypatch.chdir(table.parent)
    assert run("discover", "table.csv", "--method", "var", "--lag", "1", "-q", "-o", "found.json")[0] == 0
    _, out, err = run(*command)
    assert "\x1b" not in out + err
    assert "red" in out + err


def test_lines_tabs_and_letters_of_all_scripts_stay():
    assert visible("a\tb\nö 漢字 é") == "a\tb\nö 漢字 é"
    assert visible("\x1b[2J\x07\x9b") == r"\x1b[2J\x07\x9b"
