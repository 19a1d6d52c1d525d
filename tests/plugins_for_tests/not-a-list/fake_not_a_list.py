"""A plugin that forgets to put its record into a list."""

from causalkit import Method, hookimpl


@hookimpl
def causalkit_methods():
    return Method(name="alone", factory="fake_not_a_list:nothing", summary="Returned without a list")
