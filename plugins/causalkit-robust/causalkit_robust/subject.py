"""What ``causalkit robustness`` attacks, as the command line names it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from causalkit.cli.options import ProgressBar, read_data
from causalkit.errors import WrongUsageError

if TYPE_CHECKING:
    from causalkit import Panel, Run
    from causalkit.neural import Pretrained
    from causalkit_robust.threats import Threat
    from causalkit_robust.trial import Trial


class Subject:
    """What is attacked: a method, a result or a saved forecaster, and the data.

    Args:
        what: the arguments of the command.
        options: its options.
        quiet: show no progress.

    Raises:
        CausalkitError: whatever the user can mend.
    """

    def __init__(self, what: tuple[str, ...], options: dict[str, Any], quiet: bool) -> None:
        self.options, self.quiet = options, quiet
        self.result = None
        self.pretrained = None
        files = what
        if what and not options["method"]:
            self._take(what[0])
            files = what[1:]
        self.panel, self.truth = read_data(files, options, dataset=options["dataset"], seed=self.seed)

    def _take(self, path: str) -> None:
        """Read the result or the forecaster that the first argument names."""
        from causalkit import Discovery
        from causalkit.neural import Pretrained

        if path.endswith(".safetensors"):
            self.pretrained = Pretrained.load(path)
        elif Path(path).suffix in (".json", ".npz"):
            self.result = Discovery.load(path)
        else:
            raise WrongUsageError(
                f"{path} is no result and no forecaster", "name a .json, .npz or .safetensors file, or a --method"
            )
        others = ("forecaster", "regularizer", "pretrain", "settings", "lag")
        given = [key for key in others if self.options[key] not in (None, ())]
        if given:
            option = given[0].replace("settings", "set")
            raise WrongUsageError(
                f"--{option} is given, but {path} says what to attack", "leave one of them out, or name a --method"
            )

    @property
    def seed(self) -> int:
        """Of the data and the method."""
        if self.options["seed"] is not None:
            return int(self.options["seed"])
        return int((self.result.seed if self.result else 0) or 0)

    @property
    def name(self) -> str:
        """Of the method, for titles."""
        if self.result is not None:
            return self.result.method
        if self.pretrained is not None:
            return f"{self.pretrained.method}, pre-trained"
        return self._method

    @property
    def _method(self) -> str:
        return self.options["method"] or "grngc"

    def trial(self, threat: Threat) -> tuple[Trial, list[str]]:
        """Train what is to be trained; return the trial and what a reader must know."""
        from causalkit_robust.repeat import check_data, method_of, prepared, run_of
        from causalkit_robust.trial import Trial, with_known_lag

        notes, panel = [], self.panel
        if self.pretrained is not None:
            notes.append(_acquaintance(self.pretrained, self.panel))
            _check(threat, self.panel, self.pretrained.lag)
            return Trial.of_pretrained(self.pretrained, self.panel, self._run(), k=self.options["top"]), notes
        if self.result is not None:
            check_data(self.result, self.panel)
            panel, said = prepared(self.result, self.panel)
            notes.extend(said)
            acting = method_of(self.result)
            changed = {key: self.options[key] for key in ("seed", "device", "threads", "time_limit")}
            run = run_of(self.result, **changed)
            standardized = self.result.config.get("standardize", True)
        else:
            acting, run, standardized = self._acting(), self._run(), True
        acting = with_known_lag(acting, panel, run)
        _check(threat, panel, acting.lag)
        if not standardized:
            notes.append("the result was made of data that were not standardised; here they are")
        with ProgressBar(not self.quiet) as bar:
            run.observers.append(bar)
            trial = Trial.of_method(acting, panel, run, k=self._k())
            run.observers.clear()
        notes.append(
            f"trained on {len(trial.training.windows(trial.lag)) if trial.training else 0} windows, evaluated on "
            f"{len(trial.x)} that were held out; the units are deviations of the training part"
        )
        return trial, notes

    def _acting(self) -> Any:
        from causalkit import build_method, parameter_tree
        from causalkit.model_selection import AutoLag
        from causalkit.neural import NeuralMethod

        parts = {key: self.options[key] for key in ("lag", "forecaster", "regularizer", "settings")}
        tree = parameter_tree(pretrain=list(self.options["pretrain"]) or None, **parts)
        acting, _ = build_method(self._method, tree)
        if not isinstance(acting.build(1) if isinstance(acting, AutoLag) else acting, NeuralMethod):
            raise WrongUsageError(f"method {self._method} has no forecaster to attack", "choose a neural method")
        return acting

    def _run(self) -> Run:
        from causalkit import Run

        given = {key: self.options[key] for key in ("device", "threads", "time_limit")}
        return Run(seed=self.seed, **{key: value for key, value in given.items() if value is not None})

    def _k(self) -> int | None:
        """Return how many pairs make the graph: as asked, as selected, or None for the strongest 10 %."""
        if self.options["top"]:
            return int(self.options["top"])
        chosen = None if self.result is None else self.result.pair_selected
        if chosen is None:
            return None
        return int(chosen.sum() - chosen.diagonal().sum()) or None


def _check(threat: Threat, panel: Panel, lag: int) -> None:
    """Refuse series and steps that are not there before anything is trained."""
    import torch

    threat.mask(panel.names, lag, torch.zeros(()))


def _acquaintance(start: Pretrained, panel: Panel) -> str:
    """Say whether a forecaster has learned from a panel, as far as its description tells."""
    learned = {source.get("sha256") for source in start.sources}
    if learned & {panel.sha256, panel.standardized()[0].sha256}:
        return "the forecaster has learned from these very data: its errors are not held out"
    sources = ", ".join(str(source.get("source")) for source in start.sources)
    return f"errors are held out as far as these data are none of what the forecaster has learned from ({sources})"
