"""The forecaster, chosen without a truth: candidates compete by their forecasts of blocks that were held out.

A joint network shares its hidden units among all targets, a component-wise one has some for each. Which of them suits
depends on the system: few causes with many effects, or products of its own for every target. The held-out error tells.

A candidate is first trained on all blocks but one, along the whole regularization path. If it forecasts that block no
better than the best candidate so far, it is out, which costs a fraction of its whole training. Otherwise it is trained
on all blocks, and wins where its errors are lower by more than one standard error of the difference. Where little was
explained on the first block, under the strongest penalties, this second path does not go: it starts two strengths above
the one that was sufficient.

A path goes on to finer strengths while more and more edges pass a test. A candidate that has found its edges early ends
early, though its error would have fallen further. So of finer strengths, only those count that all tried.

A path that the time limit cut short has errors that would have fallen further, too. So such a candidate counts as not
tried, unless it forecasts better all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from causalkit.core.choice import MEASURED, MEASURED_ON_ONE, Choice
from causalkit.model_selection.rules import beats, standard_error
from causalkit.neural.ensemble import TracedPath

PARAMETER = "forecaster.name"
FIRST_BLOCK = slice(0, 1)
ALL_BLOCKS = slice(None)
RULE = "the first one, unless another forecasts better by more than one standard error of the difference"


@dataclass(frozen=True)
class Candidate:
    """A forecaster that competes.

    Attributes:
        name: of its record.
        trace: trains it along the regularization path, on some of the blocks, from a strength on; inf: from the
            strongest one.
    """

    name: str
    trace: Callable[[slice, float], TracedPath]


@dataclass(frozen=True)
class Competition:
    """Its outcome.

    Attributes:
        winner: position among the candidates.
        traced: the path of the winner.
        choices: of the forecaster; then the curves of strengths of the other candidates, as alternatives.
        notes: which candidates the time limit kept from competing.
    """

    winner: int
    traced: TracedPath
    choices: tuple[Choice, ...]
    notes: tuple[str, ...] = ()


def compete(candidates: Sequence[Candidate], out_of_time: Callable[[], bool] = lambda: False) -> Competition:
    """Return the candidate that forecasts held-out blocks best; the first one is trained in any case.

    Args:
        out_of_time: is there no time for another candidate?

    Raises:
        TrainingError: training diverged.
    """
    traced = {0: candidates[0].trace(ALL_BLOCKS, np.inf)}
    winner = 0
    for number, candidate in enumerate(candidates[1:], start=1):
        if out_of_time():
            break
        first = candidate.trace(FIRST_BLOCK, np.inf)
        if first.cut_short:
            break
        best, other = _lowest_errors([traced[winner], first])
        if other.mean() >= best[FIRST_BLOCK].mean():
            traced[number] = first
            continue
        whole = candidate.trace(ALL_BLOCKS, first.path.search.ahead)
        best, other = _lowest_errors([traced[winner], whole])
        better = beats(other, best)
        if better or not whole.cut_short:
            traced[number] = whole
        if better:
            winner = number
    names = [candidate.name for candidate in candidates]
    curves = (_curve(names[number], one) for number, one in traced.items() if number != winner)
    notes = tuple(no_time_for(f"forecaster {name}") for number, name in enumerate(names) if number not in traced)
    return Competition(winner, traced[winner], (_choice(names, traced, winner), *curves), notes)


def no_time_for(candidate: str) -> str:
    """Return the note that the time limit kept a candidate from being compared."""
    return f"the time limit left no time to compare {candidate} with what was used"


def _curve(name: str, traced: TracedPath) -> Choice:
    """Return the errors of a candidate that did not win at all strengths."""
    found = traced.path.search.choice()
    blocks = min(map(len, traced.path.search.errors.values()))
    return replace(found, within=f"forecaster {name}", measured=_measured(blocks))


def _measured(blocks: int) -> str:
    """Return what errors on so many blocks are."""
    return MEASURED if blocks > 1 else MEASURED_ON_ONE


def _lowest_errors(traced: Sequence[TracedPath]) -> list[NDArray[np.float64]]:
    """Return the errors (E,) of each path under its best strength, among those that all paths can be compared at."""
    searches = [one.path.search for one in traced]
    by_all = set(searches[0].errors).intersection(*(search.errors for search in searches))
    unequal = searches[0].finer - by_all
    return [
        min((errors for strength, errors in search.errors.items() if strength not in unequal), key=np.mean)
        for search in searches
    ]


def _choice(names: Sequence[str], traced: dict[int, TracedPath], winner: int) -> Choice:
    """Return the choice, with errors over the blocks that all candidates which were trained have in common."""
    lowest = dict(zip(traced, _lowest_errors(list(traced.values())), strict=True))
    blocks = min(map(len, lowest.values()))
    out = [names[number] for number, one in lowest.items() if len(one) == 1]
    about = f" ({' and '.join(out)} forecast the first block no better)" if out else ""
    errors = {number: one[:blocks] for number, one in lowest.items()}
    return Choice(
        parameter=PARAMETER,
        candidates=tuple(range(len(names))),
        held_out_error=tuple(float(errors[n].mean()) if n in errors else np.nan for n in range(len(names))),
        standard_error=tuple(standard_error(errors[n]) if n in errors else np.nan for n in range(len(names))),
        chosen=winner,
        rule=RULE + about,
        measured=_measured(blocks),
        labels=tuple(names),
    )
