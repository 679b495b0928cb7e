"""Which canonical ops stand behind ATen's recurrent layers?

ATen's lstm, gru, rnn_tanh and rnn_relu run several layers in one or both directions. They become one canonical LSTM,
GRU or RNN for each layer, with ONNX's slots: X [length, batch, input], W [directions, gates x hidden, input],
R [directions, gates x hidden, hidden], B [directions, 2 x gates x hidden], no lengths, initial states
[directions, batch, hidden]. Y [length, directions, batch, hidden] is put into ATen's layout again. The order of the
gates differs between the two; no weight is read, so it does not matter. A cell is one step: it is written out, as both
ONNX exporters write it, for what it carries on is a gated sum.
"""

from __future__ import annotations

from shortcut_audit.frozen import frozen
from shortcut_audit.loaders.aten.call import AtenCall, Misfit, Rule

STATES = {"LSTM": 2, "GRU": 1, "RNN": 1}
"""Hidden state, and LSTM's cell state."""


def layers(kind: str) -> Rule:
    """lstm.input, gru.input, rnn_tanh.input, rnn_relu.input: (input, hx, params, has_biases, num_layers, ...)."""

    def rule(call: AtenCall) -> tuple[str, ...]:
        directions = 2 if call.flag("bidirectional") else 1
        count = call.integer("num_layers")
        weights = _Weights(call.values("params"), 4 if call.flag("has_biases", default=True) else 2)
        if len(weights.all) != weights.each * directions * count:
            raise Misfit
        initial = call.values("hx") if kind == "LSTM" else (call.value("hx"),)
        if len(initial) != STATES[kind]:
            raise Misfit
        value = call.value("input")
        if call.rank("input") != 3:
            raise Misfit
        if call.flag("batch_first"):
            value = call.emit("Transpose", value, perm=(1, 0, 2))
        finals: list[tuple[str, ...]] = []
        for layer in range(count):
            states = [_layer_of(call, state, layer * directions, directions, count * directions) for state in initial]
            value, *last = _layer(call, kind, value, weights.of(layer * directions, directions), states)
            finals.append(tuple(last))
        if call.flag("batch_first"):
            value = call.emit("Transpose", value, perm=(1, 0, 2))
        ends = [_joined(call, [final[i] for final in finals]) for i in range(STATES[kind])]
        return (value, *ends)

    return rule


@frozen
class _Weights:
    all: tuple[str, ...]
    each: int
    """Tensors for one layer and direction: input and hidden weights, then perhaps two biases."""

    def of(self, first: int, directions: int) -> list[tuple[str, ...]]:
        return [self.all[i * self.each : (i + 1) * self.each] for i in range(first, first + directions)]


def _layer_of(call: AtenCall, states: str, first: int, directions: int, count: int) -> str:
    """The initial states of one layer: so many rows of [layers x directions, batch, hidden]."""
    if directions == count:
        return states
    return call.emit("Slice", states, call.numbers(first), call.numbers(first + directions), call.numbers(0))


def _layer(
    call: AtenCall, kind: str, value: str, weights: list[tuple[str, ...]], states: list[str]
) -> tuple[str, ...]:  # fmt: skip
    """One layer: Y in ATen's layout [length, batch, directions x hidden], and the last states."""
    directions = len(weights)
    shape = call.type_of(weights[0][1]).shape
    if shape is None or len(shape) != 2 or not isinstance(shape[1], int):
        raise Misfit
    hidden = shape[1]
    wide, square = (_joined(call, [_lifted(call, w[i]) for w in weights]) for i in (0, 1))
    bias = None
    if len(weights[0]) == 4:
        both = [call.emit("Concat", w[2], w[3], axis=0) for w in weights]
        bias = _joined(call, [_lifted(call, b) for b in both])
    direction = "bidirectional" if directions == 2 else "forward"
    inputs = (value, wide, square, bias, None, *states)
    made = call.emit_many(
        kind,
        inputs,
        1 + STATES[kind],
        hidden_size=hidden,
        direction=direction,
        activations=("Relu",) * directions if "relu" in call.node.operator else None,
        linear_before_reset=1 if kind == "GRU" else None,
    )
    turned = call.emit("Transpose", made[0], perm=(0, 2, 1, 3))
    merged = call.emit("Reshape", turned, call.numbers(0, 0, directions * hidden))
    return (merged, *made[1:])


def _lifted(call: AtenCall, value: str) -> str:
    return call.emit("Unsqueeze", value, call.numbers(0))


def _joined(call: AtenCall, values: list[str]) -> str:
    return values[0] if len(values) == 1 else call.emit("Concat", *values, axis=0)


def lstm_cell(call: AtenCall) -> tuple[str, str]:
    """f c + i g, and o tanh of it; the gates are i, f, g, o: (input, hx, w_ih, w_hh, b_ih, b_hh)."""
    hidden, carried = call.values("hx")
    gates = call.emit("Add", _mapped(call, call.value("input"), "ih"), _mapped(call, hidden, "hh"))
    written, kept, new, shown = _gates(call, gates, 4)
    kept = call.emit("Mul", call.emit("Sigmoid", kept), carried)
    written = call.emit("Mul", call.emit("Sigmoid", written), call.emit("Tanh", new))
    carried = call.emit("Add", kept, written)
    return call.emit("Mul", call.emit("Sigmoid", shown), call.emit("Tanh", carried)), carried


def gru_cell(call: AtenCall) -> str:
    """n + z (h - n), with n = tanh(W x + r U h); the gates are r, z, n: (input, hx, w_ih, w_hh, b_ih, b_hh)."""
    state = call.value("hx")
    from_input = _gates(call, _mapped(call, call.value("input"), "ih"), 3)
    from_state = _gates(call, _mapped(call, state, "hh"), 3)
    reset, update = (call.emit("Sigmoid", call.emit("Add", from_input[i], from_state[i])) for i in (0, 1))
    new = call.emit("Tanh", call.emit("Add", from_input[2], call.emit("Mul", reset, from_state[2])))
    return call.emit("Add", new, call.emit("Mul", update, call.emit("Sub", state, new)))


def rnn_cell(call: AtenCall) -> str:
    """tanh(W x + U h), or relu of it: (input, hx, w_ih, w_hh, b_ih, b_hh)."""
    total = call.emit("Add", _mapped(call, call.value("input"), "ih"), _mapped(call, call.value("hx"), "hh"))
    return call.emit("Relu" if "relu" in call.node.operator else "Tanh", total)


def _mapped(call: AtenCall, value: str, which: str) -> str:
    """What the weights for the input, or those for the state, make of a value: all gates, one behind the other."""
    bias = call.value(f"b_{which}") if call.has(f"b_{which}") else None
    return call.emit("Linear", value, call.value(f"w_{which}"), bias)


def _gates(call: AtenCall, joined: str, count: int) -> tuple[str, ...]:
    return call.emit_many("Split", (joined,), count, axis=-1, num_outputs=count)
