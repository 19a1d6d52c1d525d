"""Which package each method runs, and how a test skips with a reason where that package is absent."""

import os

import pytest

import causalkit

os.environ.setdefault("OMP_NUM_THREADS", "1")

MODULES = {
    "pcmci": "tigramite",
    "pcmci-plus": "tigramite",
    "varlingam": "lingam",
    "granger-lasso": "causallearn",
    "srngc": "shapneurgc",
    "cedar": "causalts",
    "grace": "causalts",
}
PACKAGES = {**MODULES, "granger-lasso": "causal-learn"}
QUICK = {
    "srngc": {"epochs": 200, "hidden": 16, "q": "none"},
    "grace": {"epochs": 10},
}
"""Settings for tests that are not about settings."""


def need(method):
    pytest.importorskip(MODULES[method], reason=f"the package {PACKAGES[method]} is not installed")


@pytest.fixture
def need_test():
    """Return a function that skips where a package that a test of tigramite needs is absent."""

    def check(test):
        for module in {"cmi-knn": ["numba"], "gpdc": ["sklearn", "dcor"]}.get(test, []):
            pytest.importorskip(module, reason=f"the package {module} is not installed")

    return check


@pytest.fixture
def quick():
    """Return a function that discovers with settings that take little time."""

    def discover(data, method, *, params=None, **options):
        return causalkit.discover(data, method=method, params={**QUICK.get(method, {}), **(params or {})}, **options)

    return discover


@pytest.fixture(params=list(MODULES))
def method(request):
    """Each method in turn; the test skips where its package is absent."""
    need(request.param)
    return request.param


def _fixture(name):
    @pytest.fixture(name=name.replace("-", "_"))
    def named():
        need(name)
        return name

    return named


pcmci, pcmci_plus, varlingam, granger_lasso, srngc, cedar, grace = map(_fixture, MODULES)
