"""Choose by validation error, never by a truth: blocked folds, searches, rules, and the lag."""

from causalkit.model_selection.lag import AutoLag, ChosenLag, choose_lag, chosen_lag
from causalkit.model_selection.lag_candidates import Lag, known_lag, open_lag
from causalkit.model_selection.rules import LOWEST_BEYOND_CHANCE, STRONGEST_SUFFICIENT, SUFFICIENT, Rule
from causalkit.model_selection.search import Errors, Search, one_by_one, strongest_first
from causalkit.model_selection.splits import Folds, blocked_folds, folds_of, hold_out

__all__ = [
    "LOWEST_BEYOND_CHANCE",
    "STRONGEST_SUFFICIENT",
    "SUFFICIENT",
    "AutoLag",
    "ChosenLag",
    "Errors",
    "Folds",
    "Lag",
    "Rule",
    "Search",
    "blocked_folds",
    "choose_lag",
    "chosen_lag",
    "folds_of",
    "hold_out",
    "known_lag",
    "one_by_one",
    "open_lag",
    "strongest_first",
]
