"""Select edges whose cause makes forecasts of held-out steps better."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from causalkit.core.correction import corrected
from causalkit.core.discovery import Discovery
from causalkit.core.names import a_few
from causalkit.selection import Outcome, candidate_pairs, cells_of
from causalkit.selection.cells import possible_pairs

CONTROLS = {"bh": "Benjamini-Hochberg", "by": "Benjamini-Yekutieli"}


def held_out(
    discovery: Discovery,
    level: Annotated[float, Field(gt=0, lt=1)] = 0.05,
    method: Literal["bh", "by"] = "bh",
    least: Annotated[float, Field(ge=0, lt=1)] = 0.01,
) -> Outcome:
    """Select pairs without whose cause held-out steps of the effect are forecast worse.

    The networks that chose the strength each left a block of the recording out. On its block, each forecasts again
    with the cause replaced by what all other series say of it. The p-value of a pair is that of the loss.

    Args:
        discovery: of a method whose networks left blocks out.
        level: largest expected share of false edges among the selected ones, between 0 and 1.
        method: "bh" Benjamini-Hochberg, "by" Benjamini-Yekutieli: under any dependence between the tests.
        least: share of what the forecast of the effect explains that an edge has to be worth, from 0. With 0, every
            trace of a cause counts, also one that comes through a third series between two samples.

    Returns:
        The selected cells, further lags of a pair as in `causalkit.selection.cells_of`; p-values of lags and of pairs.
        The findings ``q_values`` and ``loss``, shape (cause, effect), have the smallest level at which a pair is
        selected, NaN where it was not tested, and the share that is lost without the cause. Pairs that were no
        candidates count as tests with p-value 1.

    Reference:
        Watson and Wright, Machine Learning 110, 2107-2129, 2021; Clark and West, J. Econometrics 138, 291-311, 2007;
        Newey and West, Econometrica 55, 703-708, 1987; Benjamini and Hochberg, J. R. Stat. Soc. B 57, 289-300, 1995.
    """
    assert discovery.held_out is not None  # needs="held-out"
    found = discovery.held_out.test(least)
    known, enough = discovery.pairs, found.windows >= found.fewest
    tested, joint = known.of(candidate_pairs(discovery)) & enough[known.effect], known.of(found.joint_p_values)
    tests = possible_pairs(discovery, effects=enough) if discovery.sparse else None
    chosen, q_values = corrected(joint, tested, level, method, tests)
    joint = known.array(np.where(tested, joint, np.nan), fill=np.nan)
    by_lag = known.array(np.where(tested[:, None], known.of(found.p_values), np.nan), fill=np.nan)
    worth = f" by more than {least:.2g} of what the forecast explains" if least else ""
    note = (
        f"Without the cause of a selected edge, held-out steps of the effect are forecast worse{worth}. At level "
        f"{level:g} ({CONTROLS[method]}), at most {level:.0%} of these edges are expected to be false, if all causes "
        "are measured. Self-edges were not tested"
    )
    notes = [note]
    if few := [name for name, tested_one in zip(discovery.names, enough, strict=True) if not tested_one]:
        notes.append(f"Edges into {a_few(few)} were not tested: fewer than {found.fewest} held-out steps are too few")
    findings = {
        "q_values": known.array(q_values, fill=np.nan),
        "loss": known.array(known.of(found.loss)),
        "windows": int(found.windows.min()),
    }
    selected = cells_of(discovery, known.array(chosen, fill=False), p_values=by_lag, pair_p_values=joint)
    return Outcome(selected, findings, tuple(notes), by_lag, joint)
