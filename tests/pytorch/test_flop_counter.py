"""MACs agree with torch.utils.flop_counter, which counts 2 for each, for every op that it counts."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from shortcut_audit.loaders.torch.module import load_module
from shortcut_audit.pipeline import audit_draft

torch = pytest.importorskip("torch")
nn, functional = torch.nn, torch.nn.functional


class Net(nn.Module):  # type: ignore[misc, name-defined]
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *values: Any) -> Any:
        return self.function(*values)


def ones(*shape: int) -> Any:
    return torch.ones(shape)


IMAGE, SEQUENCE, HEADS = ones(2, 4, 9, 9), ones(2, 5, 8), ones(2, 4, 5, 8)

CASES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "conv1d": (nn.Conv1d(8, 6, 3, stride=2, padding=1), (ones(2, 8, 9),)),
    "conv2d grouped": (nn.Conv2d(4, 8, 3, groups=2, dilation=2), (IMAGE,)),
    "conv2d same": (nn.Conv2d(4, 8, 4, padding="same"), (IMAGE,)),
    "conv2d without a batch": (nn.Conv2d(4, 8, 3, groups=2, padding="same"), (ones(4, 9, 9),)),
    "transposed conv without a batch": (nn.ConvTranspose1d(4, 6, 3, stride=2), (ones(4, 9),)),
    "conv3d": (nn.Conv3d(2, 3, 3), (ones(1, 2, 5, 6, 7),)),
    "transposed conv": (nn.ConvTranspose2d(4, 6, 3, stride=2, output_padding=1), (IMAGE,)),
    "linear": (nn.Linear(8, 3), (SEQUENCE,)),
    "matmul broadcast": (Net(torch.matmul), (ones(3, 1, 4, 5), ones(2, 5, 6))),
    "bmm": (Net(torch.bmm), (ones(3, 4, 5), ones(3, 5, 6))),
    "addmm": (Net(torch.addmm), (ones(4, 6), ones(4, 5), ones(5, 6))),
    "baddbmm": (Net(torch.baddbmm), (ones(3, 4, 6), ones(3, 4, 5), ones(3, 5, 6))),
    "einsum": (Net(lambda a, b: torch.einsum("bhqd,bhkd->bhqk", a, b)), (HEADS, HEADS)),
    "inner": (Net(torch.inner), (ones(2, 3, 4), ones(5, 4))),
    "attention": (Net(functional.scaled_dot_product_attention), (HEADS, HEADS, HEADS)),
    "causal attention": (
        Net(lambda q, k, v: functional.scaled_dot_product_attention(q, k, v, is_causal=True)),
        (HEADS, HEADS, HEADS),
    ),
    "multi-head attention": (nn.MultiheadAttention(8, 2, batch_first=True), (SEQUENCE, SEQUENCE, SEQUENCE)),
    "transformer layer": (nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), (SEQUENCE,)),
}


@pytest.mark.parametrize("name", CASES)
def test_twice_the_macs_are_the_flops(name: str) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    module, inputs = CASES[name]
    # The CPU's attention kernel is not in the counter's table; on the meta device the products are.
    with FlopCounterMode(display=False) as counter:
        copy.deepcopy(module).to("meta")(*(value.to("meta") for value in inputs))
    totals = audit_draft(load_module(module, inputs)).totals
    assert totals.flops == counter.get_total_flops() > 0
    assert totals.uncounted == ()
    assert not totals.lower_bound


@pytest.mark.parametrize(
    ("module", "inputs", "macs"),
    [
        (nn.Bilinear(3, 5, 7), (ones(2, 3), ones(2, 5)), 280),  # 2 x 7 x 3 x 5 + 2 x 7 x 5
        (Net(torch.dot), (ones(4), ones(4)), 4),
        (Net(torch.vdot), (ones(4), ones(4)), 4),
        (Net(torch.inner), (ones(4), ones(4)), 4),
    ],
)
def test_products_which_the_flop_counter_leaves_out(module: Any, inputs: tuple[Any, ...], macs: int) -> None:
    totals = audit_draft(load_module(module, inputs)).totals
    assert (totals.macs, totals.lower_bound) == (macs, False)


class Encoder(nn.TransformerEncoderLayer):  # type: ignore[misc, name-defined]
    """An encoder layer as PyTorch runs it where nobody trains it: one op."""

    def forward(self, x: Any) -> Any:
        attention, norms = self.self_attn, (self.norm1, self.norm2)
        learned = attention.in_proj_weight, attention.in_proj_bias, attention.out_proj.weight, attention.out_proj.bias
        scales = [tensor for norm in norms for tensor in (norm.weight, norm.bias)]
        layers = [tensor for layer in (self.linear1, self.linear2) for tensor in (layer.weight, layer.bias)]
        return torch._transformer_encoder_layer_fwd(x, 8, 2, *learned, False, False, 1e-5, *scales, *layers)


def test_an_encoder_layer_in_one_op_holds_two_shortcuts() -> None:
    """2 sequences of 5, width 8: per position 8 x 24 + 8 x 8 + 2 x 8 x 16, and 2 x 5 x 5 x (8 + 8) for attention."""
    report = audit_draft(load_module(Encoder(8, 2, 16, batch_first=True).eval(), (ones(2, 5, 8),)))
    assert report.totals.macs == 10 * 512 + 800
    assert [shortcut.kind for shortcut in report.shortcuts] == ["identity", "identity"]
    assert not report.totals.lower_bound


class FourBits(nn.Module):  # type: ignore[misc, name-defined]
    """A matrix [32, 64] in 4 bits, two numbers to a byte, and a scale and a zero point for each 32 of them."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("weight", torch.zeros(32, 32, dtype=torch.uint8))
        self.register_buffer("scales", torch.ones(2, 32, 2, dtype=torch.bfloat16))

    def forward(self, x: Any) -> Any:
        return torch.ops.aten._weight_int4pack_mm_for_cpu(x, self.weight, 32, self.scales)


def test_a_matrix_in_four_bits_is_multiplied_by_all_of_it() -> None:
    totals = audit_draft(load_module(FourBits(), (torch.ones(5, 64, dtype=torch.bfloat16),))).totals
    assert (totals.macs, totals.uncounted) == (10_240, ())  # 5 x 64 x 32
    assert (totals.parameters, totals.buffers) == (2_048, 128)  # 64 x 32; 2 x 32 x 2


class FourBitsAmongFloats(nn.Module):  # type: ignore[misc, name-defined]
    """A matrix [64, 64] in 4 bits, packed with its scales into one tensor of floats."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(64, 64, bias=False)
        bits, scales = torch.zeros(64, 32, dtype=torch.uint8), torch.ones(64, 2)
        self.register_buffer("weight", torch.ops.aten._dyn_quant_pack_4bit_weight(bits, scales, None, 32, 64, 64))

    def forward(self, x: Any) -> Any:
        h = self.inner(x)
        return h + torch.ops.aten._dyn_quant_matmul_4bit(torch.relu(h), self.weight, 32, 64, 64)


def test_a_packed_matrix_is_learned_whatever_type_it_is_packed_into() -> None:
    report = audit_draft(load_module(FourBitsAmongFloats(), (torch.ones(5, 64),)))
    assert [shortcut.kind for shortcut in report.shortcuts] == ["identity"]
    assert report.totals.parameters == 8_192  # 2 x 64 x 64
    assert report.totals.macs == 40_960  # 2 x 5 x 64 x 64


def test_what_the_elements_of_a_sparse_tensor_decide_is_unknown() -> None:
    def sampled(x: Any) -> Any:
        return torch.ops.aten._sparse_mm(x.to_sparse(), x)

    totals = audit_draft(load_module(Net(sampled), (ones(4, 4),))).totals
    assert totals.lower_bound
    assert totals.uncounted


RECURRENT = {
    # length x batch x gates x hidden x (input + hidden), per layer and direction
    "lstm": (nn.LSTM(8, 6), ones(5, 2, 8), 5 * 2 * 4 * 6 * (8 + 6)),
    "gru, two layers": (nn.GRU(8, 6, 2), ones(5, 2, 8), 5 * 2 * 3 * 6 * ((8 + 6) + (6 + 6))),
    "rnn, both directions": (nn.RNN(8, 6, bidirectional=True), ones(5, 2, 8), 2 * 5 * 2 * 6 * (8 + 6)),
    "batch first": (nn.LSTM(8, 6, batch_first=True), ones(2, 5, 8), 5 * 2 * 4 * 6 * (8 + 6)),
}


@pytest.mark.parametrize("name", RECURRENT)
def test_recurrent_layers_which_the_flop_counter_leaves_out(name: str) -> None:
    module, example, macs = RECURRENT[name]
    assert audit_draft(load_module(module, (example,))).totals.macs == macs
