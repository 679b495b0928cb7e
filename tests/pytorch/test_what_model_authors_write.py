"""What do the residual connections of published architectures come to, each written as its authors would?

Each function is a forward pass over the layers that stand beside it. The kinds were written down before they were
asked for: identity, parameter-free, gated, projection.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shortcut_audit import audit

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402 -- only where there is a torch
from torch.nn import functional as F  # noqa: E402, N812 -- as PyTorch users call it

WIDTH, TOKENS = 16, 4


class Written(nn.Module):  # type: ignore[misc]
    """Layers, and what is done with them."""

    def __init__(self, forward: Callable[..., Any], **layers: Any) -> None:
        super().__init__()
        self.written = forward
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, *inputs: Any) -> Any:
        return self.written(self, *inputs)


def branch(size: int = WIDTH, out: int = 0) -> Any:
    return nn.Sequential(nn.Linear(size, 2 * size), nn.GELU(), nn.Linear(2 * size, out or size))


def branches(count: int) -> Any:
    return nn.ModuleList([branch() for _ in range(count)])


def vector(*shape: int) -> Any:
    return nn.Parameter(torch.rand(*shape))


def gated_attention_unit(net: Any, x: Any) -> Any:
    """Hua et al. 2022: one gate instead of many heads."""
    h = net.norm(x)
    u, v, z = F.silu(net.u(h)), F.silu(net.v(h)), F.silu(net.z(h))
    q, k = z * net.scale[0] + net.shift[0], z * net.scale[1] + net.shift[1]
    return x + net.out(u * (F.relu(q @ k.transpose(1, 2) / TOKENS) ** 2 @ v))


def mixture_of_depths(net: Any, x: Any) -> Any:
    """Raposo et al. 2024: two tokens of four go through the block, and are added where they stood."""
    weight, chosen = net.router(x).squeeze(-1).topk(2, 1)
    places = chosen.unsqueeze(-1).expand(-1, -1, WIDTH)
    return x.scatter_add(1, places, torch.sigmoid(weight).unsqueeze(-1) * net.block(x.gather(1, places)))


def retention(net: Any, x: Any) -> Any:
    """RetNet (Sun et al. 2023), in parallel form."""
    q, k, v = net.qkv(net.first(x)).chunk(3, -1)
    step = torch.arange(float(TOKENS))
    decay = torch.tril(0.9 ** (step[:, None] - step[None]))
    y = net.groups(((q @ k.transpose(1, 2) * decay) @ v).transpose(1, 2)).transpose(1, 2)
    x = x + net.out(F.silu(net.gate(x)) * y)
    return x + net.block(net.second(x))


def kolmogorov_arnold(net: Any, x: Any) -> Any:
    """KAN (Liu et al. 2024): a base and a spline in each layer are parallel branches, and one residual around them."""
    splines = torch.exp(-(((x[..., None] - net.grid) * 2) ** 2)).flatten(-2) @ net.spline
    return x + (F.silu(x) @ net.base + splines)


def equivariant(net: Any, h: Any, x: Any) -> Any:
    """EGNN (Satorras et al. 2021): features and coordinates."""
    apart = x[:, :, None] - x[:, None]
    pairs = [h[:, :, None].expand(-1, -1, TOKENS, -1), h[:, None].expand(-1, TOKENS, -1, -1)]
    message = net.edge(torch.cat([*pairs, (apart**2).sum(-1, keepdim=True)], -1))
    x = x + (apart * net.weight(message)).mean(2)
    return h + net.node(torch.cat([h, message.sum(2)], -1)), x


def decomposed_adapter(net: Any, x: Any) -> Any:
    """DoRA (Liu et al. 2024): the weight is computed, and its addition is one of constants."""
    weight = net.matrix + net.up @ net.down
    return x + F.relu(F.linear(x, net.size * weight / weight.norm(dim=1, keepdim=True)))


def value_residual(net: Any, x: Any) -> Any:
    """Zhou et al. 2024: the values of the first layer pass into those of the second."""
    first = None
    for mix, values, out in zip(net.mix, net.values, net.out, strict=True):
        q, k = mix(x).chunk(2, -1)
        v = values(x)
        first, v = (v, v) if first is None else (first, net.share * first + (1 - net.share) * v)
        x = x + out(torch.softmax(q @ k.transpose(1, 2), -1) @ v)
    return x


def hyper_connections(net: Any, x: Any) -> Any:
    """Zhu et al. 2024, static: two streams, mixed by a learned matrix in each layer."""
    streams = torch.stack([net.embed(x)] * 2, -2)
    for read, mix, write, block in zip(net.read, net.mix, net.write, net.blocks, strict=True):
        made = block(torch.einsum("n,btnd->btd", read, streams))
        streams = torch.einsum("nm,btnd->btmd", mix, streams) + write[:, None] * made[:, :, None]
    return streams.sum(-2)


def wavenet(net: Any, x: Any) -> Any:
    """Van den Oord et al. 2016: what each layer adds to the sum of skips is a projection beside the deeper ones."""
    skips = 0
    for gate, residual, skip in zip(net.gates, net.residuals, net.skips, strict=True):
        a, b = gate(x).chunk(2, 1)
        h = torch.tanh(a) * torch.sigmoid(b)
        skips, x = skips + skip(h), x + residual(h)
    return F.relu(skips)


def runge_kutta(net: Any, x: Any) -> Any:
    """Four stages: x passes into three of them and into the sum, k1 into the sum as it is, k2 and k3 doubled."""
    k1 = net.block(x)
    k2 = net.block(x + 0.5 * k1)
    k3 = net.block(x + 0.5 * k2)
    k4 = net.block(x + k3)
    return x + (k1 + 2 * k2 + 2 * k3 + k4) / 6


def normalised(net: Any, x: Any) -> Any:
    """NGPT (Loshchilov et al. 2024): x moves towards the branch by learned steps."""
    h = F.normalize(net.block(x), dim=-1)
    return F.normalize(x + net.step * (h - x), dim=-1)


def residual_quantiser(net: Any, x: Any) -> Any:
    """SoundStream (Zeghidour et al. 2021): what is left of x, twice, and the sum of three entries of code books."""
    left, total = net.encode(x), 0
    for book in net.books:
        entry = torch.softmax(left @ book.T, -1) @ book
        left, total = left - entry, total + entry
    return net.decode(total)


def control(net: Any, x: Any, condition: Any) -> Any:
    """ControlNet (Zhang et al. 2023): a copy of the encoder, tied in by kernels of zero; no shortcut passes it."""
    copy = F.relu(net.copy(x + net.before(condition)))
    return net.decode(F.relu(net.encode(x)) + net.behind(copy))


def kernel(size: int = 1, out: int = 8) -> Any:
    return nn.Conv2d(8, out, size, padding=size // 2)


def lines(count: int, out: int) -> Any:
    return nn.ModuleList([nn.Conv1d(TOKENS, out, 1) for _ in range(count)])


def linears(count: int, out: int = WIDTH) -> Any:
    return nn.ModuleList([nn.Linear(WIDTH, out) for _ in range(count)])


def norm() -> Any:
    return nn.LayerNorm(WIDTH)


SHARING = {"mix": (2, 2 * WIDTH), "values": (2, WIDTH), "out": (2, WIDTH)}

MODELS: dict[str, tuple[Callable[[], Written], tuple[tuple[int, ...], ...], tuple[int, int, int, int]]] = {
    "gated attention unit": (
        lambda: Written(
            gated_attention_unit, norm=norm(), u=nn.Linear(WIDTH, 32), v=nn.Linear(WIDTH, 32), z=nn.Linear(WIDTH, 8),
            scale=vector(2, 8), shift=vector(2, 8), out=nn.Linear(32, WIDTH),
        ),
        ((2, TOKENS, WIDTH),), (1, 0, 0, 0),
    ),
    "mixture of depths": (
        lambda: Written(mixture_of_depths, router=nn.Linear(WIDTH, 1), block=branch()),
        ((2, TOKENS, WIDTH),), (1, 0, 0, 0),
    ),
    "retention": (
        lambda: Written(
            retention, first=norm(), second=norm(), qkv=nn.Linear(WIDTH, 3 * WIDTH), gate=nn.Linear(WIDTH, WIDTH),
            groups=nn.GroupNorm(4, WIDTH), out=nn.Linear(WIDTH, WIDTH), block=branch(),
        ),
        ((2, TOKENS, WIDTH),), (2, 0, 0, 0),
    ),
    "Kolmogorov-Arnold": (
        lambda: Written(
            kolmogorov_arnold, base=vector(WIDTH, WIDTH), spline=vector(5 * WIDTH, WIDTH),
            grid=nn.Parameter(torch.linspace(-1, 1, 5), requires_grad=False),
        ),
        ((2, TOKENS, WIDTH),), (1, 0, 0, 0),
    ),
    "equivariant": (
        lambda: Written(
            equivariant, edge=branch(2 * WIDTH + 1, WIDTH), weight=branch(WIDTH, 1), node=branch(2 * WIDTH, WIDTH)
        ),
        ((2, TOKENS, WIDTH), (2, TOKENS, 3)), (2, 0, 0, 0),
    ),
    "decomposed adapter": (
        lambda: Written(
            decomposed_adapter, matrix=vector(WIDTH, WIDTH), up=vector(WIDTH, 4), down=vector(4, WIDTH),
            size=vector(WIDTH, 1),
        ),
        ((2, TOKENS, WIDTH),), (1, 0, 0, 0),
    ),
    "value residual, shared by half": (
        lambda: Written(value_residual, share=0.5, **{name: linears(*sizes) for name, sizes in SHARING.items()}),
        ((2, TOKENS, WIDTH),), (2, 1, 0, 0),
    ),
    "value residual, learned": (
        lambda: Written(value_residual, share=vector(1), **{name: linears(*sizes) for name, sizes in SHARING.items()}),
        ((2, TOKENS, WIDTH),), (2, 0, 0, 1),
    ),
    "hyper-connections": (
        lambda: Written(
            hyper_connections, embed=nn.Linear(WIDTH, WIDTH), blocks=branches(2),
            read=nn.ParameterList([vector(2), vector(2)]), write=nn.ParameterList([vector(2), vector(2)]),
            mix=nn.ParameterList([vector(2, 2), vector(2, 2)]),
        ),
        ((2, TOKENS, WIDTH),), (0, 0, 0, 2),
    ),
    "WaveNet": (
        lambda: Written(
            wavenet, gates=lines(3, 2 * TOKENS), residuals=lines(3, TOKENS), skips=lines(3, TOKENS)
        ),
        ((2, TOKENS, WIDTH),), (2, 0, 0, 2),
    ),
    "Runge-Kutta": (lambda: Written(runge_kutta, block=branch()), ((2, TOKENS, WIDTH),), (5, 2, 0, 0)),
    "normalised": (
        lambda: Written(normalised, block=branch(), step=vector(WIDTH)), ((2, TOKENS, WIDTH),), (0, 0, 0, 1)
    ),
    "residual quantiser": (
        lambda: Written(
            residual_quantiser, encode=branch(), decode=nn.Linear(WIDTH, WIDTH),
            books=nn.ParameterList([vector(10, WIDTH) for _ in range(3)]),
        ),
        ((2, TOKENS, WIDTH),), (4, 0, 0, 0),
    ),
    "control": (
        lambda: Written(
            control, encode=kernel(3), copy=kernel(3), decode=kernel(3), before=kernel(), behind=kernel()
        ),
        ((1, 8, 8, 8), (1, 8, 8, 8)), (0, 0, 0, 0),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_the_kinds_are_those_that_were_written_down(name: str) -> None:
    made, shapes, kinds = MODELS[name]
    summary = audit(made().eval(), *(torch.rand(shape) for shape in shapes)).summary
    assert (summary.identity, summary.parameter_free, summary.gated, summary.projection) == kinds
    assert not summary.unknown
