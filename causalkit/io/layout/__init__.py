"""The layout of a table: one row a time step and one column a series, whatever it was before."""

from causalkit.io.layout.arranging import arranged
from causalkit.io.layout.descriptions import refuse_descriptions
from causalkit.io.layout.orientation import check_orientation

__all__ = ["arranged", "check_orientation", "refuse_descriptions"]
