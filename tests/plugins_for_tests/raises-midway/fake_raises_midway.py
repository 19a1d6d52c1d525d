"""A plugin whose hook fails after its first record."""

from causalkit import Method, hookimpl


@hookimpl
def causalkit_methods():
    yield Method(name="survivor", factory="fake_raises_midway:nothing", summary="Yielded before the fault")
    raise RuntimeError("the second record\ncannot be made")
