"""Records of comparisons, made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from causalkit.compare.record import Cell, CellRecord

# Demšar (JMLR 7, 2006), tables 2 and 6: AUC of C4.5 and three variants on 14 data sets.
DEMSAR_METHODS = ("C4.5", "C4.5+m", "C4.5+cf", "C4.5+m+cf")
DEMSAR = {
    "adult": (0.763, 0.768, 0.771, 0.798),
    "breast cancer": (0.599, 0.591, 0.590, 0.569),
    "breast cancer wisconsin": (0.954, 0.971, 0.968, 0.967),
    "cmc": (0.628, 0.661, 0.654, 0.657),
    "ionosphere": (0.882, 0.888, 0.886, 0.898),
    "iris": (0.936, 0.931, 0.916, 0.931),
    "liver disorders": (0.661, 0.668, 0.609, 0.685),
    "lung cancer": (0.583, 0.583, 0.563, 0.625),
    "lymphography": (0.775, 0.838, 0.866, 0.875),
    "mushroom": (1.000, 1.000, 1.000, 1.000),
    "primary tumor": (0.940, 0.962, 0.965, 0.962),
    "rheum": (0.619, 0.666, 0.614, 0.669),
    "voting": (0.972, 0.981, 0.9754, 0.9750),  # both printed as .975, but ranked 2 and 3
    "wine": (0.957, 0.978, 0.946, 0.970),
}


def made(method: str, data: str, seed: int, auroc: float | None = None, status: str = "ok", **more) -> CellRecord:
    """A record with this AUROC without self-edges, and 1 - AUROC / 2 with them."""
    settings = more.pop("settings", {"threads": 1})
    name, bracket, _ = method.partition("[")
    cell = Cell(
        method=method,
        data=data,
        seed=seed,
        method_name=name,
        method_params={"label": method} if bracket else {},
        data_name=data.partition("[")[0],
        data_params={"label": data},
        settings=settings,
    )
    values = {} if auroc is None else {"auroc": auroc, "auprc": auroc / 2}
    metrics = {} if auroc is None else {"exclude": values, "include": {"auroc": 1 - auroc / 2}}
    facts = {
        "reason": "" if status == "ok" else "it did not work",
        "metrics": metrics,
        "seconds": {"data": 0.1, "fit": 2.0, "total": 2.5},
        "peak_bytes": 300_000_000,
        "data": {"sha256": f"{data}-{seed}"},
        "versions": {"causalkit": "1.0.0"},
    }
    return CellRecord(cell=cell, status=status, **(facts | more))


def grid(numbers: Mapping[tuple[str, str], Sequence[float | None]]) -> list[CellRecord]:
    """Records of ``{(method, data): AUROC by seed}``; None is a cell that failed."""
    return [
        made(method, data, seed, number, "failed" if number is None else "ok")
        for (method, data), values in numbers.items()
        for seed, number in enumerate(values)
    ]


def demsar() -> list[CellRecord]:
    """Demšar's example; every data set has one seed."""
    return [
        made(method, data, 0, value)
        for data, values in DEMSAR.items()
        for method, value in zip(DEMSAR_METHODS, values, strict=True)
    ]
