"""speech.decoder.attention: in bfloat16 what torch's own attention gives in float32, for any number of queries."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from speech.decoder.attention import MANY_QUERIES, attention


@pytest.mark.parametrize("queries", [1, 5, MANY_QUERIES, 1500])
@pytest.mark.parametrize("rows", [1, 3])
def test_attention_in_bfloat16_is_as_exact_as_its_type(rows, queries):
    torch.manual_seed(rows * queries)
    heads, moments, size = 4, 1500, 64
    query = torch.randn(rows, heads, queries, size)
    keys, values = torch.randn(2, rows, heads, moments, size)
    exact = F.scaled_dot_product_attention(query, keys, values)
    found = attention(query.bfloat16(), keys.bfloat16(), values.bfloat16())
    assert found.dtype == torch.bfloat16
    assert found.shape == exact.shape
    fused = F.scaled_dot_product_attention(query.bfloat16(), keys.bfloat16(), values.bfloat16())
    assert (found - exact).abs().mean() < 2 * (fused - exact).abs().mean()


def test_attention_in_float32_is_torchs_own():
    query, keys, values = torch.randn(3, 2, 4, 7, 64)
    assert torch.equal(attention(query, keys, values), F.scaled_dot_product_attention(query, keys, values))
