"""A plugin with a fault in two hooks."""

from causalkit import hookimpl


@hookimpl
def causalkit_methods():
    raise ValueError("first fault")


@hookimpl
def causalkit_metrics():
    raise ValueError("second fault")
