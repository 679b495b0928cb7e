"""How many multiply-accumulates does a contraction take?

Pure, exact arithmetic on shapes. Every function takes `Operands` and returns MACs, a formula where sizes are open,
None where one is unknown or the operands do not fit together: it gives each of their axes a letter (`Axes`), as the
operator specification does. Conventions as in torch.utils.flop_counter (which reports 2 x MAC): one MAC per product
that is summed; biases, normalisations, activations and pooling count nothing. Slots and attributes: ONNX operator
specification; for domain com.microsoft, ContribOperators.md of ONNX Runtime.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from shortcut_audit.algebra.polynomial import Cost, Number
from shortcut_audit.graph.model import Dim, Shape
from shortcut_audit.graph.sizes import agree, count, stretch
from shortcut_audit.operators.counting.axes import HIDDEN, Axes, labelled, product
from shortcut_audit.operators.counting.operands import Operands
from shortcut_audit.operators.counting.packing import blocked_matrix, fits, flat_matrix, positive, stated_matrix
from shortcut_audit.operators.equation import terms_of


def convolution(call: Operands) -> Cost:
    """Conv, DeformConv: each output element sums over (channels in / group) x kernel, the sizes of W from axis 1 on."""
    weight = call.input(1)
    if weight is None or not (_slides(call, weight) and _have_channels(call, weight, whole="o", shared="c")):
        return None
    return product(count(call.outputs[0]), count(weight[1:]))


def transposed_convolution(call: Operands) -> Cost:
    """ConvTranspose: each *input* element is spread over (channels out / group) x kernel, W's sizes from axis 1 on."""
    weight = call.input(1)
    if weight is None or not (_slides(call, weight) and _have_channels(call, weight, whole="c", shared="o")):
        return None
    return product(count(call.input(0)), count(weight[1:]))


def _have_channels(call: Operands, weight: tuple[Dim, ...], whole: str, shared: str) -> bool:
    """Whether X [batch, channels in, ...], W and Y [batch, channels out, ...] have channels for each other."""
    read, made = (None if shape is None else shape[:2] for shape in (call.input(0), call.outputs[0]))
    return _fit(read, weight[:2], made, call.integer("group", 1), whole, shared)


@lru_cache(maxsize=256)  # layers repeat
def _fit(read: Shape, weight: Shape, made: Shape, group: int, whole: str, shared: str) -> bool:
    """Whether these first two axes of each fit together.

    The first axis of W has the `whole` of the channels in (c) or out (o); of the others each group has its share.
    """
    axes = Axes()
    axes.read(f"{whole}p", weight)
    axes.read("nc", read)
    axes.read("no", made)
    axes.demand(agree(axes.size(shared), product(axes.size("p"), group)))
    return axes.possible and _divides(group, axes.size(whole))


def _divides(divisor: int, size: Cost) -> bool:
    """Whether a size may be so many times another number."""
    return not (isinstance(size, int) and size % divisor)


def _slides(call: Operands, weight: tuple[Dim, ...]) -> bool:
    """Whether W is a kernel, and images and attributes have as many axes of space as it."""
    space = len(weight) - 2
    kernel, pads = (call.attributes.get(name) or () for name in ("kernel_shape", "pads"))
    steps = [call.attributes.get(name, (1,) * space) for name in ("strides", "dilations")]
    images = [shape for shape in (call.input(0), call.outputs[0]) if shape is not None]
    if space < 1 or call.integer("group", 1) < 1 or any(len(shape) != len(weight) for shape in images):
        return False
    if kernel and not (isinstance(kernel, tuple) and fits(kernel, weight[2:])):
        return False
    if pads and not (isinstance(pads, tuple) and len(pads) == 2 * space):
        return False
    return all(isinstance(step, tuple) and len(step) == space and positive(*step) for step in steps)


def causal_convolution(call: Operands) -> Cost:
    """CausalConvWithState: input [batch, channels, length] x one kernel [1, size] for each channel."""
    axes = Axes()
    axes.read("bcl", call.input(0))
    axes.read("cik", call.input(1))
    axes.read("i", (1,))
    axes.made("bcl", call.outputs[0])
    return axes.count("bclk")


def matmul(call: Operands) -> Cost:
    """MatMul: each output element sums over the inner dimension."""
    return _multiplied(call.input(0), call.input(1), call.outputs[0])


def fused_matmul(call: Operands) -> Cost:
    """com.microsoft FusedMatMul: as MatMul, either operand perhaps transposed first."""
    left, right = call.input(0), call.input(1)
    if left is None or right is None:
        return None
    return _multiplied(
        transposed(left, call.integer("transBatchA", 0), call.integer("transA", 0)),
        transposed(right, call.integer("transBatchB", 0), call.integer("transB", 0)),
        call.outputs[0],
    )


def transposed(shape: tuple[Dim, ...], batch: int, matrix: int) -> tuple[Dim, ...]:
    """`batch` moves the first axis behind the batch axes; `matrix` then swaps the last two. Vectors stay."""
    if batch and len(shape) > 2:
        shape = (*shape[1:-1], shape[0], shape[-1])
    if matrix and len(shape) > 1:
        shape = (*shape[:-2], shape[-1], shape[-2])
    return shape


@lru_cache(maxsize=256)  # layers repeat
def _multiplied(left: Shape, right: Shape, made: Shape) -> Cost:
    """numpy.matmul: matrices in the last two axes, the others broadcast; a vector has no rows, or no columns."""
    rows = "" if left is not None and len(left) == 1 else "m"
    columns = "" if right is not None and len(right) == 1 else "n"
    axes = Axes()
    axes.read(f"...{rows}k" if rows else "k", left)
    axes.read(f"...k{columns}" if columns else "k", right)
    axes.made(f"...{rows}{columns}", made)
    return axes.count(f"...{rows}k{columns}")


def grouped(call: Operands) -> Cost:
    """GroupedMatMul (torch._grouped_mm): M x K x N, whatever lies in groups; of two stacks of matrices, for each.

    A row of [M, K] meets one matrix of [groups, K, N], a column of [K, N] one of [groups, M, K]; of K in groups each
    part counts once.
    """
    left, right = call.input(0), call.input(1)
    if left is None or right is None or not {len(left), len(right)} <= {2, 3}:
        return None
    stacked = len(left) == len(right) == 3
    axes = Axes()
    axes.read("gmk" if stacked else "mk", left if stacked else left[-2:])
    axes.read("gkn" if stacked else "kn", right if stacked else right[-2:])
    axes.made("gmn" if stacked else "mn", call.outputs[0] if stacked else (call.outputs[0] or ())[-2:] or None)
    return axes.count("gmkn" if stacked else "mkn")


def gemm(call: Operands) -> Cost:
    """Gemm: M x N x K; A is [M, K] and B [K, N], or transposed."""
    axes = Axes()
    axes.read("km" if call.integer("transA", 0) else "mk", call.input(0))
    axes.read("nk" if call.integer("transB", 0) else "kn", call.input(1))
    axes.made("mn", call.outputs[0])
    return axes.count("mnk")


def linear(call: Operands) -> Cost:
    """Linear (torch): x @ weight.T with weight of [out, in], or [in]; each output element sums over `in`."""
    weight = call.input(1)
    out = "" if weight is not None and len(weight) == 1 else "o"
    axes = Axes()
    axes.read("...i", call.input(0))
    axes.read(f"{out}i", weight)
    axes.made(f"...{out}", call.outputs[0])
    return axes.count(f"...{out}i")


def bilinear(call: Operands) -> Cost:
    """Bilinear (torch): x1^T W_k x2 with W of [out, in1, in2]; batch x out x in1 x in2, then batch x out x in2."""
    axes = Axes()
    axes.read("...i", call.input(0))
    axes.read("...j", call.input(1))
    axes.read("oij", call.input(2))
    axes.made("...o", call.outputs[0])
    return axes.count("...oij", "...oj")


def matmul_nbits(call: Operands) -> Cost:
    """com.microsoft MatMulNBits: A [..., K] times a quantised K x N matrix."""
    return _unpacked_matmul(call, blocked_matrix(call.attributes, call.inputs))


def _unpacked_matmul(call: Operands, matrix: tuple[int, int] | None) -> Cost:
    axes = Axes()
    axes.demand(matrix is not None)
    axes.read("...k", call.input(0))
    axes.read("kn", matrix)
    axes.made("...n", call.outputs[0])
    return axes.count("...kn")


def matmul_bnb4(call: Operands) -> Cost:
    """com.microsoft MatMulBnb4: A [..., K] times a K x N matrix in 4 bits."""
    return _unpacked_matmul(call, flat_matrix(call.attributes, call.inputs))


def einsum(call: Operands) -> Cost:
    """Einsum, contracted from left to right, pair by pair: each pair costs the product of all its labels' sizes.

    A pair that sums nothing (an outer or element-wise product) still multiplies, and counts, as in bmm.
    """
    equation = call.attributes.get("equation")
    if not isinstance(equation, str):
        return None
    terms, result = terms_of(equation)
    if len(terms) != len(call.inputs) or not _is_einsum(terms, result, call):
        return None
    operands = [_sizes(term, shape) for term, shape in zip(terms, call.inputs, strict=True)]
    last = {label: position for position, operand in enumerate(operands) for label in operand}
    left, kept = operands[0], {HIDDEN, *result}
    spent: Number = 0
    for position, right in enumerate(operands[1:], 1):
        sizes = {label: stretch(left.get(label, 1), right.get(label, 1)) for label in {**left, **right}}
        cost = product(*sizes.values())
        if cost is None:
            return None
        spent = spent + cost
        left = {label: size for label, size in sizes.items() if last[label] > position or label[0] in kept}
    return spent


def _is_einsum(terms: list[str], result: str, call: Operands) -> bool:
    """Whether operands and result have the sizes that their labels demand; of an axis of size 1, any."""
    if None in call.inputs:
        return False
    axes = Axes()
    for term, shape in zip(terms, call.inputs, strict=True):
        axes.read(term, shape, stretched=True)
    letters = result.replace("...", "")
    axes.demand(len(set(letters)) == len(letters) and set(letters) <= {letter for term in terms for letter in term})
    axes.made(result, call.outputs[0])
    return axes.possible


def _sizes(term: str, shape: Shape) -> dict[str, Cost]:
    """The sizes of one operand by label; one that stands twice takes a diagonal."""
    return dict(labelled(term, shape or ()) or ())


def packed_linear(call: Operands) -> Cost:
    """PackedLinear: A [..., K] times a K x N matrix that is stored in few bits, whatever the shape in which it is."""
    return _unpacked_matmul(call, stated_matrix(call.attributes, call.inputs))


def distances(call: Operands) -> Cost:
    """com.microsoft CDist, torch.cdist: A [..., M, D] against B [..., N, D]; each distance sums over D squares.

    Where a library makes a matrix product of it, that takes two columns more: this is the least.
    """
    axes = Axes()
    axes.read("...md", call.input(0))
    axes.read("...nd", call.input(1))
    axes.made("...mn", call.outputs[0])
    return axes.count("...mnd")


def affine_grid(call: Operands) -> Cost:
    """AffineGrid: theta [batch, axes, axes + 1] times each place of a grid, in homogeneous coordinates."""
    theta, made = call.input(0), call.outputs[0]
    if theta is None or made is None or len(theta) != 3 or len(made) < 3:
        return None
    axes = Axes()
    axes.read("bah", theta)
    axes.read("ba", (made[0], made[-1]))
    axes.read("h", (len(made) - 1,))
    return product(axes.count("bah"), count(made[1:-1]))


def unsolved(call: Operands) -> None:
    """Det, Inverse: how many products a decomposition takes depends on its method."""


def counted_inside(call: Operands) -> int:
    """A loop: what it takes is counted where it stands, in its body."""
    return 0


def recurrent(gates: int, *, turned: bool = False) -> Callable[[Operands], Cost]:
    """LSTM (4 gates), GRU (3), RNN (1): per step and direction, gates x hidden x (input + hidden).

    X is [sequence, batch, input]; W [directions, gates x hidden, input], R [directions, gates x hidden, hidden], or
    `turned`, with the last two axes the other way round (com.microsoft DynamicQuantizeLSTM). Slot 4 may say how long
    each sequence is: kernels take no step beyond the longest.
    """

    def count(call: Operands) -> Cost:
        if call.computed(4):
            return None
        axes = Axes()
        axes.read("sbi", call.input(0))
        axes.read("dig" if turned else "dgi", call.input(1))
        axes.read("dhg" if turned else "dgh", call.input(2))
        axes.read("h", (call.integer("hidden_size", 0) or None,))
        axes.read("d", (2 if call.attributes.get("direction") == "bidirectional" else 1,))
        axes.demand(agree(axes.size("g"), product(gates, axes.size("h"))))
        return axes.count("sbdgi", "sbdgh")

    return count
