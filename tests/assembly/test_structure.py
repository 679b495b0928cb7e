"""Is a draft a graph, and in which order does it run?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from shortcut_audit.assembly.structure import in_order
from shortcut_audit.errors import UnreadableModel
from shortcut_audit.graph.draft import Draft
from tests.sketch import listing, stored

X = (1, 8)


def order(draft: Draft) -> tuple[list[str], bool]:
    nodes, as_listed = in_order(draft)
    return [node.name for node in nodes], as_listed


def complaint(draft: Draft) -> str:
    with pytest.raises(UnreadableModel) as caught:
        in_order(draft)
    return str(caught.value)


def test_nodes_that_run_as_listed_stay_as_they_are() -> None:
    assert order(listing("a = Relu(x)", "b = Relu(a)", "c = Add(a, b)", x=X)) == (["a", "b", "c"], True)


def test_nodes_that_do_not_are_sorted() -> None:
    assert order(listing("c = Add(a, b)", "b = Relu(a)", "a = Relu(x)", x=X)) == (["a", "b", "c"], False)


def test_of_nodes_that_can_run_the_one_listed_first_comes_first() -> None:
    assert order(listing("y = Add(b, a)", "b = Relu(x)", "a = Relu(x)", x=X)) == (["b", "a", "y"], False)


def test_a_node_that_reads_one_tensor_twice_waits_for_it_once() -> None:
    assert order(listing("y = Add(a, a)", "a = Relu(x)", x=X)) == (["a", "y"], False)


def test_inputs_and_outputs_may_be_left_out() -> None:
    assert order(listing("y, _ = Dropout(x, _, r)", x=X, r=stored())) == (["y"], True)


def test_an_input_may_be_an_output_of_the_model() -> None:
    assert order(listing("y = Relu(x)", x=X, outputs=("x", "w", "y"), w=stored(8))) == (["y"], True)


# --- single assignment -----------------------------------------------------------------------------------------------


def test_two_nodes_must_not_make_one_tensor() -> None:
    assert (
        complaint(listing("y = Relu(x)", "y = Tanh(x)", x=X)) == "tensor 'y' is made twice: by Relu 'y' and by Tanh 'y'"
    )


def test_one_node_must_not_make_a_tensor_twice() -> None:
    assert "tensor 'y' is made twice" in complaint(listing("y, y = Split(x)", x=X))


def test_no_node_may_make_an_input_of_the_model() -> None:
    assert (
        complaint(listing("x = Relu(x)", x=X)) == "tensor 'x' is made twice: by an input of the model and by Relu 'x'"
    )


def test_no_node_may_make_a_stored_tensor() -> None:
    assert (
        complaint(listing("w = Relu(x)", x=X, w=stored(8)))
        == "tensor 'w' is made twice: by a stored tensor and by Relu 'w'"
    )


# --- nothing dangles -------------------------------------------------------------------------------------------------


def test_whatever_a_node_reads_must_be_made() -> None:
    assert complaint(listing("y = Add(x, z)", x=X)) == "Add 'y' reads 'z', which nothing makes; export the model again"


def test_whatever_the_model_puts_out_must_be_made() -> None:
    assert complaint(listing("y = Relu(x)", x=X, outputs=("z",))) == (
        "the model's output 'z' is made by nothing; export the model again"
    )


def test_a_node_is_called_by_its_own_name_and_the_name_its_file_has_for_the_operator() -> None:
    draft = listing("y = Relu(z)")
    named = replace(draft, nodes=(replace(draft.nodes[0], name="layer1", label="aten.relu"),))
    assert complaint(named).startswith("aten.relu 'layer1' reads 'z'")


def test_a_nameless_node_is_called_by_what_it_makes() -> None:
    draft = listing("_, y = Split(z)")
    nameless = replace(draft, nodes=(replace(draft.nodes[0], name=""),))
    assert complaint(nameless).startswith("Split 'y' reads 'z'")


# --- no cycles -------------------------------------------------------------------------------------------------------


def test_a_cycle_is_shown_in_the_direction_of_the_data() -> None:
    cycle = listing("a = Add(x, c)", "b = Relu(a)", "c = Tanh(b)", "d = Relu(c)", x=X)
    assert complaint(cycle) in {
        "the graph has a cycle: Add 'a' -> Relu 'b' -> Tanh 'c' -> Add 'a'",
        "the graph has a cycle: Relu 'b' -> Tanh 'c' -> Add 'a' -> Relu 'b'",
        "the graph has a cycle: Tanh 'c' -> Add 'a' -> Relu 'b' -> Tanh 'c'",
    }


def test_a_node_that_reads_what_it_makes_is_a_cycle() -> None:
    assert complaint(listing("a = Add(x, a)", x=X)) == "the graph has a cycle: Add 'a' -> Add 'a'"


def test_what_only_hangs_on_a_cycle_is_not_blamed() -> None:
    blamed = complaint(listing("z = Relu(b)", "a = Relu(b)", "b = Relu(a)", outputs=("z",)))
    assert "'z'" not in blamed


def test_a_long_cycle_is_cut_short() -> None:
    ring = [f"v{i} = Relu(v{(i + 1) % 1000})" for i in range(1000)]
    blamed = complaint(listing(*ring, outputs=("v0",)))
    assert blamed.count("->") == 8
    assert blamed.endswith("-> …")


def test_a_chain_listed_backwards_is_sorted_without_recursion() -> None:
    length = 5_000  # deeper than Python's stack
    chain = [f"v{i + 1} = Relu(v{i})" for i in reversed(range(length))]
    nodes, as_listed = in_order(listing(*chain, v0=X))
    assert (nodes[0].name, nodes[-1].name, as_listed) == ("v1", "v5000", False)
