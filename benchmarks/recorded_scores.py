"""Record the scores of every method, forecaster and regularizer on small panels, and compare them later.

    python benchmarks/recorded_scores.py record before.npz
    python benchmarks/recorded_scores.py compare before.npz

For changes that must not change results. Prints every case whose scores differ, and exits with 1 when one differs by
more than 1e-6. Recordings hold on the machine and the build of torch that made them.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import causalkit

TOLERANCE = 1e-6
SHORT = {"training.epochs": 12}
Case = tuple[str, Callable[[], causalkit.Discovery]]


def main() -> None:
    """Record or compare."""
    command, file = sys.argv[1:3]
    wanted = sys.argv[3] if len(sys.argv) > 3 else ""
    found = {}
    for name, run in cases():
        if wanted in name:
            found |= arrays(name, run)
    if command == "record":
        np.savez(file, **found)
        print(f"{len(found)} arrays recorded")
        return
    sys.exit(compared(dict(np.load(file)), found, partial=bool(wanted)))


def arrays(name: str, run: Callable[[], causalkit.Discovery]) -> dict[str, np.ndarray]:
    """Run a case and return what has to stay the same."""
    try:
        discovery = run()
    except causalkit.CausalkitError as error:
        return {f"{name}/{type(error).__name__}": np.zeros(1)}
    found = {f"{name}/scores": discovery.scores}
    for what in ("standard_errors", "p_values", "selected"):
        values = getattr(discovery, what)
        if values is not None:
            found[f"{name}/{what}"] = np.asarray(values, dtype=float)
    if discovery.history:
        found[f"{name}/history"] = np.asarray(discovery.history["forecast"])
    for choice in discovery.choices:
        key = " of ".join(filter(None, [choice.parameter, choice.within]))
        found[f"{name}/{key}"] = np.array([float(choice.chosen), *choice.held_out_error])
    return found


def compared(before: dict[str, np.ndarray], after: dict[str, np.ndarray], *, partial: bool) -> int:
    """Print what differs; return 1 where it differs by more than the tolerance."""
    equal = close = 0
    failed = [] if partial else [f"{name}: gone" for name in before if name not in after]
    for name, values in after.items():
        if name not in before:
            failed.append(f"{name}: new")
        elif values.shape != before[name].shape:
            failed.append(f"{name}: {before[name].shape} became {values.shape}")
        elif values.tobytes() == before[name].tobytes() or np.array_equal(values, before[name], equal_nan=True):
            equal += 1
        elif np.allclose(values, before[name], rtol=0, atol=TOLERANCE, equal_nan=True):
            close += 1
            print(f"{name}: differs by {np.nanmax(abs(values - before[name])):.1e}")
        else:
            failed.append(f"{name}: differs by {np.nanmax(abs(values - before[name])):.1e}")
    print("\n".join(failed))
    print(f"{equal} equal, {close} within {TOLERANCE:g}, {len(failed)} different")
    return int(bool(failed))


def panels() -> dict[str, Any]:
    """Return a dozen small panels."""
    simulated = {
        "pair": ("lagged-pair", {"steps": 120}),
        "var": ("var", {"series": 5, "steps": 120}),
        "tanh-var": ("tanh-var", {"series": 4, "steps": 120}),
        "henon": ("henon", {"series": 4, "steps": 120}),
        "lorenz": ("lorenz96", {"series": 6, "steps": 120}),
        "wide": ("var", {"series": 18, "steps": 90}),
        "long": ("var", {"series": 3, "steps": 400}),
        "genes": ("gene-network", {"series": 5}),
    }
    found = {name: causalkit.simulate(data, seed=1, **params)[0] for name, (data, params) in simulated.items()}
    random = np.random.default_rng(0)
    trials = [
        random.standard_normal((steps, 3)).cumsum(0) * 0.1 + random.standard_normal((steps, 3))
        for steps in (40, 55, 33)
    ]
    for trial in trials:
        trial[2:, 1] += 0.8 * trial[:-2, 0]
    found["trials"] = causalkit.Panel.of(trials)
    found["subjects"] = causalkit.Panel.of([random.standard_normal((25, 3)) for _ in range(7)])
    gaps = trials[1].copy()
    gaps[[10, 30], [0, 2]] = np.nan
    found["gaps"] = causalkit.Panel.of(gaps)
    found["short"] = causalkit.Panel.of(random.standard_normal((14, 2)))
    return found


def cases() -> Iterator[Case]:
    """Yield all cases."""

    def case(name: str, data: Any, **options: Any) -> Case:
        params = {**(SHORT if options.get("method", "grngc") != "var" else {}), **options.pop("params", {})}
        return name, lambda: causalkit.discover(data, seed=3, params=params, **options)

    everything = panels()
    forecasters = ("mlp", "kan", "lstm", "tcn", "residual-mlp", "cmlp", "clstm")
    regularizers = (
        "gradient-l1", "frobenius", "group-lasso", "group-sparse-group-lasso", "hierarchical-group-lasso",
        "gradient-l1+ridge",
    )  # fmt: skip
    fixed = {"regularizer.strength": 0.1}
    for panel, data in everything.items():
        for method in ("var", "grngc", "cmlp", "clstm", "jrngc"):
            lag = {} if method != "clstm" else {"lag": 3}
            yield case(f"{panel}/{method}", data, method=method, **lag)
            yield case(f"{panel}/{method}-lag-2", data, method=method, lag=2, params={} if method == "var" else fixed)
        for forecaster in forecasters:
            yield case(f"{panel}/grngc-{forecaster}", data, lag=2, forecaster=forecaster, params=fixed)
        for regularizer in regularizers:
            key = {"regularizer.gradient-l1.strength": 0.1} if "+" in regularizer else fixed
            yield case(f"{panel}/grngc-by-{regularizer}", data, lag=2, regularizer=regularizer, params=key)
            yield case(
                f"{panel}/cmlp-by-{regularizer}", data, method="cmlp", lag=2, regularizer=regularizer, params=key
            )
            yield case(f"{panel}/auto-by-{regularizer}", data, lag=1, regularizer=regularizer)
    yield from special(everything, case)


def special(everything: dict[str, Any], case: Callable[..., Case]) -> Iterator[Case]:
    """Yield cases of settings, of two stages, of selection rules and of background knowledge."""
    data, other, trials = everything["var"], everything["lorenz"], everything["trials"]
    source = causalkit.simulate("var", seed=5, series=5, steps=150)[0]
    fixed = {"regularizer.strength": 0.1}
    settings: dict[str, dict[str, Any]] = {
        "batches": {"training.batch_size": 32},
        "validation": {"training.validation": 0.2, "training.patience": 4},
        "cosine": {"training.schedule": "cosine"},
        "sgd": {"training.optimizer": "sgd"},
        "snapshots": {"training.snapshots": 5},
        "ensemble": {"ensemble": 3},
        "sampled": {"regularizer.estimator": "sampled", "regularizer.draws": 2},
        "kan-ensemble": {"ensemble": 4, "forecaster": "kan"},
        "lstm-ensemble": {"ensemble": 3, "forecaster": "lstm"},
        "two layers": {"forecaster.hidden": (16, 8), "forecaster.activation": "tanh"},
    }
    for name, params in settings.items():
        yield case(f"settings/{name}", data, lag=2, params=fixed | params)
        yield case(f"settings/{name}-trials", trials, lag=1, params=fixed | params)
    yield case("settings/auto-batches", data, lag=1, params={"training.batch_size": 40})
    yield case("settings/auto-longer", other, params={"training.epochs": 60})
    yield case("settings/auto-longer-jrngc", other, method="jrngc", params={"training.epochs": 60})
    yield case("settings/auto-longer-cmlp", other, method="cmlp", params={"training.epochs": 120})
    yield case("settings/auto-ensemble", data, lag=1, params={"ensemble": 3})
    yield case("settings/float64", data, lag=1, dtype="float64")
    yield case("settings/ista", data, method="cmlp", lag=2, params=fixed | {"training.optimizer": "ista"})
    yield case("settings/cmlp-adam", data, method="cmlp", lag=2, params=fixed | {"training.optimizer": "adam"})
    yield case("settings/cmlp-sgd", data, method="cmlp", lag=2, params=fixed | {"training.optimizer": "sgd"})
    yield case("settings/cmlp-path", data, method="cmlp", lag=2, params={"regularizer.strength": "path"})
    yield case("settings/cmlp-auto-adam", data, method="cmlp", lag=2, params={"training.optimizer": "adam"})
    params = fixed | {"regularizer.name": "gradient-l1"}
    yield case("settings/cmlp-kan", data, method="cmlp", lag=2, forecaster="kan", params=params)
    known = {"forbid": [f"{data.names[2]}->*"], "require": [f"{data.names[1]}->{data.names[0]}"]}
    intervened = [{"series": data.names[1], "from": 20, "to": 40}]
    for method in ("var", "grngc", "cmlp", "clstm", "jrngc"):
        lag = 3 if method == "clstm" else 2
        yield case(f"knowledge/{method}", data, method=method, lag=lag, knowledge=known)
        yield case(f"knowledge/{method}-interventions", data, method=method, lag=lag, interventions=intervened)
        yield case(f"knowledge/{method}-difference", data, method=method, lag=lag, preparation={"difference": 1})
    strengths = {f"regularizer.{name}.strength": 0.05 for name in ("gradient-l1",)}
    for name in ("discrepancy", "graph-alignment", "discrepancy-mitigating", "adversarial"):
        yield case(f"stages/{name}", data, lag=2, pretrain=source, regularizer=f"gradient-l1+{name}", params=strengths)
    yield case("stages/plain", data, lag=2, pretrain=source, params=fixed)
    yield case("stages/auto", data, pretrain=source)
    yield case("stages/head", data, lag=1, pretrain=source, params={"finetune.layers": "head", "pretrain.epochs": 6})
    yield case("stages/cmlp", data, method="cmlp", lag=2, pretrain=source)
    yield case("stages/clstm", data, method="clstm", lag=3, pretrain=source)
    yield case("stages/jrngc", data, method="jrngc", lag=1, pretrain=source)
    for rule in ("top-k:4", "density:0.2", "threshold:0.1", "stability:subsamples=10", "surrogate:count=12"):
        yield case(f"rules/{rule}", data, lag=1, select=rule, params=fixed)
    yield case("rules/fdr", data, method="var", lag=2, select="fdr:0.05")
    yield "settings/resumed", lambda: resumed(data)


def resumed(data: Any) -> causalkit.Discovery:
    """Interrupt a path by its time limit and go on from its checkpoint."""
    with tempfile.TemporaryDirectory() as folder:
        options: dict[str, Any] = {"lag": 1, "seed": 3, "checkpoint": Path(folder) / "checkpoint.safetensors"}
        causalkit.discover(data, time_limit=0.05, params={"training.epochs": 40}, **options)
        return causalkit.discover(data, resume=True, params={"training.epochs": 40}, **options)


if __name__ == "__main__":
    main()
