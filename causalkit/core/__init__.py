"""The data of causal discovery: panels, truths, results, and the circumstances of a run."""
