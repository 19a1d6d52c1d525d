"""Install the core and every plugin of this repository in editable mode, by one pip call.

    python tests/packaging/install_all.py

One call, because the name causalkit on the package index belongs to another project.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Run pip."""
    projects = [ROOT, *sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))]
    editable = [word for project in projects for word in ("-e", str(project))]
    editable[1] += "[parquet,dask]"
    pip = [sys.executable, "-m", "pip", "install", "--no-compile", "-q", "-c", str(ROOT / "constraints.txt")]
    subprocess.run([*pip, *editable], check=True)


if __name__ == "__main__":
    main()
