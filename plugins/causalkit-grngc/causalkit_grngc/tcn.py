"""A temporal convolutional network: residual blocks of dilated causal convolutions, read at the last step.

As in the public scripts of GRNGC: three blocks, kernel 3, dilations 1, 2, 4, then a linear head.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import pad, relu

from causalkit.neural import ForecasterModule

Positive = Annotated[int, Field(ge=1)]


class CausalConvolution(nn.Module):
    """Dilated causal convolution: (B, K, inputs) -> (B, K, outputs).

    Written as one matrix product for each tap that falls into the window. For short windows that skips the taps that
    would only see padding, and matrix products are differentiated twice much faster than convolutions.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        bound = 1 / math.sqrt(inputs * kernel)
        self.taps = nn.Parameter(torch.empty(kernel, inputs, outputs).uniform_(-bound, bound))  # tap 0 is the present
        self.bias = nn.Parameter(torch.empty(outputs).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        """Convolve; the past of the window counts as zero, the mean of every series."""
        steps = x.shape[1]
        total = _steps_times(x, self.taps[0]) + self.bias
        for tap, weight in enumerate(self.taps[1:], start=1):
            back = tap * self.dilation
            if back < steps:
                total = total + pad(_steps_times(x[:, : steps - back], weight), (0, 0, back, 0))
        return total


def _steps_times(x: Tensor, weight: Tensor) -> Tensor:
    """Multiply every step (B, K, inputs) by a matrix (inputs, outputs).

    As one flat product: the gradient of a batched one would hold a copy of the matrix for each window.
    """
    return (x.flatten(0, 1) @ weight).unflatten(0, x.shape[:2])


class Block(nn.Module):
    """Two causal convolutions with a residual connection: (B, K, inputs) -> (B, K, outputs)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, dilation: int) -> None:
        super().__init__()
        self.first = CausalConvolution(inputs, outputs, kernel, dilation)
        self.second = CausalConvolution(outputs, outputs, kernel, dilation)
        self.skip = nn.Linear(inputs, outputs) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's output at every step."""
        h = relu(self.second(relu(self.first(x))))
        return relu(h + self.skip(x))


class TCN(ForecasterModule):
    """Joint forecaster.

    Args:
        series, lag: P and K.
        channels: width of every block.
        blocks: number of blocks; the dilation doubles from block to block.
        kernel: steps that one convolution sees.
    """

    def __init__(
        self, series: int, lag: int, channels: Positive = 128, blocks: Positive = 3, kernel: Positive = 3
    ) -> None:
        super().__init__()
        widths = (series, *[channels] * blocks)
        self.blocks = nn.Sequential(*(Block(a, b, kernel, 2**level) for level, (a, b) in enumerate(pairwise(widths))))
        self.head = nn.Linear(channels, series)

    def features(self, x: Tensor) -> Tensor:
        """Return the last step of the last block: (B, K, P) -> (B, channels)."""
        seen: Tensor = self.blocks(x)
        return seen[:, -1]

    def forward(self, x: Tensor) -> Tensor:
        """Forecast: (B, K, P) -> (B, P)."""
        forecast: Tensor = self.head(self.features(x))
        return forecast
