"""The training loop of all neural methods, checkpoints and score history."""
