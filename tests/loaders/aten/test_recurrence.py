from __future__ import annotations

from tests.loaders.aten.programs import drawing, drawn, translated

LSTM = """
    x: 5x2x3
    h: 1x2x4
    c: 1x2x4
    wi: parameter 16x3
    wh: parameter 16x4
    bi: parameter 16
    bh: parameter 16
    y, hn, cn = aten.lstm.input(input=x, hx=[h, c], params=[wi, wh, bi, bh], has_biases=True, num_layers=1,
        dropout=0.0, train=False, bidirectional=False, batch_first=False) -> 5x2x4, 1x2x4, 1x2x4
    return y
""".replace("\n        dropout", " dropout")


def test_one_layer_has_onnx_slots() -> None:
    """X, W [1, 4 x 4, 3], R [1, 4 x 4, 4], B [1, 2 x 4 x 4], no lengths, initial states."""
    draft = translated(LSTM)
    assert drawing(draft) == [
        "y.Unsqueeze = Unsqueeze(wi, [0])",
        "y.Unsqueeze~1 = Unsqueeze(wh, [0])",
        "y.Concat = Concat(bi, bh)",
        "y.Unsqueeze~2 = Unsqueeze(y.Concat, [0])",
        "y.LSTM, hn, cn = LSTM(x, y.Unsqueeze, y.Unsqueeze~1, y.Unsqueeze~2, _, h, c)",
        "y.Transpose = Transpose(y.LSTM)",
        "y = Reshape(y.Transpose, [0, 0, 4])",
    ]
    assert draft.nodes[4].attributes == {"hidden_size": 4, "direction": "forward"}


def test_two_layers_are_two_ops() -> None:
    """The second reads what the first makes, and its own part of the initial states."""
    nodes = drawn("""
        x: 5x2x4
        h: 2x2x4
        a: parameter 4x4
        b: parameter 4x4
        c: parameter 4x4
        d: parameter 4x4
        y, hn = aten.rnn_tanh.input(input=x, hx=h, params=[a, b, c, d], has_biases=False, num_layers=2) -> 5x2x4, 2x2x4
        return y, hn
    """)
    assert nodes == [
        "y.Slice = Slice(h, [0], [1], [0])",
        "y.Unsqueeze = Unsqueeze(a, [0])",
        "y.Unsqueeze~1 = Unsqueeze(b, [0])",
        "y.RNN, y.RNN~1 = RNN(x, y.Unsqueeze, y.Unsqueeze~1, _, _, y.Slice)",
        "y.Transpose = Transpose(y.RNN)",
        "y.Reshape = Reshape(y.Transpose, [0, 0, 4])",
        "y.Slice~1 = Slice(h, [1], [2], [0])",
        "y.Unsqueeze~2 = Unsqueeze(c, [0])",
        "y.Unsqueeze~3 = Unsqueeze(d, [0])",
        "y.RNN~2, y.RNN~3 = RNN(y.Reshape, y.Unsqueeze~2, y.Unsqueeze~3, _, _, y.Slice~1)",
        "y.Transpose~1 = Transpose(y.RNN~2)",
        "y = Reshape(y.Transpose~1, [0, 0, 4])",
        "hn = Concat(y.RNN~1, y.RNN~3)",
    ]


def test_two_directions_are_one_op() -> None:
    nodes = drawn(
        """
        x: 2x5x4
        h: 2x2x4
        a: parameter 12x4
        b: parameter 12x4
        c: parameter 12x4
        d: parameter 12x4
        y, hn = aten.gru.input(input=x, hx=h, params=[a, b, c, d], has_biases=False, num_layers=1,
            bidirectional=True, batch_first=True) -> 2x5x8, 2x2x4
        return y
    """.replace(",\n           ", ",")
    )
    assert [node for node in nodes if "Unsqueeze" not in node.partition(" = ")[2].partition("(")[0]] == [
        "y.Transpose = Transpose(x)",
        "y.Concat = Concat(y.Unsqueeze, y.Unsqueeze~1)",
        "y.Concat~1 = Concat(y.Unsqueeze~2, y.Unsqueeze~3)",
        "y.GRU, hn = GRU(y.Transpose, y.Concat, y.Concat~1, _, _, h)",
        "y.Transpose~1 = Transpose(y.GRU)",
        "y.Reshape = Reshape(y.Transpose~1, [0, 0, 8])",
        "y = Transpose(y.Reshape)",
    ]


def test_a_cell_is_one_step_and_written_out() -> None:
    nodes = drawn("""
        x: 2x3
        h: 2x4
        c: 2x4
        wi: parameter 16x3
        wh: parameter 16x4
        hn, cn = aten.lstm_cell.default(input=x, hx=[h, c], w_ih=wi, w_hh=wh) -> 2x4, 2x4
        return hn, cn
    """)
    assert nodes == [
        "hn.Linear = Linear(x, wi)",
        "hn.Linear~1 = Linear(h, wh)",
        "hn.Add = Add(hn.Linear, hn.Linear~1)",
        "hn.Split, hn.Split~1, hn.Split~2, hn.Split~3 = Split(hn.Add)",
        "hn.Sigmoid = Sigmoid(hn.Split~1)",
        "hn.Mul = Mul(hn.Sigmoid, c)",
        "hn.Sigmoid~1 = Sigmoid(hn.Split)",
        "hn.Tanh = Tanh(hn.Split~2)",
        "hn.Mul~1 = Mul(hn.Sigmoid~1, hn.Tanh)",
        "cn = Add(hn.Mul, hn.Mul~1)",
        "hn.Sigmoid~2 = Sigmoid(hn.Split~3)",
        "hn.Tanh~1 = Tanh(cn)",
        "hn = Mul(hn.Sigmoid~2, hn.Tanh~1)",
    ]


def test_projected_states_stay_opaque() -> None:
    """proj_size adds a fifth tensor for each layer, which ONNX's LSTM does not have."""
    assert "aten::lstm.input" in drawn(LSTM.replace("[wi, wh, bi, bh]", "[wi, wh, bi, bh, wi]"))[0]
