"""Which operand is the shortcut? One test for every rule and trap of the theory, each graph as small as it gets."""

from __future__ import annotations

import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.model import TensorType
from shortcut_audit.pipeline import audit_draft
from tests.sketch import audited, found, kinds, listing, reasons, stored

RESIDUAL = "x -> Conv.1 -> Relu -> Conv.2 -> Add"


# --- the kinds -------------------------------------------------------------------------------------------------------


def test_the_block_input_added_unchanged_is_an_identity() -> None:
    assert kinds(RESIDUAL, "x -> Add") == ["identity"]


def test_a_pointwise_convolution_on_the_shortcut_is_a_projection() -> None:
    assert kinds(RESIDUAL, "x -> Conv.proj{k=1} -> Add") == ["projection"]


@pytest.mark.parametrize("view", ["Identity", "Dropout", "Cast", "Reshape.same", "QuantizeLinear -> DequantizeLinear"])
def test_views_leave_an_identity_an_identity(view: str) -> None:
    assert kinds(RESIDUAL, f"x -> {view} -> Add") == ["identity"]


def test_subsampling_and_padding_is_option_a() -> None:
    """He et al. 2015, option A: every second position, zeros for the new channels."""
    shortcuts = audited(
        "x -> Conv.1{out=16,stride=2} -> Relu -> Conv.2{in=16} -> Add",
        "x -> Slice -> Pad -> Add",
    ).shortcuts
    assert [(s.kind, s.has_weight, s.parameters) for s in shortcuts] == [("parameter-free", False, 0)]
    assert [step.step_class for step in shortcuts[0].route] == ["selection", "selection"]


def test_pooling_on_the_shortcut_has_no_parameters() -> None:
    assert kinds("x -> Conv.1{stride=2} -> Relu -> Conv.2 -> Add", "x -> AveragePool -> Add") == ["parameter-free"]


def test_a_constant_factor_on_the_shortcut_has_no_parameters() -> None:
    """DeepNorm's alpha."""
    assert kinds(RESIDUAL, "x -> Mul.alpha -> Add", "#alpha[] -> Mul.alpha") == ["parameter-free"]


def test_a_learned_scale_on_the_shortcut_is_a_diagonal_projection() -> None:
    (shortcut,) = audited(RESIDUAL, "x -> Mul.scale -> Add", "#scale -> Mul.scale").shortcuts
    assert (shortcut.kind, shortcut.parameters, shortcut.has_weight, shortcut.has_bias) == (
        "projection",
        8,
        True,
        False,
    )


def test_a_normalisation_on_the_shortcut_is_a_projection() -> None:
    """RepVGG's third branch; the residual branch is linear, too, but does more."""
    (shortcut,) = audited("x -> Conv.1 -> Add", "x -> BatchNormalization -> Add").shortcuts
    assert shortcut.kind == "projection"
    assert shortcut.parameters == 16  # scale and shift of 8 channels; mean and variance are buffers
    assert any("diagonal" in note for note in shortcut.notes)


def test_a_highway_lets_x_through_and_not_its_gate() -> None:
    """y = T(x) H(x) + (1 - T(x)) x (Srivastava et al. 2015): the fork is x, the gate's weights are counted."""
    (shortcut,) = audited(
        "x -> Conv.H -> Relu.H -> Mul.branch -> Add",
        "x -> Conv.T{k=1,bias=1} -> Sigmoid.T -> Mul.branch",
        "#one[] -> Sub.carry -> Mul.shortcut -> Add",
        "Sigmoid.T -> Sub.carry",
        "x -> Mul.shortcut",
    ).shortcuts
    assert (shortcut.kind, shortcut.fork.name) == ("gated", "x")
    assert shortcut.parameters == 72  # 8 x 8 weights + 8 biases


def test_a_normalisation_before_the_fork_is_no_part_of_the_shortcut() -> None:
    (shortcut,) = audited(
        "x -> BatchNormalization.pre -> Conv.1 -> Relu -> Conv.2 -> Add",
        "BatchNormalization.pre -> Conv.proj{k=1} -> Add",
    ).shortcuts
    assert (shortcut.fork.name, shortcut.parameters) == ("BatchNormalization.pre", 64)  # 8 x 8, without the norm's 16


def test_a_normalisation_on_the_route_is_part_of_the_shortcut() -> None:
    (shortcut,) = audited(RESIDUAL, "x -> Conv.proj{k=1} -> BatchNormalization -> Add").shortcuts
    assert [step.op for step in shortcut.route] == ["Conv", "BatchNormalization"]
    assert shortcut.parameters == 80  # 8 x 8 + 2 x 8
    assert (shortcut.has_weight, shortcut.has_bias) == (True, False)


# --- which operand ---------------------------------------------------------------------------------------------------


def test_a_sum_of_three_is_one_merge_with_one_shortcut() -> None:
    """x + attention(x) + mlp(x)."""
    (shortcut,) = audited(
        "x -> Add.inner -> Add.outer",
        "x -> Conv.a -> Relu.a -> Add.inner",
        "x -> Conv.b -> Relu.b -> Add.outer",
    ).shortcuts
    assert shortcut.kind == "identity"
    assert (shortcut.merge.name, shortcut.merge.also) == ("Add.outer", ("Add.inner",))
    assert shortcut.elementwise_adds == 256  # (3 - 1) x 8 x 4 x 4


def test_one_merge_can_hold_two_shortcuts() -> None:
    """x + conv1x1(x) + F(x)."""
    drawn = ("x -> Sum", "x -> Conv.proj{k=1} -> Sum", "x -> Conv.1 -> Relu -> Conv.2 -> Sum")
    assert kinds(*drawn) == ["identity", "projection"]


def test_a_long_skip_over_short_ones_is_a_shortcut_of_its_own() -> None:
    assert kinds(
        "x -> Conv.1 -> Relu.1 -> Add.1 -> Conv.2 -> Relu.2 -> Add.2 -> Add.long",
        "x -> Add.1 -> Add.2",
        "x -> Add.long",
    ) == ["identity", "identity", "identity"]


def test_ancestry_holds_where_a_mask_feeds_every_block() -> None:
    """Global dominators would collapse to the root here."""
    assert kinds(
        "x -> Mul.1 -> Conv.1 -> Relu.1 -> Add.1 -> Mul.2 -> Conv.2 -> Relu.2 -> Add.2",
        "mask -> Mul.1",
        "mask -> Mul.2",
        "x -> Add.1",
        "Add.1 -> Add.2",
    ) == ["identity", "identity"]


def test_siblings_of_a_split_are_different_values() -> None:
    """Res2Net: the second slice is no ancestor of what is computed from the first; both come from x."""
    (shortcut,) = audited("x -> Split -> Conv.1 -> Relu -> Add", "Split:1 -> Add", "x -> Split").shortcuts
    assert (shortcut.kind, shortcut.fork.name) == ("parameter-free", "x")


def test_a_pooled_value_minus_the_value_itself_is_no_shortcut() -> None:
    """PoolFormer's token mixer."""
    assert reasons("x -> AveragePool{k=3,stride=1} -> Sub", "x -> Sub", shape=(1, 8, None, None)) == [
        "elementwise expression"
    ]


def test_a_prediction_subtracted_from_its_input_is_an_identity() -> None:
    """DnCNN: y = x - F(x)."""
    assert kinds("x -> Sub", "x -> Conv.1 -> Relu -> Conv.2 -> Sub") == ["identity"]


def test_stacked_values_that_are_summed_are_a_merge() -> None:
    assert kinds(
        "x -> Unsqueeze.1 -> Concat{axis=0} -> ReduceSum{axis=0}",
        "x -> Conv.1 -> Relu -> Conv.2 -> Unsqueeze.2 -> Concat",
    ) == ["identity"]


def test_a_sum_over_an_axis_that_was_there_before_is_no_merge() -> None:
    report = audited("x -> Concat{axis=1} -> ReduceSum{axis=1}", "x -> Conv.1 -> Relu -> Conv.2 -> Concat")
    assert (report.shortcuts, report.other_adds) == ((), ())


# --- the traps -------------------------------------------------------------------------------------------------------


def test_constant_operand() -> None:
    assert reasons("x -> Conv -> Add", "#bias -> Add") == ["constant operand"]


def test_a_constant_computed_in_the_graph_is_a_constant_operand() -> None:
    assert reasons("x -> Conv -> Add", "#table -> Neg -> Identity -> Add") == ["constant operand"]


def test_what_comes_out_of_a_shape_is_geometry() -> None:
    assert reasons("x -> Conv -> Add", "x -> Shape -> Cast -> Add") == ["constant operand"]


def test_broadcast() -> None:
    """A gate-like context vector added to every position."""
    assert reasons("x -> Add", "x -> ReduceMean -> Conv{k=1} -> Add") == ["broadcast"]


def test_independent_sources() -> None:
    assert reasons("x -> Conv.1 -> Add", "z -> Conv.2 -> Add") == ["independent sources"]


def test_parallel_branches_behind_nonlinearities() -> None:
    assert reasons("x -> Conv.1 -> Relu.1 -> Add", "x -> Conv.2 -> Relu.2 -> Add") == ["parallel branches"]


def test_two_equal_linear_maps_are_parallel_branches() -> None:
    """Averaged heads."""
    assert reasons("x -> Conv.1{k=1} -> Add", "x -> Conv.2{k=1} -> Add") == ["parallel branches"]


FIRST, SECOND, THIRD = (f"d{n} = Conv(x, w{n}) pads=1,1,1,1" for n in "123")
SUM_OF_TWO = ("t = Add(d2, d1)", "u = Relu(t)")  # t has a second reader, so it is no part of the sum of three
KERNELS = {f"w{n}": stored(8, 8, 3, 3) for n in "1234"}


def kinds_and_reasons(*lines: str) -> tuple[list[str], list[str]]:
    made = audit_draft(listing(*lines, x=(1, 8, 4, 4), **KERNELS))
    return [s.kind for s in made.shortcuts], [o.reason for o in made.other_adds]


def test_a_mean_is_judged_as_a_sum_is() -> None:
    """(x + f(x)) / 2, written as one operator; two heads, and what shares nothing, are averaged equals."""
    assert kinds("x -> Conv -> Relu -> Mean", "x -> Mean") == ["identity"]
    assert kinds("x -> Conv.1{k=3} -> Relu -> Mean", "x -> Conv.2{k=1} -> Mean") == ["projection"]
    assert reasons("x -> Conv.1 -> Mean", "x -> Conv.2 -> Mean") == ["average"]
    assert reasons("x -> Conv.1 -> Relu.1 -> Mean", "x -> Conv.2 -> Relu.2 -> Mean") == ["average"]


def test_equal_maps_are_parallel_whoever_else_reads_the_sum_of_some() -> None:
    """ESPNet fuses dilated convolutions hierarchically: d1, d2 + d1, d3 + (d2 + d1) are all read."""
    fused = "s = Add(d3, t)", "v = Relu(s)", "y = Concat(u, v) axis=1"
    assert kinds_and_reasons(FIRST, SECOND, THIRD, *SUM_OF_TWO, *fused) == ([], ["parallel branches"] * 2)


@pytest.mark.parametrize("mixed", ["m = MatMul(a, x)", "m = ScatterElements(z, i, x) axis=0 reduction=add"])
def test_the_root_weight_of_a_graph_layer_is_a_projection(mixed: str) -> None:
    """GraphSAGE (Hamilton et al. 2017): W_1 (A x) + W_2 x. The maps are equal, but one reads what others have sent."""
    given = {"a": (6, 6), "i": TensorType((6, 8), "int64")}
    zeros = stored(6, 8, data=(0.0,) * 48, literal=True, learned=False)
    lines = (mixed, "u = MatMul(m, w1)", "v = MatMul(x, w2)", "y = Add(u, v)")
    used = {name: kind for name, kind in given.items() if f"({name}," in mixed or f" {name}," in mixed}
    made = audit_draft(listing(*lines, x=(6, 8), **used, z=zeros, w1=stored(8, 8), w2=stored(8, 8)))
    assert [(s.kind, [w.name for step in s.route for w in step.weights]) for s in made.shortcuts] == [
        ("projection", ["w2"])
    ]


def test_a_map_beside_two_in_a_row_is_a_projection() -> None:
    second = "d2 = Conv(d1, w2) pads=1,1,1,1"
    assert kinds_and_reasons(FIRST, second, THIRD, "y = Add(d3, d2)") == (["projection"], [])


def test_a_map_beside_a_sum_of_which_one_term_is_not_linear_is_a_projection() -> None:
    nonlinear = "r = Relu(x)", "d4 = Conv(r, w4) pads=1,1,1,1", "t = Add(d1, d4)", "u = Relu(t)"
    found = kinds_and_reasons(FIRST, THIRD, *nonlinear, "s = Add(d3, t)", "v = Relu(s)", "y = Concat(u, v) axis=1")
    assert found == (["projection"] * 2, [])


def test_a_low_rank_adapter_is_a_parallel_branch() -> None:
    """LoRA (Hu et al. 2021): W x + B A x. The cheaper route is W x, and B A x does less, not more."""
    drawn = ("x -> MatMul.W -> Add", "x -> MatMul.A{out=2} -> MatMul.B{in=2,out=8} -> Add")
    assert reasons(*drawn, shape=(1, 4, 8)) == ["parallel branches"]


@pytest.mark.parametrize(
    "before", ["y = Mul(x, two)", "y = Add(x, x)", "y = Mul(x, mask)", "y = Slice(x, zero, four, two_)"]
)
def test_what_is_scaled_or_cut_before_it_is_mapped_is_mapped_no_less(before: str) -> None:
    """W_1 (2 x) + W_3 x is W_1 x + W_3 x with another W_1; a stride of the kernel may be written as a slice."""
    report = audit_draft(
        listing(
            before,
            "a = Conv(y, w1)",
            "b = Conv(x, w3) pads=1,1,1,1",
            "s = Add(a, b)",
            x=(1, 8, 4, 4),
            w1=stored(8, 8, 1, 1),
            w3=stored(8, 8, 3, 3),
            mask=stored(1, 1, 4, 4),
            two=stored(data=(2.0,), literal=True),
            zero=stored(1, dtype="int64", data=(0,)),
            four=stored(1, dtype="int64", data=(4,)),
            two_=stored(1, dtype="int64", data=(2,)),
        )
    )
    assert [(one.kind, one.route[-1].name) for one in report.shortcuts] == [("projection", "a")]


@pytest.mark.parametrize(
    ("first", "kind"), [("AveragePool.n{k=1,stride=1}", "parameter-free"), ("Conv.n", "projection")]
)
def test_a_shortcut_leads_around_work_that_is_none_itself(first: str, kind: str) -> None:
    """n + W n + F(x), n linear in x: both lead around F(x), and n not around W n alone."""
    shortcuts = audited(
        f"x -> {first} -> Sum",
        f"{first.partition('{')[0]} -> Conv.w{{k=1}} -> Sum",
        "x -> Conv.1 -> Relu -> Conv.2 -> Sum",
    ).shortcuts
    assert [(one.kind, one.fork.name, one.span.weight_layers) for one in shortcuts] == [
        (kind, "x", 2),
        ("projection", "x", 2),
    ]


@pytest.mark.parametrize("norm", ["BatchNormalization", "BatchNormalization -> Relu", "Mul.g -> Relu"])
def test_a_norm_by_kept_statistics_is_no_work(norm: str) -> None:
    """g x + b is a factor and an offset of each channel, also where it is written as a norm."""
    factor = ("#g -> Mul.g",) if "Mul.g" in norm else ()
    assert reasons(f"x -> {norm} -> Add", *factor, "x -> Add") == ["elementwise expression"]


def test_a_scaled_shortcut_beside_a_pooling_mixer() -> None:
    """PoolFormerV2: s x + (pool(n) - n) with n = norm(x), folded into one sum: the mixer does more than the scale."""
    (shortcut,) = audited(
        "x -> Mul.s -> Add",
        "#s -> Mul.s",
        "x -> GroupNormalization -> AveragePool{k=1,stride=1} -> Sub -> Add",
        "GroupNormalization -> Sub",
    ).shortcuts
    assert (shortcut.kind, shortcut.fork.name, shortcut.parameters) == ("projection", "x", 8)


@pytest.mark.parametrize("gate", ["Sigmoid.s", "HardSigmoid.s", "Erf.s", "Softplus.s -> Tanh.s"])
def test_an_activation_written_as_a_product_is_no_gate(gate: str) -> None:
    """conv1x1 + SiLU (GELU, Mish, hard swish) on both sides: nonlinear, parallel branches."""
    assert reasons(
        f"x -> Conv.1{{k=1}} -> {gate} -> Mul.1 -> Add",
        "Conv.1 -> Mul.1",
        "x -> Conv.2 -> Relu -> Add",
    ) == ["parallel branches"]


def test_a_normalisation_written_as_arithmetic_is_a_normalisation() -> None:
    """LayerNorm before opset 17: (x - mean) / sqrt(var + eps) * scale + shift, here on the shortcut."""
    (shortcut,) = audited(
        RESIDUAL,
        "x -> Sub.centred -> Div.scaled -> Mul.scale -> Add.shift -> Add",
        "x -> ReduceMean.mean -> Sub.centred",
        "Sub.centred -> Mul.square -> ReduceMean.var -> Add.eps -> Sqrt -> Div.scaled",
        "Sub.centred -> Mul.square",
        "#eps[] -> Add.eps",
        "#scale -> Mul.scale",
        "#shift -> Add.shift",
    ).shortcuts
    assert (shortcut.kind, shortcut.fork.name, shortcut.parameters) == ("projection", "x", 16)  # scale and shift


def test_squeeze_and_excitation_on_the_shortcut_is_a_gate() -> None:
    """A statistic behind weights is no statistic: x * sigmoid(conv(mean(x)))."""
    drawn = ("x -> Mul.gate -> Add", "x -> ReduceMean -> Conv.gate{k=1} -> Sigmoid -> Mul.gate")
    assert kinds(RESIDUAL, *drawn) == ["gated"]


def test_elementwise_expression() -> None:
    """Rotary embedding: q cos + rotate(q) sin. No weights, no mixing."""
    assert reasons("x -> Mul.cos -> Add", "#cos[] -> Mul.cos", "x -> Neg -> Mul.sin -> Add", "#sin[] -> Mul.sin") == [
        "elementwise expression"
    ]


def test_attention_logits_with_a_mask_that_is_a_genuine_ancestor() -> None:
    """From the second layer on the mask is an ancestor of Q K^T, and looks exactly like an identity."""
    assert reasons(
        "mask -> MatMul.q -> MatMul.logits -> Add -> Softmax -> MatMul.out",
        "mask -> MatMul.k -> MatMul.logits",
        "mask -> Add",
        "mask -> MatMul.out",
        shape=(1, 8, 8, 8),
    ) == ["attention logits"]


def test_a_softmax_at_the_end_of_the_model_makes_no_attention_logits() -> None:
    assert kinds("x -> MatMul.1 -> Relu -> MatMul.2 -> Add -> Softmax", "x -> Add", shape=(1, 8)) == ["identity"]


def test_a_symbolic_size_does_not_make_a_broadcast() -> None:
    assert kinds(RESIDUAL, "x -> Add", shape=("batch", 8, None, None)) == ["identity"]


def test_in_a_projection_with_a_nonlinearity_both_are_branches() -> None:
    assert reasons(RESIDUAL, "x -> Conv.proj{k=1} -> Relu.proj -> Add") == ["parallel branches"]


def test_a_size_of_one_against_an_open_size_is_a_broadcast() -> None:
    drawn = ("x -> Add", "x -> ReduceMean -> Conv{k=1} -> Add")
    assert reasons(*drawn, shape=("batch", 8, "h", "w")) == ["broadcast"]
    assert reasons(*drawn, shape=(1, 8, None, None)) == ["broadcast"]


def test_a_gated_linear_unit_beside_attention_is_no_shortcut() -> None:
    """x + attention(n) + down(up(n) * sigmoid(gate(n))), n = norm(x): a map of a gated value is a nonlinear layer."""
    drawn = (
        "x -> LayerNormalization -> MatMul.q -> MatMul.l -> Softmax -> MatMul.a -> MatMul.o",
        "LayerNormalization -> MatMul.k -> Transpose -> MatMul.l",
        "LayerNormalization -> MatMul.v -> MatMul.a",
        "LayerNormalization -> MatMul.up -> Mul -> MatMul.down",
        "LayerNormalization -> MatMul.gate -> Sigmoid -> Mul",
        "x -> Add.1 -> Add.2",
        "MatMul.o -> Add.1",
        "MatMul.down -> Add.2",
    )
    assert kinds(*drawn, shape=(1, 4, 8)) == ["identity"]


@pytest.mark.parametrize("view", ["Cast", "Identity", "Reshape"])
def test_a_view_before_a_projection_changes_nothing(view: str) -> None:
    assert kinds("x -> Conv.1 -> Add", f"x -> {view} -> Conv.proj{{k=1}} -> Add") == ["projection"]


def test_cross_gating_leaves_one_operand_to_be_the_residual_branch() -> None:
    """a g(b) + b g(a): both cannot be shortcuts."""
    drawn = (
        "a -> Mul.1 -> Add",
        "b -> Conv.b -> Relu.b -> Mul.1",
        "b -> Mul.2 -> Add",
        "a -> Conv.a -> Relu.a -> Mul.2",
    )
    assert len(audited(*drawn).shortcuts) < 2


def test_a_leaky_relu_written_as_a_choice_is_no_gate() -> None:
    drawn = ("#zero[] -> Less", "x -> Conv.p{k=1} -> Less -> Where -> Add", "Conv.p -> Mul -> Where", "Conv.p -> Where")
    assert reasons(RESIDUAL, *drawn, "#alpha[] -> Mul") == ["parallel branches"]


def test_a_gate_fed_from_elsewhere_says_so() -> None:
    (shortcut,) = audited(RESIDUAL, "x -> Mul -> Add", "c -> Conv.gate{k=1} -> Sigmoid -> Mul").shortcuts
    assert (shortcut.kind, shortcut.parameters) == ("gated", 0)
    assert any("elsewhere" in note for note in shortcut.notes)


def test_a_fork_far_up_wins_a_tie() -> None:
    """T x + T H(x), the gate T being 70 values long: x is let through, not T(x)."""
    gate = " -> ".join(f"Conv.g{i} -> Relu.g{i}" for i in range(35))
    (shortcut,) = audited(
        f"x -> {gate} -> Mul.1 -> Add", "x -> Conv.h -> Relu.h -> Mul.1", "x -> Mul.2 -> Add", "Relu.g34 -> Mul.2"
    ).shortcuts
    assert shortcut.fork.name == "x"


def test_an_open_batch_changes_no_verdict() -> None:
    """That one branch takes more MACs cannot be known then; that it reads more weights can."""
    drawn = ("x -> Conv.1{k=1} -> Add", "x -> Conv.2{k=1} -> Conv.3{k=1} -> Add")
    assert kinds(*drawn) == kinds(*drawn, shape=("n", 8, 4, 4)) == ["projection"]


def test_every_addition_is_accounted_for() -> None:
    report = audited(RESIDUAL, "x -> Add -> Add.bias", "#bias -> Add.bias -> Add.twice", "z -> Add.twice")
    named = [s.merge.name for s in report.shortcuts] + [name for s in report.shortcuts for name in s.merge.also]
    named += [other.name for other in report.other_adds]
    assert sorted(named) == ["Add", "Add.bias", "Add.twice"]
    assert report.totals.adds == 3


def test_more_work_is_more_macs_not_more_parameters() -> None:
    """The branch applies one matrix of 64 parameters twice, 2 x 1,024 MACs; the shortcut has 72, and takes 1,024."""
    graph = assemble(
        listing(
            "r = Conv(x, w)",
            "f = Conv(r, w)",
            "p = Conv(x, v, b)",
            "y = Add(f, p)",
            x=(1, 8, 4, 4),
            w=stored(8, 8, 1, 1),
            v=stored(8, 8, 1, 1),
            b=stored(8),
        )
    )
    (shortcut,) = found(graph)
    assert shortcut.operand.value == "p"


def test_a_choice_between_two_sums_is_one_merge_where_both_have_no_other_use() -> None:
    lines = ("f = Conv(x, w)", "s = Add(x, f)", "t = Sub(x, f)", "y = Where(m, s, t)")
    given = {"x": (1, 8, 4, 4), "m": (1, 8, 4, 4), "w": stored(8, 8, 3, 3)}
    chosen, used = (audit_draft(listing(*lines, *more, **given)) for more in ((), ("z = Relu(s)",)))
    assert [len(report.shortcuts) for report in (chosen, used)] == [1, 2]


@pytest.mark.parametrize(
    ("joined", "expected", "parameters"),
    [
        ("x -> Conv.p{k=1} -> Concat{axis=1}", "projection", 64),  # 8 x 8 of the pointwise convolution
        ("x -> Conv.p{k=1} -> Relu.q -> Conv.r{k=1} -> Concat{axis=1}", "parameter-free", 0),
    ],
)
def test_what_another_layer_made_is_no_w_s_of_what_it_is_joined_to(joined: str, expected: str, parameters: int) -> None:
    shortcuts = audited(f"{joined} -> Add", "x -> Concat", "x -> Conv.1 -> Relu -> Conv.2{out=16} -> Add").shortcuts
    assert [(shortcut.kind, shortcut.parameters) for shortcut in shortcuts] == [(expected, parameters)]


def test_what_is_written_into_a_cache_passes_through_it() -> None:
    """TensorScatter reads a cache, what it writes and where: what it makes of W x is linear in x."""
    lines = "p = MatMul(x, w)", "h = MatMul(x, w1)", "r = Relu(h)", "f = MatMul(r, w2)"
    sums = "c = TensorScatter(cache, p, at) axis=1", "y = Add(f, c)"
    weights = {"w": stored(8, 8), "w1": stored(8, 8), "w2": stored(8, 8)}
    made = audit_draft(listing(*lines, *sums, x=(1, 6, 8), cache=(1, 6, 8), at=(1,), **weights))
    assert [(one.kind, one.parameters) for one in made.shortcuts] == [("projection", 64)]  # 8 x 8
