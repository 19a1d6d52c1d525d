"""The template behind ``causalkit new-plugin``: a small plugin that works, to start from."""

from causalkit.scaffold.generate import Created, create
from causalkit.scaffold.kinds import KINDS

__all__ = ["KINDS", "Created", "create"]
