"""One of two plugins that contribute a method and a selection rule of the same name."""

from causalkit import Method, SelectionRule, hookimpl


@hookimpl
def causalkit_methods():
    yield Method(name="twin", factory="fake_twin_two:nothing", summary="From twin two", aliases=("sibling",))


def share_of_largest(discovery, share: float):
    return discovery.scores >= share * discovery.scores.max()


@hookimpl
def causalkit_selection_rules():
    yield SelectionRule(name="twin", factory=share_of_largest, summary="From twin two")
