"""A plugin whose hook asks for an argument that the hook does not have."""

from causalkit import hookimpl


@hookimpl
def causalkit_methods(configuration):
    return []
