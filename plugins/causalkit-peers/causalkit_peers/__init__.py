"""Methods of other packages behind causalkit's hooks, to compare with: PCMCI, PCMCI+, VARLiNGAM, SRNGC and others.

None of these packages is needed to install or to list this plugin. A method whose package is absent is listed all the
same, and says what to install when it is asked to work.
"""

from collections.abc import Iterator

from causalkit import Method, hookimpl


@hookimpl
def causalkit_methods() -> Iterator[Method]:
    """Contribute the methods; their packages are imported when a method runs, not before."""
    yield Method(
        name="pcmci",
        factory="causalkit_peers.pcmci:PCMCI",
        summary="Conditional independence tests of lagged links, by tigramite (not bundled)",
        reference=(
            "Runge et al., Detecting and quantifying causal associations in large nonlinear time series datasets, "
            "Science Advances 5, eaau4996 (2019). Runs the package tigramite, GPL-3, of which nothing is bundled"
        ),
        test_params={"lag": 2},
        packages={"tigramite": "tigramite"},
        missing=True,
        knowledge="training",
    )
    yield Method(
        name="pcmci-plus",
        factory="causalkit_peers.pcmci_plus:PCMCIPlus",
        summary="Conditional independence tests of lagged and same-step links, by tigramite (not bundled)",
        reference=(
            "Runge, Discovering contemporaneous and lagged causal relations in autocorrelated nonlinear time series "
            "datasets, UAI 2020. Runs the package tigramite, GPL-3, of which nothing is bundled"
        ),
        test_params={"lag": 2},
        packages={"tigramite": "tigramite"},
        missing=True,
        contemporaneous=True,
        knowledge="training",
    )
    yield Method(
        name="varlingam",
        factory="causalkit_peers.varlingam:VARLiNGAM",
        summary="Structural autoregression with non-Gaussian noise, by lingam (not bundled)",
        aliases=("var-lingam",),
        reference=(
            "Hyvärinen, Zhang, Shimizu and Hoyer, Estimation of a structural vector autoregression model using "
            "non-Gaussianity, JMLR 11 (2010). Runs the package lingam, MIT"
        ),
        test_params={"lag": 2},
        packages={"lingam": "lingam"},
        contemporaneous=True,
    )
    yield Method(
        name="granger-lasso",
        factory="causalkit_peers.granger_lasso:GrangerLasso",
        summary="Lasso regression of each series on the past of all, by causal-learn (not bundled)",
        reference=(
            "Arnold, Liu and Abe, Temporal causal modeling with graphical Granger methods, KDD 2007. Runs the package "
            "causal-learn, MIT"
        ),
        test_params={"lag": 2},
        packages={"causal-learn": "causallearn"},
    )
    yield Method(
        name="srngc",
        factory="causalkit_peers.srngc:SRNGC",
        summary="Network under an interaction-aware gradient penalty, by shapneurgc (not bundled)",
        reference=(
            "Yang, Zhu, Tian, Gao and Li, Shapley regularized neural Granger causality, ICML 2026, PMLR 306. Runs the "
            "package shapneurgc, MIT"
        ),
        test_params={"lag": 2, "epochs": 200, "hidden": 16},
        packages={"shapneurgc": "shapneurgc"},
    )
    yield Method(
        name="cedar",
        factory="causalkit_peers.cedar:Cedar",
        summary="Lags by distance correlation, then two tests of each pair, by causalts (not bundled)",
        reference=(
            "Fesanghary, CEDAR: causal edge discovery for autoregressive processes, arXiv 2607.20696 (2026). Runs the "
            "package causalts, GPL-3, of which nothing is bundled"
        ),
        test_params={"lag": 2},
        packages={"causalts": "causalts"},
    )
    yield Method(
        name="grace",
        factory="causalkit_peers.grace:Grace",
        summary="A skeleton of independence tests, refined by a gated network, by causalts (not bundled)",
        reference=(
            "Fesanghary and Havaldar, GRACE: gated refinement for accurate causal edge discovery, arXiv 2606.23880 "
            "(2026). Runs the package causalts, GPL-3, of which nothing is bundled"
        ),
        test_params={"lag": 2, "epochs": 10},
        packages={"causalts": "causalts"},
    )
