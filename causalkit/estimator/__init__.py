"""CausalDiscovery: `causalkit.discover` as a scikit-learn estimator, with one-step forecasts and a held-out error."""

from __future__ import annotations

from causalkit.estimator.estimator import CausalDiscovery

__all__ = ["CausalDiscovery"]
