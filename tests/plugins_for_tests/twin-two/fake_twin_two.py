"""One of two plugins that contribute a method of the same name."""

from causalkit import Method, hookimpl


@hookimpl
def causalkit_methods():
    yield Method(name="twin", factory="fake_twin_two:nothing", summary="From twin two", aliases=("sibling",))
