"""What do random residual graphs look like whose truth is known, in every spelling, and what do they compute?

A drawing is a list of blocks, one behind the other or one inside the branch of another. Each kind of block is written
in several ways that compute the same: the rewrites under which verdicts hold (theory: rewrites).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from random import Random
from typing import Any

import numpy as np

from shortcut_audit.graph.draft import Draft, Tensor
from shortcut_audit.graph.model import Body, Constant, Op, Shape, TensorType
from tests.claims import Array, Interpreter
from tests.sketch import listing, stored

CHANNELS = 4
SHAPE = (1, 3, CHANNELS)
"""Three tokens."""

SHARED = 0.3
"""How often a block is mapped by the matrix of another."""

STEP = 2.0**-6
"""What quantisers write values in, as int16: numbers between -512 and 512."""

LITERALS = {
    "step": stored(data=(STEP,), literal=True),
    "zero16": stored(data=(0,), dtype="int16", literal=True),
    "one": stored(data=(1.0,), literal=True),
    "third": stored(data=(0.3,), literal=True),
    "half": stored(data=(0.5,), literal=True),
}

LERPS = {
    "products": ("$u = Sub(one, t)", "$a = Mul($u, x)", "$b = Mul(t, f)", "$ = Add($a, $b)"),
    "difference": ("$d = Sub(f, x)", "$m = Mul(t, $d)", "$ = Add(x, $m)"),
    "other end": ("$d = Sub(x, f)", "$u = Sub(one, t)", "$m = Mul($d, $u)", "$ = Add(f, $m)"),
    "subtracted": ("$d = Sub(x, f)", "$m = Mul(t, $d)", "$ = Sub(x, $m)"),
    "written out": ("$a = Mul(t, x)", "$b = Mul(t, f)", "$s = Sub(x, $a)", "$ = Add($s, $b)"),
    "through copies": ("$i = Identity(x)", "$d = Sub(f, $i)", "$m = Mul($d, t)", "$ = Add($m, x)"),
    "chosen from the other end": (
        "$u = Sub(one, t)", "$d = Sub(x, f)", "$m = Mul($u, $d)", "$l = Add(f, $m)", "$k = Sub(one, $u)",
        "$n = Mul($d, $k)", "$r = Sub(x, $n)", "$c = Less($u, half)", "$ = Where($c, $l, $r)",
    ),
    "chosen": (
        "$d = Sub(f, x)", "$m = Mul(t, $d)", "$l = Add(x, $m)", "$u = Sub(one, t)",
        "$n = Mul($d, $u)", "$r = Sub(f, $n)", "$c = Less(t, half)", "$ = Where($c, $l, $r)",
    ),
}  # fmt: skip
"""(1 - t) x + t f."""

SUMS = {
    "plain": ("$ = Add(x, f)",),
    "commuted": ("$ = Add(f, x)",),
    "n-ary": ("$ = Sum(f, x)",),
    "subtracted negation": ("$n = Neg(x)", "$ = Sub(f, $n)"),
    "through a copy": ("$i = Identity(x)", "$ = Add($i, f)"),
    "detour": ("$q = Sigmoid(f)", "$s = Add(x, $q)", "$r = Sub(f, $q)", "$ = Add($s, $r)"),
    "joined and cut": ("$c = Concat(x, x) axis=-1", "$a, $b = Split($c) axis=-1", "$ = Add($a, f)"),
    "cut and joined": ("$a, $b = Split(x) axis=-1", "$c = Concat($a, $b) axis=-1", "$ = Add($c, f)"),
    "times one": ("$o = Mul(x, one)", "$ = Add(f, $o)"),
}  # fmt: skip
"""x + f."""

AVERAGED = {"plain": ("$ = Mean(x, f)",), "the other way round": ("$ = Mean(f, x)",)}
"""(x + f) / 2."""

AROUND = {
    "plain": ("in: $s = LoopState(f)", "in: $h = MatMul($s, $layer)", "in: $r = Relu($h)", "in: $l = Loop($r, f)",
              "$ = Add(x, $l)"),
    "commuted": ("in: $s = LoopState(f)", "in: $h = MatMul($s, $layer)", "in: $r = Relu($h)", "in: $l = Loop($r, f)",
                 "$ = Add($l, x)"),
}  # fmt: skip
"""x, and what a loop makes of f."""

SCANNED = {
    "plain": (
        "in: $e = LoopSlice(f) axis=1", "in: $h = MatMul($e, $layer)", "in: $r = Relu($h)", "in: $m = Add($e, $r)",
        "in: $ = Loop($m) stacked=1",
    ),
    "commuted": (
        "in: $e = LoopSlice(f) axis=1", "in: $h = MatMul($e, $layer)", "in: $r = Relu($h)", "in: $m = Add($r, $e)",
        "in: $ = Loop($m) stacked=1",
    ),
    "by a difference": (
        "in: $e = LoopSlice(f) axis=1", "in: $h = MatMul($e, $layer)", "in: $r = Relu($h)", "in: $n = Neg($e)",
        "in: $m = Sub($r, $n)", "in: $ = Loop($m) stacked=1",
    ),
}  # fmt: skip
"""e + relu(W e), token by token."""

CHOSEN_INSIDE = {
    "then": (
        "$a = ReduceMean(x) axes=1,2 keepdims=1", "$c = Less($a, half)", "in: $h = MatMul(f, $layer)",
        "in: $r = Relu($h)", "in: $s = Add(f, $r)", "$ = If($c, $s, f)",
    ),
    "else": (
        "$a = ReduceMean(x) axes=1,2 keepdims=1", "$c = Less($a, half)", "in: $h = MatMul(f, $layer)",
        "in: $r = Relu($h)", "in: $s = Add($r, f)", "$ = If($c, f, $s)",
    ),
}  # fmt: skip
"""f + relu(W f) in a branch of an If, or f alone."""

UNROLLED = {
    "plain": (
        "$h = MatMul(x, $layer)", "$r = Relu($h)", "$m = Add(x, $r)", "$i = MatMul($m, $layer)", "$k = Relu($i)",
        "$ = Add($m, $k)",
    ),
    "commuted": (
        "$h = MatMul(x, $layer)", "$r = Relu($h)", "$m = Add($r, x)", "$i = MatMul($m, $layer)", "$k = Relu($i)",
        "$ = Sum($k, $m)",
    ),
}  # fmt: skip
"""Two steps of s + relu(W s), which share the one W."""

MAPPED = {
    "plain": ("$w = MatMul(x, $v)", "$ = Add($w, f)"),
    "cancelled": (
        "$w = MatMul(x, $v)", "$s = Add(f, x)", "$d = Sub($w, x)", "$ = Add($s, $d)",
    ),
    "cancelled at once": ("$w = MatMul(x, $v)", "$s = Sum($w, f, x)", "$ = Sub($s, x)"),
}  # fmt: skip
"""W x + f."""

QUANTISED = {
    "shortcut": ("$q = QuantizeLinear(x, step, zero16)", "$d = DequantizeLinear($q, step, zero16)", "$ = Add($d, f)"),
    "both": (
        "$q = QuantizeLinear(x, step, zero16)", "$d = DequantizeLinear($q, step, zero16)",
        "$r = QuantizeLinear(f, step, zero16)", "$e = DequantizeLinear($r, step, zero16)", "$ = Add($e, $d)",
    ),
    "branch": ("$q = QuantizeLinear(f, step, zero16)", "$d = DequantizeLinear($q, step, zero16)", "$ = Add(x, $d)"),
}  # fmt: skip
"""x + f, in few bits."""

POOLED = {
    "plain": ("$p = AveragePool(x) kernel_shape=3, pads=1,1 strides=1, count_include_pad=1", "$ = Add($p, f)"),
    "commuted": ("$p = AveragePool(x) kernel_shape=3, pads=1,1 strides=1, count_include_pad=1", "$ = Add(f, $p)"),
    "cancelled": (
        "$p = AveragePool(x) kernel_shape=3, pads=1,1 strides=1, count_include_pad=1", "$s = Sub(f, x)",
        "$r = Add($s, $p)", "$ = Add($r, x)",
    ),
}  # fmt: skip
"""pool(x) + f."""

SCATTERED = {
    "onto": (
        "$e = Shape(x)", "$i = ConstantOfShape($e) value=0",
        "$ = ScatterElements(x, $i, f) axis=-1 reduction=add",
    ),
    "beside": (
        "$e = Shape(x)", "$i = ConstantOfShape($e) value=0", "$z = ConstantOfShape($e) value=0.0",
        "$s = ScatterElements($z, $i, f) axis=-1 reduction=add", "$ = Add(x, $s)",
    ),
}  # fmt: skip
"""x, and all of f added in its first channel: index_add."""

BRANCHED = {
    "then": (
        "$m = ReduceMean(x) axes=1,2 keepdims=1", "$c = Less($m, half)", "$s = Add(x, f)", "$ = If($c, $s, x)",
    ),
    "else": (
        "$m = ReduceMean(x) axes=1,2 keepdims=1", "$c = Less($m, half)", "$s = Add(f, x)", "$ = If($c, x, $s)",
    ),
}  # fmt: skip
"""x + f, or x alone, as the data tell: layers that are skipped."""

CONTEXT = {
    "first": ("$s = Add(x, t)", "$ = Add($s, f)"),
    "first, the other way round": ("$s = Add(t, x)", "$ = Add(f, $s)"),
    "with the branch": ("$s = Add(f, t)", "$ = Add(x, $s)"),
    "last": ("$s = Add(f, x)", "$ = Add($s, t)"),
    "at once": ("$ = Sum(x, t, f)",),
    "taken away": ("$n = Neg(t)", "$s = Sub(x, $n)", "$ = Add($s, f)"),
    "through a copy": ("$s = Add(x, t)", "$c = Identity($s)", "$ = Add($c, f)"),
    "in two": ("$h = Mul(t, half)", "$s = Add($h, x)", "$r = Add(f, $h)", "$ = Add($s, $r)"),
    "two, first": ("$h = Mul(t, half)", "$s = Add($h, x)", "$r = Add($s, $h)", "$ = Add($r, f)"),
}  # fmt: skip
"""x + f, and over all tokens what a matrix makes of their mean."""

PARALLEL = {"plain": ("$w = MatMul(x, $v)", "$o = Relu($w)", "$ = Add($o, f)")}

FORMULAS = {
    "swish": ("$g = Sigmoid(f)", "$p = Mul(f, $g)", "$ = Add($p, f)"),
    "the other way round": ("$g = Sigmoid(f)", "$p = Mul($g, f)", "$ = Add(f, $p)"),
    "by a relu": ("$p = Relu(f)", "$ = Add($p, f)"),
}
"""f and a function of it, element by element."""

CONTEXTS = {
    "plain": ("$m = ReduceMean(f) axes=1, keepdims=1", "$w = MatMul($m, $v)", "$ = Add(f, $w)"),
    "squashed": ("$m = ReduceMean(f) axes=1, keepdims=1", "$w = MatMul($m, $v)", "$g = Sigmoid($w)", "$ = Add($g, f)"),
}
"""f, and over all tokens what is made of their mean: a global context (Cao et al. 2019, GCNet)."""

NORMS = {
    "grouped": (
        "$m = ReduceMean(f) axes=-1, keepdims=1", "$d = Sub(f, $m)", "$q = Mul($d, $d)",
        "$e = ReduceMean($q) axes=-1, keepdims=1", "$p = Add($e, one)", "$s = Sqrt($p)",
        "$ = Div($d, $s)",
    ),
    "by TensorFlow": (
        "$m = ReduceMean(f) axes=-1, keepdims=1", "$d = Sub(f, $m)", "$q = Mul($d, $d)",
        "$e = ReduceMean($q) axes=-1, keepdims=1", "$p = Add($e, one)", "$s = Sqrt($p)",
        "$k = Reciprocal($s)", "$xk = Mul(f, $k)", "$mk = Mul($m, $k)", "$n = Neg($mk)",
        "$ = Add($xk, $n)",
    ),
}  # fmt: skip

RESPONSES = {
    "plain": (
        "$q = Mul(f, f)", "$m = ReduceMean($q) axes=1, keepdims=1", "$n = Sqrt($m)",
        "$a = ReduceMean($n) axes=-1, keepdims=1", "$e = Add($a, one)", "$k = Div($n, $e)", "$p = Mul(f, $k)",
        "$ = Add($p, f)",
    ),
    "the other way round": (
        "$q = Mul(f, f)", "$m = ReduceMean($q) axes=1, keepdims=1", "$n = Sqrt($m)",
        "$a = ReduceMean($n) axes=-1, keepdims=1", "$e = Add(one, $a)", "$k = Div($n, $e)", "$p = Mul($k, f)",
        "$ = Add(f, $p)",
    ),
}  # fmt: skip
"""A global response normalisation (Woo et al. 2023, ConvNeXt V2), without its vectors."""

OFFSETS = {"plain": ("$ = Add(f, $offset)",), "the other way round": ("$ = Add($offset, f)",)}
"""f, and a learned vector."""

CANCELLED = {
    "at once": ("$n = Neg(x)", "$ = Sum(x, f, $n)"),
    "one after the other": ("$s = Add(f, x)", "$ = Sub($s, x)"),
    "apart": ("$s = Add(x, f)", "$n = Neg(x)", "$ = Add($n, $s)"),
}
"""(x + f) - x, which is f."""

LOGITS = {
    "first": (
        "$k = Transpose(f) perm=0,2,1", "$q = MatMul(f, $k)", "$m = MatMul(x, $k)", "$l = Add($q, $m)",
        "$s = Softmax($l) axis=-1", "$ = MatMul($s, f)",
    ),
    "last": (
        "$k = Transpose(f) perm=0,2,1", "$q = MatMul(f, $k)", "$m = MatMul(x, $k)", "$l = Add($m, $q)",
        "$h = Mul($l, half)", "$s = Softmax($h) axis=-1", "$ = MatMul($s, f)",
    ),
}  # fmt: skip
"""Attention whose logits are a sum."""

AVERAGES = {
    "plain": ("$w = MatMul(x, $v)", "$o = Relu($w)", "$ = Mean($o, f)"),
    "the other way round": ("$w = MatMul(x, $v)", "$o = Relu($w)", "$ = Mean(f, $o)"),
}
"""Two heads."""

HALVES = {
    "plain": (
        "$a, $b = Split(f) axis=-1", "$m = MatMul($a, $square)", "$o = MatMul($b, $corner)", "$r = Relu($o)",
        "$s = Add($m, $r)", "$ = Concat($s, $s) axis=-1",
    ),
    "the other half": (
        "$a, $b = Split(f) axis=-1", "$m = MatMul($b, $square)", "$o = MatMul($a, $corner)", "$r = Relu($o)",
        "$s = Add($r, $m)", "$ = Concat($s, $s) axis=-1",
    ),
}  # fmt: skip
"""A map of one half of f, and what is made of the other."""

HALF_WORKED = {
    "plain": (
        "$a, $b = Split(f) axis=-1", "$m = MatMul($a, $square)", "$r = Relu($b)", "$s = Add($m, $r)",
        "$ = Concat($s, $s) axis=-1",
    ),
}  # fmt: skip
"""A map of one half of f, and the other half, bent: no layer is led around."""

STACKS = {
    "plain": (
        "$a = Unsqueeze(x) axes=0,", "$b = Unsqueeze(f) axes=0,", "$c = Concat($a, $b) axis=0",
        "$ = Einsum($shares, $c) equation=l,lbtd->btd",
    ),
}  # fmt: skip
"""x and f, stacked, and each times a learned number: DenseFormer."""

OWN: Mapping[str, tuple[int, ...]] = {
    "$offset": (CHANNELS,),
    "$square": (2, 2),
    "$corner": (2, 2),
    "$shares": (2,),
    "$layer": (4, 4),
}
"""What a block learns beside its layers, by the name in a spelling."""

BLOCKS: Mapping[str, tuple[Mapping[str, tuple[str, ...]], str | None]] = {
    "averaged": (AVERAGED, "identity"),
    "looped": (SUMS, "identity"),
    "around a loop": (AROUND, "identity"),
    "scanned": (SCANNED, "identity"),
    "chosen inside": (CHOSEN_INSIDE, "identity"),
    "unrolled": (UNROLLED, "identity"),
    "identity": (SUMS, "identity"),
    "constant": (LERPS, "parameter-free"),
    "gated": (LERPS, "gated"),
    "diagonal": (LERPS, "projection"),
    "mapped": (MAPPED, "projection"),
    "quantised": (QUANTISED, "identity"),
    "pooled": (POOLED, "parameter-free"),
    "scattered": (SCATTERED, "identity"),
    "branched": (BRANCHED, "identity"),
    "context": (CONTEXT, "identity"),
    "parallel": (PARALLEL, None),
    "formula": (FORMULAS, None),
    "global context": (CONTEXTS, None),
    "norm": (NORMS, None),
    "response": (RESPONSES, None),
    "offset": (OFFSETS, None),
    "cancelled": (CANCELLED, None),
    "logits": (LOGITS, None),
    "average": (AVERAGES, None),
    "halves": (HALVES, None),
    "half worked": (HALF_WORKED, None),
    "stack": (STACKS, None),
}
"""Each kind of block: its spellings, and the kind of the shortcut that it holds. What a body does stands `in:` it."""

INSIDE = "in: "
CHOOSING = frozenset({"chosen inside"})
"""Blocks with a branch of an If; bodies of others are steps of loops."""

TWICE = frozenset({"unrolled"})
"""Blocks that hold two shortcuts of their kind."""


def written(line: str, names: Mapping[str, str], y: str) -> str:
    """A line of a spelling, in which x, f and t are what they stand for, and $ is the block's own prefix."""
    named = re.sub(r"\b[xft]\b(?! =)", lambda match: names[match.group()], line)
    return named.replace("$ =", f"{y} =").replace("$", f"{y}_")


@dataclass
class Drawing:
    """A residual graph under construction."""

    random: Random
    lines: list[str] = field(default_factory=list)
    bodies: dict[str, Body] = field(default_factory=dict)
    """The innermost loop or branch in which a line stands, where it stands in one."""
    around: Body | None = None
    """What the next lines stand in."""
    tensors: dict[str, Tensor] = field(default_factory=dict)
    kinds: list[str] = field(default_factory=list)
    matrices: list[str] = field(default_factory=list)
    numbers: Any = field(default_factory=count)

    def weight(self, name: str, *shape: int) -> str:
        self.tensors[name] = stored(*shape)
        return name

    def branch(self, x: str, inside: list[str], names: str) -> str:
        """relu(W x), and behind it the blocks inside and another layer."""
        made = self.layer(x, f"{names}_in")
        return self.layer(self.blocks(made, inside), f"{names}_out") if inside else made

    def layer(self, x: str, name: str) -> str:
        self.write(f"{name}_h = MatMul({x}, {self.weight(f'{name}_w', CHANNELS, CHANNELS)})", self.around)
        self.write(f"{name} = Relu({name}_h)", self.around)
        return name

    def write(self, line: str, body: Body | None) -> None:
        self.lines.append(line)
        if body is not None:
            self.bodies[line] = body

    def body(self, kind: str, y: str) -> Body:
        """The loop that a block is, or holds, or the branch of an If."""
        if kind in CHOOSING:
            return Body(f"{y}_body", 0, self.around, condition=f"{y}_c")
        return Body(f"{y}_body", outer=self.around)

    def loop(self, x: str, inside: list[str], y: str) -> str:
        """A loop whose steps are one block with blocks inside: s + F(s), in any spelling."""
        outside, self.around = self.around, self.body("looped", y)
        self.write(f"{y}_state = LoopState({x})", self.around)
        f = self.branch(f"{y}_state", inside, y)
        for line in self.random.choice(list(SUMS.values())):
            self.write(written(line, {"x": f"{y}_state", "f": f}, f"{y}_step"), self.around)
        self.write(f"{y} = Loop({y}_step, {x})", self.around)
        self.around = outside
        return y

    def blocks(self, x: str, kinds: list[str]) -> str:
        """Blocks one behind the other; of what follows a block, some stands inside its branch."""
        while kinds:
            kind, *kinds = kinds
            inner = self.random.randint(0, min(2, len(kinds)))
            x = self.block(kind, x, kinds[:inner])
            kinds = kinds[inner:]
        return x

    def block(self, kind: str, x: str, inside: list[str]) -> str:
        spellings, shortcut = BLOCKS[kind]
        y = f"v{next(self.numbers)}"
        if kind == "looped":
            self.kinds.append("identity")
            return self.loop(x, inside, y)
        f, t = self.branch(x, inside, y), "third"
        if kind == "gated":
            self.write(f"{y}_g0 = MatMul({x}, {self.weight(f'{y}_gw', CHANNELS, CHANNELS)})", self.around)
            self.write(f"{y}_t = Sigmoid({y}_g0)", self.around)
            t = f"{y}_t"
        elif kind == "context":
            weight = self.weight(f"{y}_cw", CHANNELS, CHANNELS)
            self.write(f"{y}_m0 = ReduceMean({x}) axes=1, keepdims=1", self.around)
            self.write(f"{y}_t = MatMul({y}_m0, {weight})", self.around)
            t = f"{y}_t"
        elif kind == "diagonal":
            t = self.weight(f"{y}_p", CHANNELS)
        lines = self.random.choice(list(spellings.values()))
        if any("$v)" in line for line in lines):
            lines = tuple(line.replace("$v)", f"{self.matrix(y)})") for line in lines)
        for name, shape in OWN.items():
            if any(name in line for line in lines):
                self.weight(name.replace("$", f"{y}_"), *shape)
        for line in lines:
            inner = self.body(kind, y) if line.startswith(INSIDE) else self.around
            self.write(written(line.removeprefix(INSIDE), {"x": x, "f": f, "t": t}, y), inner)
        self.kinds += [shortcut] * (1 + (kind in TWICE)) if shortcut else []
        return y

    def matrix(self, y: str) -> str:
        """A matrix for what a block maps: now and then that of an earlier block, which two then share."""
        if self.matrices and self.random.random() < SHARED:
            return self.random.choice(self.matrices)
        self.matrices.append(self.weight(f"{y}_v", CHANNELS, CHANNELS))
        return self.matrices[-1]

    def draft(self, shape: Shape = SHAPE) -> Draft:
        read = {
            name for line in self.lines for name in line.replace("(", ",").replace(")", ",").replace(" ", "").split(",")
        }
        literals = {name: tensor for name, tensor in LITERALS.items() if name in read}
        made = listing(*self.lines, x=TensorType(shape, "float32"), **literals, **self.tensors)
        nodes = (replace(node, body=self.bodies.get(line)) for node, line in zip(made.nodes, self.lines, strict=True))
        return replace(made, nodes=tuple(nodes))


def drawn(kinds: list[str], seed: int) -> Drawing:
    """The blocks of these kinds, nested and spelled by chance."""
    drawing = Drawing(Random(seed))
    drawing.blocks("x", list(kinds))
    return drawing


def as_inputs(draft: Draft) -> Draft:
    """The same function of its weights as well: each learned tensor is an input."""
    learned = tuple(tensor for tensor in draft.tensors if not tensor.literal)
    fed = tuple((tensor.name, TensorType(tensor.shape, tensor.dtype)) for tensor in learned)
    return replace(draft, inputs=draft.inputs + fed, tensors=tuple(t for t in draft.tensors if t.literal))


KERNELS: Mapping[str, Callable[..., Any]] = {
    "Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": np.divide, "MatMul": np.matmul, "Neg": np.negative,
    "LoopState": lambda x: x, "Loop": lambda made, *_, stacked=None: stacked_again(made, stacked),
    "LoopSlice": lambda x, axis: np.moveaxis(x, axis, 0),
    "Softmax": lambda x, axis: softened(x, axis),
    "Mean": lambda *given: sum(given) / len(given), "Transpose": lambda x, perm: np.transpose(x, perm),
    "Unsqueeze": lambda x, axes: np.expand_dims(x, axes),
    "Einsum": lambda *given, equation: np.einsum(equation, *given),
    "Less": np.less, "Where": np.where, "Sqrt": np.sqrt,
    "Sum": lambda *given: sum(given),
    "Relu": lambda x: np.maximum(x, 0), "Sigmoid": lambda x: 1 / (1 + np.exp(-x)), "Reciprocal": lambda x: 1 / x,
    "Identity": lambda x: x, "Scale": lambda x, factor: x * factor,
    "If": lambda chosen, one, other: one if np.all(chosen) else other,
    "ReduceMean": lambda x, axes, keepdims: x.mean(axes, keepdims=bool(keepdims)),
    "Concat": lambda *given, axis: np.concatenate(given, axis), "Split": lambda x, axis: np.split(x, 2, axis),
    "Shape": np.shape, "ConstantOfShape": lambda shape, value: np.full(shape, value),
    "QuantizeLinear": lambda x, scale, zero: np.clip(np.round(x / scale) + zero, -(2**15), 2**15 - 1),
    "DequantizeLinear": lambda x, scale, zero: (x - zero) * scale,
    "AveragePool": lambda x, kernel_shape, pads, strides, count_include_pad: averaged(x),
    "ScatterElements": lambda x, places, values, axis, reduction: added_at(x, places, values),
}  # fmt: skip
"""The operators in numpy (ONNX operator specification)."""


def stacked_again(made: Array, axis: int | None) -> Array:
    """What a loop hands on. The steps of a scan are taken at once, side by side along the first axis."""
    return made if axis is None else np.moveaxis(made, 0, axis)


def softened(x: Array, axis: int) -> Array:
    """A softmax, centred as it is computed everywhere."""
    made = np.exp(x - x.max(axis, keepdims=True))
    return np.asarray(made / made.sum(axis, keepdims=True))


def averaged(x: Array) -> Array:
    """Each three neighbours in a row, zeros beyond its ends."""
    wide = np.pad(x, [(0, 0), (0, 0), (1, 1)])
    return (wide[..., :-2] + wide[..., 1:-1] + wide[..., 2:]) / 3


def added_at(x: Array, places: Array, values: Array) -> Array:
    """Values added to x at places along the last axis."""
    made = np.array(np.broadcast_to(x, values.shape), dtype=values.dtype)
    for before in np.ndindex(*values.shape[:-1]):
        np.add.at(made[before], np.broadcast_to(places, values.shape)[before].astype(int), values[before])
    return made


def applied(op: Op, given: list[Any]) -> list[Any]:
    """What an op makes of some arrays."""
    made = KERNELS[op.kind](*given, **op.attributes)
    return made if isinstance(made, list) else [made]


def number(constant: Constant) -> Any:
    """The number that fills a constant, or its elements."""
    if constant.type.data is None:
        return np.float64(constant.fill)
    return np.reshape(constant.type.data, constant.type.shape or ())


IN_NUMPY = Interpreter(applied, number, exact=1e-9, quantum=STEP)
