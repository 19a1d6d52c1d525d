"""A plugin whose method has a name that nobody could type."""

from causalkit import Method, hookimpl


@hookimpl
def causalkit_methods():
    yield Method(name="My Method", factory="fake_bad_name:nothing", summary="A name with a blank")
