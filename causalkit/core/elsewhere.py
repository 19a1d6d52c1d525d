"""What other packages call an option: an error about such a word names the option that causalkit has."""

from __future__ import annotations

from collections.abc import Collection

OPTIONS: dict[str, tuple[object, tuple[str, ...]]] = {
    "lag": (3, ("lags", "max_lag", "maxlag", "maxlags", "n_lags", "nlags", "tau_max", "order", "lag_order", "window")),
    "select": (
        "fdr:0.01",
        ("alpha", "alpha_level", "pc_alpha", "significance", "significance_level", "level", "threshold", "fdr"),
    ),
    "seed": (1, ("random_state", "random_seed", "rng")),
    "threads": (2, ("n_jobs", "jobs", "workers", "num_workers", "n_threads", "cpus", "cores")),
    "device": ("cuda", ("gpu", "cuda", "use_gpu", "accelerator")),
    "missing": ("-999", ("missing_flag", "na_values", "nan_values")),
    "time_column": ("date", ("date_column", "datetime_column", "timestamp", "index", "index_col", "time")),
    "panel_column": ("subject", ("group", "group_column", "id_column", "subject_column", "unit")),
    "drop": ("x", ("exclude", "ignore", "skip_columns", "drop_columns")),
}
"""By option: an example of a value, and the words of others."""


def instead(word: str, known: Collection[str], *, python: bool) -> str:
    """Return how to write the option that means what a word of another package means, "" where there is none.

    Args:
        word: as the user wrote it, without dashes at its front.
        known: Python names of the options that there are.
        python: as a keyword argument; else for a shell.
    """
    word = word.replace("-", "_")
    for option, (value, words) in OPTIONS.items():
        if word in words and option in known:
            return f"{option}={value!r}" if python else f"--{option.replace('_', '-')} {value}"
    return ""
