"""What do random graphs of tokens look like, of all that people write around a sum?

A graph is a list of steps, each an idiom: it reads values a few steps back, all of them of one shape. Unlike those of
random_graphs.py the steps say what is rare: weights that are fed, numbers in the code, sums without a plus, pieces that
are joined again, normalisations written out, operators that nobody knows.
"""

from __future__ import annotations

from random import Random

from shortcut_audit.graph.draft import Draft, Tensor
from shortcut_audit.graph.model import TensorType
from tests.sketch import listing, stored

SHAPE = (1, 4, 8)

STEPS = {
    # Sums.
    "add": ["{y} = Add({a}, {b})"],
    "three": ["{y}_2 = Add({a}, {b})", "{y} = Add({y}_2, {c})"],
    "sum": ["{y} = Sum({a}, {b}, {c})"],
    "sub": ["{y} = Sub({a}, {b})"],
    "mean": ["{y} = Mean({a}, {b})"],
    "residual": ["{y}_m = MatMul({a}, w)", "{y}_r = Relu({y}_m)", "{y}_f = MatMul({y}_r, w2)", "{y} = Add({b}, {y}_f)"],
    "stack": ["{y}_s = Stack({a}, {b})", "{y} = ReduceSum({y}_s) axes=0, keepdims=0"],
    "weighted stack": ["{y}_s = Stack({a}, {b})", "{y}_w = Mul({y}_s, pair)",
                       "{y} = ReduceSum({y}_w) axes=0, keepdims=0"],
    "scattered": ["{y} = ScatterND({a}, rows, {b}) reduction=add"],
    "placed": ["{y} = ScatterND({a}, rows, {b})"],
    "message": ["{y} = ScatterElements({a}, places, {b}) axis=1 reduction=add"],
    # Maps.
    "linear": ["{y} = MatMul({a}, w)"],
    "biased": ["{y}_m = MatMul({a}, w)", "{y} = Add({y}_m, v)"],
    "left": ["{y} = MatMul(m, {a})"],
    "fixed": ["{y} = MatMul({a}, fixed)"],
    "fed": ["{y} = MatMul({a}, fed)"],
    "fed narrow": ["{y} = MatMul({a}, narrow)"],
    "fed offset": ["{y} = Add({a}, offset)"],
    "fed scale": ["{y} = Mul({a}, offset)"],
    "made weight": ["{y}_w = Mul(fed, w)", "{y} = MatMul({a}, {y}_w)"],
    "einsum": ["{y} = Einsum({a}, w) equation=btc,cd->btd"],
    "mlp": ["{y}_m = MatMul({a}, w)", "{y}_r = Gelu({y}_m)", "{y} = MatMul({y}_r, w2)"],
    "activation": ["{y} = Relu({a})"],
    "squash": ["{y} = Tanh({a})"],
    "unknown": ["{y} = com.example::Mystery({a})"],
    # Products.
    "product": ["{y} = Mul({a}, {b})"],
    "quotient": ["{y} = Div({a}, {b})"],
    "gate": ["{y}_t = Sigmoid({a})", "{y} = Mul({y}_t, {b})"],
    "learned gate": ["{y}_m = MatMul({a}, w)", "{y}_t = Sigmoid({y}_m)", "{y} = Mul({y}_t, {b})"],
    "highway": ["{y}_t = Sigmoid({a})", "{y}_u = Sub(one, {y}_t)", "{y}_p = Mul({y}_t, {b})", "{y}_q = Mul({y}_u, {c})",
                "{y} = Add({y}_p, {y}_q)"],
    "lerp": ["{y}_d = Sub({b}, {a})", "{y}_t = Sigmoid({c})", "{y}_e = Mul({y}_t, {y}_d)", "{y} = Add({a}, {y}_e)"],
    "chosen": ["{y}_k = Greater({a}, half)", "{y} = Where({y}_k, {b}, {c})"],
    "outer": ["{y}_l = Einsum({a}, {b}) equation=btc,btd->bcd", "{y} = Einsum({c}, {y}_l) equation=btc,bcd->btd"],
    "squares": ["{y} = Einsum({a}, {b}) equation=btc,btc->btc"],
    "solver": ["{y}_t = Transpose({a}) perm=0,2,1", "{y}_k = MatMul({a}, {y}_t)", "{y} = MatMul({y}_k, {b})"],
    "row by row": ["{y}_k = Mul({a}, {b})", "{y}_s = ReduceSum({y}_k) axes=-1,", "{y} = Mul({y}_s, {c})"],
    "streams": ["{y}_l = MatMul({a}, narrower)", "{y}_c = Softmax({y}_l) axis=-1", "{y} = MatMul({y}_c, {b})"],
    # Attention.
    "attention": ["{y}_q = MatMul({a}, w)", "{y}_k = MatMul({b}, w2)", "{y}_t = Transpose({y}_k) perm=0,2,1",
                  "{y}_l = MatMul({y}_q, {y}_t)", "{y}_p = Softmax({y}_l) axis=-1", "{y} = MatMul({y}_p, {c})"],
    "relative": ["{y}_q = MatMul({a}, narrower)", "{y}_k = MatMul({b}, narrower)", "{y}_l = Add({y}_q, {y}_k)",
                 "{y}_p = Softmax({y}_l) axis=-1", "{y} = MatMul({y}_p, {c})"],
    "turned": ["{y}_l, {y}_r = Split({a}) axis=-1", "{y}_n = Neg({y}_r)", "{y}_o = Concat({y}_n, {y}_l) axis=-1",
               "{y}_s = Mul({y}_o, fixed_v)", "{y}_c = Mul({a}, fixed_u)", "{y} = Add({y}_c, {y}_s)"],
    # Numbers.
    "twice": ["{y} = Mul({a}, two)"],
    "times nought": ["{y} = Mul({a}, nought)"],
    "plus nought": ["{y} = Add({a}, nought)"],
    "plus one": ["{y} = Add({a}, one)"],
    "halved": ["{y} = Div({a}, two)"],
    "negated": ["{y} = Neg({a})"],
    "diagonal": ["{y} = Mul({a}, v)"],
    "learned number": ["{y} = Mul({a}, alpha)"],
    "masked": ["{y} = Mul({a}, fixed_u)"],
    # Statistics.
    "norm": ["{y} = LayerNormalization({a}, v) axis=-1"],
    "written norm": ["{y}_m = ReduceMean({a}) axes=-1,", "{y}_c = Sub({a}, {y}_m)", "{y}_q = Mul({y}_c, {y}_c)",
                     "{y}_v = ReduceMean({y}_q) axes=-1,", "{y}_e = Add({y}_v, half)", "{y}_r = Sqrt({y}_e)",
                     "{y} = Div({y}_c, {y}_r)"],
    "written softmax": ["{y}_x = ReduceMax({a}) axes=-1,", "{y}_c = Sub({a}, {y}_x)", "{y}_e = Exp({y}_c)",
                        "{y}_s = ReduceSum({y}_e) axes=-1,", "{y} = Div({y}_e, {y}_s)"],
    "centred": ["{y}_m = ReduceMean({a}) axes=1,", "{y} = Sub({b}, {y}_m)"],
    "context": ["{y}_m = ReduceMean({a}) axes=1,", "{y}_f = MatMul({y}_m, w)", "{y} = Add({b}, {y}_f)"],
    "excited": ["{y}_m = ReduceMean({a}) axes=1,", "{y}_f = MatMul({y}_m, w)", "{y}_t = Sigmoid({y}_f)",
                "{y} = Mul({b}, {y}_t)"],
    "summed up": ["{y} = CumSum({a}, axis_one)"],
    # Pieces and places.
    "halves": ["{y}_l, {y}_r = Split({a}) axis=-1", "{y} = Concat({y}_r, {y}_l) axis=-1"],
    "half kept": ["{y}_l, {y}_r = Split({a}) axis=-1", "{y}_n, {y}_o = Split({b}) axis=-1",
                  "{y} = Concat({y}_l, {y}_o) axis=-1"],
    "half mapped": ["{y}_l, {y}_r = Split({a}) axis=-1", "{y}_m = MatMul({y}_l, w_half)",
                    "{y} = Concat({y}_m, {y}_r) axis=-1"],
    "coupled": ["{y}_l, {y}_r = Split({a}) axis=-1", "{y}_m = MatMul({y}_l, w_half)", "{y}_s = Add({y}_r, {y}_m)",
                "{y} = Concat({y}_l, {y}_s) axis=-1"],
    "gathered": ["{y} = Gather({a}, order) axis=1"],
    "picked": ["{y}_s = Stack({a}, {b})", "{y} = Gather({y}_s, nought_index) axis=0"],
    "turned about": ["{y}_t = Transpose({a}) perm=0,2,1", "{y} = Transpose({y}_t) perm=0,2,1"],
    "reshaped": ["{y}_t = Reshape({a}, flat)", "{y} = Reshape({y}_t, back)"],
    "rearranged": ["{y}_t = Transpose({a}) perm=0,2,1", "{y} = Reshape({y}_t, back)"],
    "shifted": ["{y}_p = Pad({a}, shift)", "{y} = Slice({y}_p, from, to, along)"],
    "first token": ["{y}_f = Slice({a}, from, first, along)", "{y} = Add({b}, {y}_f)"],
    # Copies.
    "copy": ["{y} = Identity({a})"],
    "dropped": ["{y} = Dropout({a})"],
    "narrowed": ["{y}_h = Cast({a}) to=10", "{y} = Cast({y}_h) to=1"],
    "counted": ["{y}_i = Cast({a}) to=7", "{y} = Cast({y}_i) to=1"],
    "quantised": ["{y}_q = QuantizeLinear({a}, scale, zero)", "{y} = DequantizeLinear({y}_q, scale, zero)"],
    "requantised": ["{y}_q = QuantizeLinear({a}, scale, zero)", "{y} = DequantizeLinear({y}_q, other, zero)"],
    "clipped": ["{y} = Clip({a}, nought, two)"],
    "noise": ["{y}_n = RandomNormalLike({a})", "{y} = Add({b}, {y}_n)"],
}  # fmt: skip
"""What a step adds to a graph: {y} is the value that it makes, {a}, {b} and {c} are earlier ones."""

GIVEN: dict[str, Tensor | TensorType | tuple[int, ...]] = {
    "x": SHAPE, "fed": (8, 8), "narrow": TensorType((8, 8), "bfloat16"), "offset": (8,),
    "w": stored(8, 8), "w2": stored(8, 8), "m": stored(4, 4), "w_half": stored(4, 4), "narrower": stored(8, 4),
    "v": stored(8), "alpha": stored(), "pair": stored(2, 1, 1, 1), "fixed": stored(8, 8, learned=False),
    "fixed_u": stored(8, learned=False), "fixed_v": stored(8, learned=False),
    "one": stored(data=(1.0,), literal=True), "two": stored(data=(2.0,), literal=True),
    "half": stored(data=(0.5,), literal=True), "nought": stored(data=(0.0,), literal=True),
    "rows": stored(1, 1, dtype="int64", data=(0,)), "places": stored(*SHAPE, dtype="int64", data=(0, 1, 3, 2) * 8),
    "order": stored(4, dtype="int64", data=(1, 0, 3, 2)), "nought_index": stored(dtype="int64", data=(0,)),
    "axis_one": stored(dtype="int64", data=(1,)), "flat": stored(2, dtype="int64", data=(4, 8)),
    "back": stored(3, dtype="int64", data=SHAPE), "shift": stored(6, dtype="int64", data=(0, 1, 0, 0, 0, 0)),
    "from": stored(1, dtype="int64", data=(0,)), "to": stored(1, dtype="int64", data=(4,)),
    "first": stored(1, dtype="int64", data=(1,)), "along": stored(1, dtype="int64", data=(1,)),
    "scale": stored(data=(0.5,)), "other": stored(data=(0.25,)), "zero": stored(dtype="uint8", data=(0,)),
}  # fmt: skip
"""What may be read: inputs of the model, and what it stores."""

CLOSING = ("add", "add", "three", "sum", "sub", "residual", "residual", "residual")
"""What every third step is."""


def recipe(seed: int, steps: int = 9) -> list[tuple[str, int, int, int]]:
    """Steps that are drawn by chance: what each does, and how far back each of its operands lies."""
    chance = Random(seed)
    kinds = [chance.choice(CLOSING if at % 3 == 2 else list(STEPS)) for at in range(steps)]
    return [(kind, *(chance.randint(1, 4) for _ in range(3))) for kind in kinds]  # type: ignore[misc]


def built(steps: list[tuple[str, int, int, int]]) -> Draft:
    values, lines = ["x"], list[str]()
    for number, (kind, *distances) in enumerate(steps):
        a, b, c = (values[max(len(values) - distance, 0)] for distance in distances)
        lines += [line.format(y=f"v{number}", a=a, b=b, c=c) for line in STEPS[kind]]
        values.append(f"v{number}")
    read = {word for line in lines for word in line.partition("(")[2].partition(")")[0].split(", ")}
    return listing(*lines, **{name: given for name, given in GIVEN.items() if name in read or name == "x"})
