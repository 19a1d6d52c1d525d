"""What the core itself contributes, through the same hooks as every plugin.

This module only describes: each factory is a string that is imported when it is first used, so that listing the
built-ins imports neither numpy nor torch nor pandas.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from causalkit.plugins.hookspecs import hookimpl
from causalkit.plugins.records import Dataset, Method, Metric, Operation, Reader, SelectionRule, Writer

_SIMULATORS = "causalkit.builtin.simulators"
_CATALOGUE = "causalkit.builtin.catalogue"
_METRICS = "causalkit.builtin.metrics"
_RULES = "causalkit.builtin.rules"


@hookimpl
def causalkit_methods() -> Iterable[Method]:
    """Yield the linear baseline that every neural method has to beat."""
    yield Method(
        name="var",
        factory="causalkit.builtin.methods.linear_var:LinearVar",
        summary="Linear vector autoregression, t-test of each lag and F-test over all lags",
        aliases=("linear-var",),
        reference="Lütkepohl, New Introduction to Multiple Time Series Analysis, Springer 2005, chapter 3",
        test_params={"lag": 2},
        knowledge="training",
        interventions=True,
    )


@hookimpl
def causalkit_datasets() -> Iterable[Dataset]:
    """Yield the simulators."""
    yield Dataset(
        name="lorenz96",
        factory=f"{_SIMULATORS}.lorenz96:lorenz96",
        catalogue=f"{_CATALOGUE}:lorenz96",
        summary="Lorenz-96: chaotic weather on a ring, each series driven by itself and three neighbours",
        reference="Lorenz, Predictability: a problem partly solved, ECMWF Seminar on Predictability 1996",
        test_params={"series": 5, "steps": 60, "burn_in": 20},
    )
    yield Dataset(
        name="var",
        factory=f"{_SIMULATORS}.linear_var:linear_var",
        catalogue=f"{_CATALOGUE}:linear_var",
        summary="Sparse stable linear vector autoregression, each edge at one random lag",
        reference="Lütkepohl, New Introduction to Multiple Time Series Analysis, Springer 2005, chapter 2",
        test_params={"series": 5, "steps": 60, "burn_in": 20},
        lagged_truth=True,
    )
    yield Dataset(
        name="tanh-var",
        factory=f"{_SIMULATORS}.tanh_var:tanh_var",
        catalogue=f"{_CATALOGUE}:tanh_var",
        summary="Sparse autoregression through tanh and tanh squared; the even effects hide from linear tests",
        test_params={"series": 5, "steps": 60, "burn_in": 20},
        lagged_truth=True,
    )
    yield Dataset(
        name="henon",
        factory=f"{_SIMULATORS}.henon:henon",
        catalogue=f"{_CATALOGUE}:henon",
        summary="Chain of coupled Hénon maps, each driven by its left neighbour at lag 1",
        reference="After Kugiumtzis, Direct-coupling information measure, Phys. Rev. E 87, 062918, 2013",
        test_params={"series": 4, "steps": 60, "burn_in": 20},
        lagged_truth=True,
    )
    yield Dataset(
        name="gene-network",
        factory=f"{_SIMULATORS}.gene_network:gene_network",
        catalogue=f"{_CATALOGUE}:gene_network",
        summary="Gene expression after perturbations, as in DREAM4: stochastic equations with Hill kinetics",
        reference="After Schaffter, Marbach and Floreano, GeneNetWeaver, Bioinformatics 27, 2011",
        test_params={"series": 5, "steps": 21, "interval": 20.0},
        lagged_truth=True,
    )
    yield Dataset(
        name="bold",
        factory=f"{_SIMULATORS}.bold:bold",
        catalogue=f"{_CATALOGUE}:bold",
        summary="Brain regions seen by functional MRI, as in NetSim: neural network and balloon model",
        reference="After Smith et al., Network modelling methods for FMRI, NeuroImage 54, 2011",
        test_params={"series": 5, "steps": 40, "repetition_time": 1.0},
        lagged_truth=True,
    )
    yield Dataset(
        name="lagged-pair",
        factory=f"{_SIMULATORS}.lagged_pair:lagged_pair",
        catalogue=f"{_CATALOGUE}:lagged_pair",
        summary="White noise with one edge, 0 -> 1 at lag 2: shows at a glance whether orientation and lag are right",
        test_params={"series": 3, "steps": 120},
        lagged_truth=True,
    )


@hookimpl
def causalkit_metrics() -> Iterable[Metric]:
    """Yield the metrics of rankings, of selected graphs and of lags."""
    yield Metric(
        name="auroc",
        weighted=True,
        factory=f"{_METRICS}.ranking:auroc",
        summary="Area under the ROC curve: how often a true edge outranks a non-edge",
        reference="Fawcett, An introduction to ROC analysis, Pattern Recognition Letters 27, 2006",
    )
    yield Metric(
        name="auprc",
        weighted=True,
        factory=f"{_METRICS}.ranking:auprc",
        summary="Area under the precision-recall curve, as average precision",
        reference="Davis and Goadrich, The relationship between precision-recall and ROC curves, ICML 2006",
    )
    yield Metric(
        name="f1-oracle",
        weighted=True,
        factory=f"{_METRICS}.ranking:f1_oracle",
        summary="F1 at the best threshold, which is chosen by looking at the truth",
    )
    yield Metric(
        name="auroc-oracle-epoch",
        weighted=True,
        factory=f"{_METRICS}.oracle:auroc_oracle_epoch",
        summary="AUROC at the best epoch, which is chosen by looking at the truth; needs training.snapshots",
        needs="epochs",
    )
    yield Metric(
        name="auprc-oracle-epoch",
        weighted=True,
        factory=f"{_METRICS}.oracle:auprc_oracle_epoch",
        summary="AUPRC at the best epoch, which is chosen by looking at the truth; needs training.snapshots",
        needs="epochs",
    )
    for name, function, summary in (
        ("f1", "f1", "Harmonic mean of precision and recall of the selected edges"),
        ("precision", "precision", "Share of selected edges that are true"),
        ("recall", "recall", "Share of true edges that were selected"),
        ("accuracy", "accuracy", "Share of pairs that were decided rightly"),
        ("balanced-accuracy", "balanced_accuracy", "Mean of the shares of edges and of non-edges decided rightly"),
    ):
        yield Metric(name=name, factory=f"{_METRICS}.graph:{function}", summary=summary, needs="graph", weighted=True)
    yield Metric(
        name="shd",
        weighted=True,
        factory=f"{_METRICS}.graph:shd",
        summary="Structural Hamming distance: edges to add, delete or reverse, one each",
        reference="Tsamardinos, Brown and Aliferis, The max-min hill-climbing algorithm, Machine Learning 65, 2006",
        needs="graph",
        greater_is_better=False,
    )
    yield Metric(
        name="normalized-shd",
        weighted=True,
        factory=f"{_METRICS}.graph:normalized_shd",
        summary="Structural Hamming distance divided by the number of ordered pairs",
        needs="graph",
        greater_is_better=False,
    )
    yield Metric(
        name="lag-accuracy",
        weighted=True,
        factory=f"{_METRICS}.lags:lag_accuracy",
        summary="Share of true edges whose strongest lag is a true lag",
        needs="lags",
    )
    yield Metric(
        name="lagged-auroc",
        weighted=True,
        factory=f"{_METRICS}.lags:lagged_auroc",
        summary="Area under the ROC curve over cells of pair and lag",
        needs="lags",
    )
    yield Metric(
        name="lagged-auprc",
        weighted=True,
        factory=f"{_METRICS}.lags:lagged_auprc",
        summary="Average precision over cells of pair and lag",
        needs="lags",
    )


@hookimpl
def causalkit_selection_rules() -> Iterable[SelectionRule]:
    """Yield the rules that take the strongest pairs, and those that control an error."""
    yield SelectionRule(
        name="top-k",
        factory=f"{_RULES}.top_k:top_k",
        summary="The K strongest pairs",
        test_params={"k": 2},
    )
    yield SelectionRule(
        name="density",
        factory=f"{_RULES}.density:density",
        summary="The strongest share of all pairs",
        test_params={"share": 0.2},
    )
    yield SelectionRule(
        name="threshold",
        factory=f"{_RULES}.threshold:threshold",
        summary="Every cause, effect and lag with a higher score",
        test_params={"value": 0.1},
    )
    yield SelectionRule(
        name="fdr",
        factory=f"{_RULES}.fdr:fdr",
        summary="Pairs by the p-values of the method, corrected for their number",
        reference="Benjamini and Hochberg, Controlling the false discovery rate, J. R. Stat. Soc. B 57, 1995",
        test_params={"level": 0.05},
        needs="p-values",
        controls="expected share of false edges, if the assumptions of the method hold",
    )
    yield SelectionRule(
        name="heldout",
        factory=f"{_RULES}.held_out:held_out",
        summary="Pairs without whose cause held-out steps are forecast worse; no further fit",
        reference="Watson and Wright, Conditional independence in supervised learning, Machine Learning 110, 2021",
        test_params={"level": 0.05},
        needs="held-out",
        controls="expected share of false edges",
    )
    yield SelectionRule(
        name="stability",
        factory=f"{_RULES}.stability:stability",
        summary="Pairs that are strong in most random halves of the data",
        reference="Meinshausen and Bühlmann, Stability selection, J. R. Stat. Soc. B 72, 2010",
        test_params={"subsamples": 10},
        needs="refits",
        controls="expected number of false edges",
    )
    yield SelectionRule(
        name="surrogate",
        factory=f"{_RULES}.surrogate:surrogate",
        summary="Pairs whose score is larger than in surrogate data without relations",
        reference="Theiler et al., Testing for nonlinearity in time series, Physica D 58, 1992",
        test_params={"count": 10},
        needs="refits",
        controls="share of selected pairs without any relation, or the probability of one",
    )


@hookimpl
def causalkit_readers() -> Iterable[Reader]:
    """Yield the readers of data files."""
    for name, factory, summary, suffixes in (
        ("table", "read_text", "Delimited text, one column a series", (".csv", ".tsv", ".txt", ".tab", ".dat", ".lvm")),
        (
            "numpy",
            "read_numpy",
            "NumPy arrays (steps, series) or (realisations, steps, series), without pickle",
            (".npz", ".npy"),
        ),
        ("parquet", "read_parquet", "Apache Parquet; needs the extra causalkit[parquet]", (".parquet",)),
        ("feather", "read_feather", "Feather and Arrow; needs the extra causalkit[parquet]", (".feather", ".arrow")),
        (
            "spreadsheet",
            "read_spreadsheet",
            "A sheet of Excel or OpenDocument; needs the extra causalkit[excel]",
            (".xlsx", ".xlsm", ".ods", ".xls"),
        ),
        (
            "matlab",
            "read_matlab",
            "Arrays, cell arrays and structures of MATLAB; version 7.3 needs the extra causalkit[matlab]",
            (".mat", ".set"),
        ),
        (
            "netcdf",
            "read_netcdf",
            "NetCDF, by the names of dimensions; needs the extra causalkit[netcdf]",
            (".nc", ".nc4"),
        ),
        ("edf", "read_edf", "Recordings in EDF or BDF; needs the extra causalkit[edf]", (".edf", ".bdf")),
        ("json", "read_json", "Records or columns as JSON", (".json",)),
    ):
        yield Reader(
            name=name,
            factory=f"causalkit.io.panels.readers:{factory}",
            summary=summary,
            suffixes=(*suffixes, *(f"{suffix}.gz" for suffix in suffixes)),
            test_params={} if name in ("table", "numpy") else {"example": f"causalkit.builtin.examples:{name}"},
        )


@hookimpl
def causalkit_writers() -> Iterable[Writer]:
    """Yield the writers of discoveries."""
    for name, summary in (
        ("json", "The whole result as JSON"),
        ("csv", "One row an edge: cause, effect, lag, score, p-value, sign and size"),
        ("npz", "The whole result as compressed NumPy arrays, without pickle"),
        ("graphml", "The summary graph for Cytoscape, yEd and networkx"),
        ("gexf", "The summary graph for Gephi"),
        ("dot", "The summary graph for Graphviz"),
    ):
        yield Writer(
            name=name, factory=f"causalkit.io.results.writers:write_{name}", summary=summary, suffixes=(f".{name}",)
        )


@hookimpl
def causalkit_operations() -> Iterable[Operation]:
    """Yield what `causalkit.Discovery` and `causalkit.Panel` do through other parts of causalkit."""
    for name, factory, summary in (
        ("panel", "causalkit.io.panels.from_objects:panel_from", "Make a panel of tables in memory"),
        ("health", "causalkit.health:health", "Examine a panel before a method learns from it"),
        ("select", "causalkit.selection:select", "Select edges by a rule"),
        ("test", "causalkit.selection.apply:test", "Select edges by the test that the method has"),
        ("evaluate", "causalkit.evaluation:evaluate", "Compare with a true graph"),
        ("response", "causalkit.builtin.responses:response", "How the forecast of an effect changes with a cause"),
        ("responses", "causalkit.builtin.responses:strongest", "Response curves of the strongest edges"),
        ("explain", "causalkit.display.explanation:explain", "An edge in a few sentences"),
        ("summary", "causalkit.display.discovery:summary", "A few lines of text"),
        ("html", "causalkit.display.discovery:html", "A part of a page, for notebooks"),
        ("adjacency", "causalkit.exchange:adjacency", "A matrix with names: rows are causes, columns are effects"),
        ("xarray", "causalkit.exchange:to_xarray", "All arrays with names, as a data set of xarray"),
        ("plot", "causalkit.plotting.draw:show", "Draw a picture that notebooks show and files hold"),
        ("report", "causalkit.report:report_discovery", "Write one HTML file"),
        ("save", "causalkit.io:write", "Write to a file; the suffix chooses the format"),
        ("load", "causalkit.io:load", "Read a whole discovery from a .json or .npz file"),
    ):
        yield Operation(name=name, factory=factory, summary=summary)


@hookimpl
def causalkit_observers(run: Any) -> Iterable[Any]:
    """Yield an observer that logs, where the logger ``causalkit`` is heard at level INFO."""
    from causalkit.builtin.log import LOGGER, LogObserver

    if LOGGER.isEnabledFor(logging.INFO):
        yield LogObserver()
