"""Safetensors with facts as JSON in their metadata: forecasters and checkpoints. Nothing in them is trusted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from causalkit.errors import DataError
from causalkit.io.json_files import json_of

if TYPE_CHECKING:
    from torch import Tensor

KEY = "causalkit"
"""Of the facts in the metadata."""


def read_weights(path: Path, what: str, hint: str) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Return the facts and the tensors of a file.

    Args:
        path: of the file.
        what: it should be, such as "a checkpoint".
        hint: what to do where it is not.

    Raises:
        DataError: the file is not one of safetensors, or its facts are not a JSON object; no facts are {}.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(KEY, "{}")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (SafetensorError, OSError, ValueError, KeyError, RuntimeError) as error:
        raise DataError(f"{path} is not {what}, or is damaged", hint) from error
    facts = json_of(text, f"the description in {path}", hint)
    if not isinstance(facts, dict):
        raise DataError(f"{path} is not {what}: its description is not a JSON object", hint)
    return facts, tensors
