"""The command line of the core alone: what it prints, writes and refuses, and its exit codes."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd
import pytest
from pydantic import Field

from causalkit import Discovery
from causalkit.cli.main import COMMANDS
from causalkit.cli.show import _type_name
from causalkit.plugins.reserved import SUMMARIES
from tests.systems import lagged_pair

pytestmark = pytest.mark.installed


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "own.csv"
    frame = pd.DataFrame(lagged_pair(), columns=["a", "b", "c"])
    frame.insert(0, "time", np.arange(len(frame)) * 0.5)
    frame.loc[10, "b"] = np.nan
    frame.to_csv(path, index=False)
    return path


def test_explain_prints_what_python_says_about_an_edge(run, tmp_path):
    path = tmp_path / "result.json"
    run("discover", "--dataset", "lorenz96", "--method", "var", "-o", str(path))
    code, out, _ = run("explain", str(path), "x9", "x0")
    assert (code, out.strip()) == (0, Discovery.load(path).explain("x9", "x0"))
    code, _, err = run("explain", str(path), "x9", "y")
    assert code == 2
    assert "unknown series 'y'" in err


def test_discover_prints_edges_and_says_what_it_did(run, table):
    code, out, err = run("discover", table, "--method", "var", "--lag", 3)
    assert code == 0
    first = next(line for line in out.splitlines() if line.startswith("a "))
    assert first.split()[:3] == ["a", "b", "2"]
    for said in (
        "3 series",
        "300 steps",
        "1 missing cell\n",
        "dropped",
        "lag 3",
        "seed 0",
        "device cpu",
        "'time' was taken",
    ):
        assert said in err


def test_discover_writes_files_that_other_commands_read(run, table, tmp_path):
    result, edges = tmp_path / "r.json", tmp_path / "e.csv"
    picture, truth = tmp_path / "p.png", tmp_path / "t.csv"
    truth.write_text("cause,effect,lag\na,b,2\n")
    code, _, _ = run("discover", table, "-m", "var", "-o", result, "-o", edges, "--plot", picture, "--truth", truth)
    assert code == 0
    assert pd.read_csv(edges).iloc[0][["cause", "effect", "lag"]].tolist() == ["a", "b", 2]
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert Discovery.load(result).config["method"] == "var"
    code, out, _ = run("evaluate", result, "--truth", truth, "--json")
    assert json.loads(out)["evaluation"]["exclude"]["auroc"] == 1.0
    code, _, _ = run("plot", result, "--kind", "heatmap", "-o", tmp_path / "h.svg")
    assert code == 0
    assert "<svg" in (tmp_path / "h.svg").read_text()


def test_json_is_all_that_stands_on_stdout(run, table):
    code, out, err = run("discover", table, "-m", "var", "--json", "--select", "fdr:0.05")
    record = json.loads(out)
    assert code == 0
    assert err == ""
    assert record["schema"] == 1
    assert record["selection"]["rule"] == "fdr:0.05"
    assert record["scores"][0][1][1] == max(score for row in record["scores"] for cell in row for score in cell)


@pytest.mark.parametrize(
    ("category", "shown"), [("causalkit.plotting.fonts", True), ("matplotlib.font_manager", False)]
)
def test_warnings_of_causalkit_are_shown_and_those_of_libraries_are_not(category, shown, capsys):
    from causalkit.cli.main import _show_warning

    _show_warning("some letters", type("SomeWarning", (UserWarning,), {"__module__": category}))
    assert ("causalkit: warning: some letters" in capsys.readouterr().err) == shown


def test_top_limits_the_table_with_and_without_a_selection(run, table):
    rows = ("discover", table, "--method", "var", "--lag", 3, "-q")

    def edges(*options):
        code, out, _ = run(*rows, *options)
        assert code == 0
        return out.splitlines()[0], len(out.splitlines()) - 3

    assert edges("--select", "top-k:4", "--top", 2) == ("The strongest 2 edges of 4 selected by top-k:4", 2)
    assert edges("--select", "top-k:4") == ("4 edges selected by top-k:4", 4)
    assert edges("--select", "none", "--top", 1) == ("The strongest edge between different series", 1)
    assert edges("--select", "none")[1] == 18  # of 20 that would be shown
    assert edges("--select", "threshold:0", "--top", 40)[0] == "18 edges in 6 pairs of series selected by threshold:0"


def test_quiet_prints_the_table_only(run, table):
    _, out, err = run("discover", table, "-m", "var", "-q")
    assert "a " in out
    assert err == ""


def test_simulate_and_discover_fit_together(run, tmp_path):
    data, truth = tmp_path / "d.csv", tmp_path / "t.csv"
    assert run("simulate", "var", "-s", "series=4", "--seed", 2, "-o", data, "--truth", truth)[0] == 0
    code, out, _ = run("discover", data, "-m", "var", "--lag", 3, "--truth", truth, "--json")
    assert code == 0
    assert json.loads(out)["evaluation"]["exclude"]["lagged-auroc"] > 0.95


def test_data_set_parameters_and_configuration_have_one_precedence(run, tmp_path):
    config = tmp_path / "run.toml"
    config.write_text('method = "var"\nlag = 4\nseed = 5\n[dataset]\nname = "var"\nseries = 6\nsteps = 300\n')
    code, out, _ = run("discover", "--config", config, "--lag", 2, "-s", "dataset.series=5", "--json")
    record = json.loads(out)
    assert code == 0
    assert (len(record["names"]), record["lags"], record["seed"]) == (5, 2, 5)
    assert record["data"]["steps"] == [300]


def test_set_gives_the_run_typed_values(run, table):
    settings = ("-s", "standardize=false", "-s", "threads=2", "-s", "time_limit=2m", "-s", "seed=3")
    code, out, _ = run("discover", table, "-m", "var", *settings, "--json")
    assert code == 0
    record = json.loads(out)
    kept = {key: record["config"][key] for key in ("standardize", "threads", "time_limit")}
    assert (kept, record["seed"]) == ({"standardize": False, "threads": 2, "time_limit": 120.0}, 3)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["discover"], 2, "no data are given"),
        (["discver"], 2, "did you mean discover?"),
        (["discover", "{table}", "-m", "vra"], 2, "did you mean var?"),
        (["discover", "{table}", "-m", "var", "-s", "trnd=c"], 2, "did you mean trend?"),
        (["discover", "{table}", "-m", "var", "-s", "trend"], 2, "KEY=VALUE"),
        (["discover", "{table}", "-m", "var", "--forecaster", "mlp"], 2, "no forecaster to choose"),
        (["discover", "{table}", "-m", "var", "--lag", "0"], 2, "lag"),
        (["discover", "{table}", "-m", "var", "--lag", "x"], 2, "'x' is not a lag"),
        (["discover", "{table}", "-m", "var", "-o", "r.xyz"], 2, ".graphml"),
        (["discover", "{table}", "-m", "var", "-o", "no/such/r.json"], 2, "mkdir -p"),
        (["discover", "{table}", "-m", "var", "--plot", "r.bmp"], 2, ".png"),
        (["discover", "{table}", "-m", "var", "--select", "top-q:3"], 2, "top-k"),
        (["discover", "{table}", "-m", "var", "--time-limit", "soon"], 2, "10m"),
        (["discover", "{table}", "--dataset", "var"], 2, "not both"),
        (["discover", "{table}", "-m", "var", "-s", "dataset.series=3"], 2, "no data set is used"),
        (["discover", "--dataset", "vra"], 2, "did you mean var?"),
        (["discover", "--dataset", "var", "-m", "var", "-s", "dataset.serie=3"], 2, "dataset.series"),
        (["discover", "{table}", "-m", "var", "--resume", "--checkpoint", "c.safetensors"], 2, "no checkpoint"),
        (["discover", "{table}", "-m", "var", "--drop", "z"], 3, "'z'"),
        (["discover", "missing.csv"], 3, "missing.csv"),
        (["evaluate", "missing.json", "--truth", "t.csv"], 3, "missing.json"),
        (["discover", "{table}", "-m", "var", "-s", "threads=two"], 2, "threads=two"),
        (["discover", "{table}", "-m", "var", "-s", "standardize=perhaps"], 2, "boolean"),
        (["show", "lorenz"], 2, "lorenz96"),
        (["discover", "missing.csv", "-m", "vra"], 2, "did you mean var?"),
        (["discover", "{table}", "--alpha", "0.01"], 2, "No such option '--alpha'. Did you mean --select fdr:0.01?"),
        (["discover", "{table}", "--max-lag", "3"], 2, "Did you mean --lag 3?"),
        (["discover", "{table}", "--zzz"], 2, "No such option '--zzz' (see: causalkit discover --help)"),
        (["simulate", "var", "-o", "x.doc"], 2, ".csv"),
    ],
)
def test_mistakes_are_one_line_with_a_way_out(run, table, arguments, code, said):
    found, out, err = run(*(str(argument).format(table=table) for argument in arguments))
    assert found == code
    assert said in err
    assert out == ""
    assert err.strip().splitlines()[-1].startswith("causalkit: error: ")
    assert sum(line.startswith("causalkit: error") for line in err.splitlines()) == 1
    assert "Traceback" not in err


def test_nothing_is_written_when_the_data_is_bad(run, tmp_path):
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n2,x\n3,4\n")
    code, _, err = run("discover", tmp_path / "bad.csv", "-m", "var", "-o", tmp_path / "r.json")
    assert code == 3
    assert "line 3" in err
    assert [file.name for file in tmp_path.iterdir()] == ["bad.csv"]


def test_an_existing_result_survives_a_failed_run(run, table, tmp_path):
    result = tmp_path / "r.json"
    run("discover", table, "-m", "var", "-o", result)
    before = result.read_bytes()
    assert run("discover", table, "-m", "var", "--lag", 200, "-o", result)[0] == 3
    assert result.read_bytes() == before


def test_scores_are_saved_even_when_the_rule_cannot_be_applied(run, tmp_path, table, monkeypatch):
    """The var method has p-values; take them away, as with a method that tests nothing."""
    from causalkit.builtin.methods.linear_var import LinearVar

    fit = LinearVar.fit
    monkeypatch.setattr(LinearVar, "fit", lambda *given: replace(fit(*given), p_values=None, joint_p_values=None))
    code, _, err = run("discover", table, "-m", "var", "--select", "fdr:0.05", "-o", tmp_path / "r.json")
    assert code == 2
    assert "p-values" in err
    assert Discovery.load(tmp_path / "r.json").selected is None


def test_truth_that_does_not_match_stops_before_the_work(run, table, tmp_path):
    (tmp_path / "t.csv").write_text("cause,effect\nA,b\n")
    code, _, err = run("discover", table, "-m", "var", "--truth", tmp_path / "t.csv")
    assert code == 3
    assert "'A'" in err


@pytest.mark.parametrize("command", ["methods", "forecasters", "regularizers", "datasets", "metrics", "plugins"])
def test_listings_as_json(run, command):
    code, out, _ = run(command, "--json")
    assert code == 0
    for row in json.loads(out):
        assert {"name", "summary", "plugin", "version"} <= set(row)


def test_listing_of_methods_and_their_parameters(run):
    assert "var" in run("methods")[1]
    code, out, _ = run("show", "lorenz96")
    assert code == 0
    assert "dataset.forcing" in out
    assert "10.0" in out


def test_types_of_parameters_are_readable():
    assert _type_name(Annotated[float, Field(ge=0)] | Literal["path"]) == "float|path"
    assert _type_name(int | None) == "int|none"
    assert _type_name(tuple[int, ...]) == "int,..."


@pytest.mark.plugins
def test_show_lists_the_settings_that_all_neural_methods_share(run):
    code, out, _ = run("show", "grngc", "--json")
    assert code == 0
    shown = {row["key"]: row for row in json.loads(out)[0]["parameters"]}
    assert {"ensemble", "pretrain.source", "pretrain.epochs", "finetune.layers", "finetune.epochs"} <= shown.keys()
    assert shown["finetune.layers"]["type"] == "all|head"
    assert "pretrain.snapshots" not in shown
    for stage in ("pretrain", "finetune"):
        for name in ("epochs", "batch_size", "schedule"):
            inherited = {"key": f"{stage}.{name}", "default": f"training.{name}"}
            assert shown[f"{stage}.{name}"] == shown[f"training.{name}"] | inherited
    assert all(row["description"] for row in shown.values())
    _, out, _ = run("show", "var", "--json")
    assert not any(row["key"] == "ensemble" for part in json.loads(out) for row in part["parameters"])


def test_every_command_has_a_summary_and_help_with_an_example(run):
    assert set(COMMANDS) == set(SUMMARIES)
    for command in ("discover", "evaluate", "simulate", "plot", "show"):
        code, out, _ = run(command, "--help")
        assert code == 0
        assert "causalkit " + command in out.split("Example")[1]


def test_help_and_listings_import_nothing_heavy():
    script = (
        "import sys\n"
        "from causalkit.cli.main import _run\n"
        "for command in (['--help'], ['discover', '--help'], ['plugins'], ['methods'], ['forecasters'],\n"
        "                ['regularizers'], ['datasets'], ['metrics'], ['methods', '--json']):\n"
        "    assert _run(command, False) == 0, command\n"
        "heavy = {'torch', 'pandas', 'statsmodels', 'matplotlib', 'numpy', 'sklearn', 'networkx'} & set(sys.modules)\n"
        "print('HEAVY', sorted(heavy))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "HEAVY []"


def test_module_and_console_script_are_the_same():
    script = shutil.which("causalkit", path=str(Path(sys.executable).parent))
    assert script, "there is no program causalkit beside this Python"
    for command in ([sys.executable, "-m", "causalkit"], [script]):
        done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
        assert done.stdout == "causalkit, version 1.0.0\n"


def test_a_closed_pipe_is_no_error():
    done = subprocess.run(
        f"{sys.executable} -m causalkit datasets --json | head -1", shell=True, capture_output=True, text=True
    )
    assert done.stderr == ""
