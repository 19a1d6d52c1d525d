"""Which package each method runs, and how a test skips with a reason where that package is absent."""

import os

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")

MODULES = {"pcmci": "tigramite", "varlingam": "lingam", "granger-lasso": "causallearn"}
PACKAGES = {"pcmci": "tigramite", "varlingam": "lingam", "granger-lasso": "causal-learn"}


def need(method):
    pytest.importorskip(MODULES[method], reason=f"the package {PACKAGES[method]} is not installed")


@pytest.fixture(params=list(MODULES))
def method(request):
    """Each method in turn; the test skips where its package is absent."""
    need(request.param)
    return request.param


@pytest.fixture
def pcmci():
    need("pcmci")
    return "pcmci"


@pytest.fixture
def varlingam():
    need("varlingam")
    return "varlingam"


@pytest.fixture
def granger_lasso():
    need("granger-lasso")
    return "granger-lasso"
