"""A plugin that misspells its hook."""

from causalkit import hookimpl


@hookimpl
def causalkit_method():
    return []
