"""Health: what a panel of measurements looks like before a method learns from it, and what to do about it."""

from causalkit.health.examination import health
from causalkit.health.records import Finding, Health, SeriesHealth

__all__ = ["Finding", "Health", "SeriesHealth", "health"]
