"""Log runs of causalkit for TensorBoard: set CAUSALKIT_TENSORBOARD to a folder, and every run writes into it."""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path

from causalkit import hookimpl


class TensorBoardLog:
    """Writes the losses of every epoch, and in the end the scores, the strongest edges and the configuration."""

    def __init__(self, folder: Path, seed: int):
        self.folder = folder / f"seed-{seed}-{uuid.uuid4().hex[:8]}"  # runs of one comparison may start together
        self.writer = None
        self.before = self.step = 0

    def on_start(self, info):
        """Count on where an earlier stage ended."""
        self.before = self.step  # 0, unless the method trains more than once

    def on_epoch(self, epoch, losses):
        """Log every part of the loss."""
        self.step = self.before + epoch
        for name, loss in losses.items():
            self.open().add_scalar(f"loss/{name}", loss, self.step)

    def on_end(self, discovery):
        """Log the result."""
        from causalkit.plotting import plot_heatmap

        writer = self.open()
        writer.add_figure("scores", plot_heatmap(discovery).figure)
        writer.add_text("edges", f"```\n{discovery.edges(top=20).to_string(index=False)}\n```")
        writer.add_text("configuration", f"```json\n{json.dumps(discovery.config, indent=1, default=str)}\n```")
        writer.add_scalar("seconds", discovery.seconds)
        writer.close()

    def open(self):
        """Return the writer."""
        if self.writer is None:
            from tensorboardX import SummaryWriter  # heavy: not before there is something to log

            self.writer = SummaryWriter(str(self.folder), flush_secs=10)
        return self.writer


@hookimpl
def causalkit_observers(run):
    """Watch a run, if the user wants it."""
    folder = os.environ.get("CAUSALKIT_TENSORBOARD")
    if folder:
        yield TensorBoardLog(Path(folder), run.seed)
