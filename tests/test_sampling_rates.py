"""The study of sampling rates and noise: what it simulates, and what it writes."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import causalkit
from causalkit.errors import DataError

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))  # scripts, not a package

import sampling_rates  # noqa: E402
from page_section import markers  # noqa: E402
from published_page import NONE  # noqa: E402

sys.path.remove(str(ROOT / "benchmarks"))

BEGIN, END = markers(sampling_rates.SECTION)


def values(system: str, rate: int, noise: float) -> np.ndarray:
    panel, _ = sampling_rates.Condition(system, rate, noise).simulate(3)
    return np.concatenate(panel.realisations)


class TestCondition:
    @pytest.mark.parametrize("system", ["lorenz96", "gene-network", "var"])
    def test_noise_is_in_units_of_each_series(self, system):
        clean, noisy = values(system, 1, 0.0), values(system, 1, 0.3)
        assert (noisy - clean).std(axis=0) / clean.std(axis=0) == pytest.approx(0.3, rel=0.12)

    def test_a_higher_rate_shows_the_same_trajectory_more_often(self):
        coarse, fine = values("lorenz96", 1, 0.0), values("lorenz96", 10, 0.0)
        assert coarse.shape == fine.shape == (500, 10)
        assert np.allclose(coarse[:50], fine[9::10])

    @pytest.mark.parametrize("system", sampling_rates.INTERVALS)
    def test_rate_1_is_the_default_interval(self, system):
        name, interval = sampling_rates.INTERVALS[system]
        panel, _ = causalkit.simulate(system, series=5, steps=5)
        assert f"{name}={interval}" in panel.source

    def test_only_systems_with_a_time_have_rates(self):
        found = sampling_rates.conditions(["lorenz96", "henon"])
        assert [one.rate for one in found if one.system == "henon"] == [1, 1, 1]
        assert len([one for one in found if one.system == "lorenz96"]) == 12


class TestCommand:
    @pytest.fixture
    def words(self, tmp_path, monkeypatch):
        methods = dict.fromkeys(sampling_rates.METHODS, "var[lag=2]")
        methods |= {"mlp": "var[lag=1]", "default": "var[lag=3]"}
        monkeypatch.setattr(sampling_rates, "METHODS", methods)
        return ["--only", "lagged-pair", "--seeds", "0:2", "--out", str(tmp_path / "study")]

    def test_writes_between_the_markers_and_computes_once(self, words, tmp_path, capsys):
        page = tmp_path / "page.md"
        page.write_text(f"before\n{BEGIN}\nstale\n{END}\nafter\n")
        sampling_rates.main([*words, "--write", str(page)])
        text = page.read_text()
        assert text.startswith(
            f"before\n{BEGIN}\n\n```sh\npython benchmarks/sampling_rates.py --seeds 0:2 --only lagged-pair"
        )
        assert text.endswith(f"</details>\n\n{END}\nafter\n")
        assert "stale" not in text
        assert f"| {NONE} | 0.3 | 1.000 ± .000 / 1.000 ± .000 |" in text
        assert "| lag 3 | lag 1 | lag 2 |" in text
        assert "0 left" in capsys.readouterr().err
        sampling_rates.main([*words, "--write", str(page)])
        assert page.read_text() == text
        assert "left" not in capsys.readouterr().err

    def test_a_page_without_markers_stays_as_it_is(self, words, tmp_path):
        page = tmp_path / "page.md"
        page.write_text("nothing")
        with pytest.raises(DataError, match="does not say where the section 'sampling rates' belongs"):
            sampling_rates.main([*words, "--write", str(page)])
        assert page.read_text() == "nothing"

    def test_the_page_has_a_place_for_the_tables(self):
        page = (ROOT / "docs/benchmarks.md").read_text(encoding="utf-8")
        assert page.count(BEGIN) == page.count(END) == 1
