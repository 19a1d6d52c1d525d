"""The layout of a table: one row a time step and one column a series, whatever it was before."""

from causalkit.io.layout.arranging import arranged

__all__ = ["arranged"]
