"""Ridge regression on the past of all series, as a causalkit plugin."""

from collections.abc import Iterator

from causalkit import Method, hookimpl


@hookimpl
def causalkit_methods() -> Iterator[Method]:
    """Contribute the method."""
    yield Method(
        name="ridge-granger",
        factory="causalkit_ridge_granger.method:RidgeGranger",
        summary="Ridge regression on the past of all series, with a permutation test of each edge",
        reference="Hoerl and Kennard, Ridge regression, Technometrics 12, 1970",
        test_params={"lag": 2, "draws": 99},
        missing=True,
        knowledge="training",
        interventions=True,
    )
