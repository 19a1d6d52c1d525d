"""Metrics: numbers that compare a discovery with a truth; see `causalkit.evaluation.Evaluation` for what they read."""
