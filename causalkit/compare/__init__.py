"""Head-to-head: methods x data sets x seeds, as records that can be trusted, resumed, tested and gated."""
