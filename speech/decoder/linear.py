"""A linear layer with its weights laid out as the device multiplies them fastest."""

from __future__ import annotations

import torch
import torch.nn.functional as F

FEW_ROWS = 8  # what oneDNN lays the weights out for: a decoding step has a row a clip


def packs(device: torch.device, dtype: torch.dtype) -> bool:
    """Whether oneDNN's own layout is there for such weights. Without it, every call on a CPU lays bfloat16 weights out
    anew: for the 51,865 words of the vocabulary and 8 rows that takes 16 of 20 ms (two cores with AMX)."""
    return (
        device.type == "cpu"
        and dtype == torch.bfloat16
        and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
        and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())  # where a setting alone asks for bfloat16
    )


class Linear:
    """y = x Wᵀ + b, and after it the exact GELU where that is asked for. x: (..., inputs)."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None, *, gelu: bool = False) -> None:
        self._bias = bias
        self._gelu = gelu
        self._packed = packs(weight.device, weight.dtype)
        self._weight = torch.ops.mkldnn._reorder_linear_weight(weight, FEW_ROWS) if self._packed else weight

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor
        if self._packed:
            after, how = ("gelu", "none") if self._gelu else ("none", "")
            y = torch.ops.mkldnn._linear_pointwise.default(x, self._weight, self._bias, after, [], how)
            return y
        y = F.linear(x, self._weight, self._bias)
        return F.gelu(y) if self._gelu else y

    def added(self, x: torch.Tensor, to: torch.Tensor) -> torch.Tensor:
        """`to` + y, in one pass where the weights are packed."""
        if self._packed:
            y: torch.Tensor = torch.ops.mkldnn._linear_pointwise.binary(x, to, self._weight, self._bias, "add")
            return y
        return to + self(x)
