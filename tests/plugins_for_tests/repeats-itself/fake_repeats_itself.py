"""A plugin that uses one name twice."""

from causalkit import Method, hookimpl


@hookimpl
def causalkit_methods():
    for summary in ("First", "Second"):
        yield Method(name="echo", factory="fake_repeats_itself:nothing", summary=summary)
