"""A plugin that yields things that are no records of the hook's kind, and a good one."""

from causalkit import Method, Metric, hookimpl


@hookimpl
def causalkit_methods():
    yield {"name": "dictionary"}
    yield Metric(name="lost", factory=float, summary="A metric among methods")
    yield Method(name="found", factory="fake_no_record:nothing", summary="Between two faults")
