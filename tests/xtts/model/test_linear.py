"""Linear layers: both forms of a matrix give the same products."""

import pytest
import torch
from torch.nn import functional

from workers.engines.xtts.model.linear import PackedLinear, PlainLinear, linear, packs

CPU = torch.device("cpu")


@pytest.mark.parametrize("rows", [1, 2, 16, 70])
@pytest.mark.parametrize("gelu", [False, True])
@pytest.mark.parametrize(("dtype", "near"), [(torch.float32, 1e-5), (torch.bfloat16, 5e-2)])
def test_packed_weights_multiply_as_plain_ones_do(rows: int, gelu: bool, dtype: torch.dtype, near: float) -> None:
    if not packs(CPU, dtype):
        pytest.skip(f"no oneDNN for {dtype} on this machine")
    generator = torch.Generator().manual_seed(rows)
    x, weight, bias = (torch.randn(*size, generator=generator).to(dtype) for size in ((rows, 64), (96, 64), (96,)))
    expected = functional.linear(x.double(), weight.double(), bias.double())
    expected = functional.gelu(expected, approximate="tanh") if gelu else expected
    with torch.inference_mode():
        for form in (PackedLinear, PlainLinear):
            assert torch.allclose(form(weight, bias, gelu=gelu)(x).double(), expected, rtol=near, atol=near), form


def test_float16_and_other_devices_are_left_to_torch() -> None:
    assert not packs(CPU, torch.float16)
    assert not packs(torch.device("cuda"), torch.float32)
    assert isinstance(linear(torch.eye(4), torch.zeros(4), CPU, torch.float16), PlainLinear)
