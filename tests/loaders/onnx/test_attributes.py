from collections import defaultdict
from typing import Any

import pytest
from onnx import AttributeProto, NodeProto, SparseTensorProto, TensorProto, helper

from shortcut_audit.errors import UnreadableModel
from shortcut_audit.graph.draft import DATA_LIMIT, Tensor
from shortcut_audit.loaders.onnx.attributes import attributes_of, called, constant_of, defaults_of, plain


def node(**attributes: Any) -> NodeProto:
    return helper.make_node("Op", ["x"], ["y"], **attributes)


def numbers(*elements: int) -> TensorProto:
    return helper.make_tensor("t", TensorProto.INT64, [len(elements)], elements)


def test_attributes_become_python_values() -> None:
    found = plain(
        attributes_of(
            node(axis=-1, alpha=0.5, mode=b"linear", odd=b"\xff", pads=[1, 2], scales=[0.5, 2.0], names=["a", "b"]), {}
        )
    )
    assert found == {
        "axis": -1, "alpha": 0.5, "mode": "linear", "odd": r"\xff",
        "pads": (1, 2), "scales": (0.5, 2.0), "names": ("a", "b"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("written", "read"),
    [([0, -2, -1, 1], (0, 2, 3, 1)), ([1, 0], (1, 0)), ([0, -3], (0, -1)), ([0.0, 1.0], None)],
)
def test_axes_of_a_transposition_are_counted_from_the_front(written: list[Any], read: tuple[int, ...] | None) -> None:
    """PyTorch's older exporter writes permute(0, -2, -1, 1) as it stands; of an axis that is none nothing is made."""
    assert plain(attributes_of(node(perm=written), {}))["perm"] == read


def test_a_tensor_of_one_element_is_a_number_and_any_other_unknown() -> None:
    assert plain(attributes_of(node(value=numbers(7)), {})) == {"value": 7}
    assert plain(attributes_of(node(value=numbers(7, 8)), {})) == {"value": None}


def test_an_attribute_given_twice_is_refused() -> None:
    twice = node(group=1)
    twice.attribute.append(helper.make_attribute("group", 4))
    with pytest.raises(UnreadableModel, match=r"Op 'y' has the attribute 'group' twice"):
        attributes_of(twice, {})


def referring(to: str) -> NodeProto:
    made = node()
    made.attribute.append(AttributeProto(name="alpha", ref_attr_name=to, type=AttributeProto.FLOAT))
    return made


def test_a_reference_stands_for_what_the_call_gives() -> None:
    assert plain(attributes_of(referring("slope"), {"slope": helper.make_attribute("slope", 0.25)})) == {"alpha": 0.25}


def test_a_reference_to_nothing_is_an_attribute_left_out() -> None:
    assert attributes_of(referring("slope"), {}) == {}


def test_a_reference_to_a_graph_is_refused() -> None:
    given = {"slope": helper.make_attribute("slope", helper.make_graph([], "g", [], []))}
    with pytest.raises(UnreadableModel, match="given a graph by the caller"):
        attributes_of(referring("slope"), given)


def test_defaults_of_a_function() -> None:
    function = helper.make_function(
        "f", "F", ["x"], ["y"], [], [], attributes=["free"], attribute_protos=[helper.make_attribute("slope", 0.5)]
    )
    assert plain(defaults_of(function)) == {"slope": 0.5}


@pytest.mark.parametrize(
    ("attributes", "shape", "dtype", "data"),
    [
        ({"value": numbers(1, 2)}, (2,), "int64", (1, 2)),
        ({"value_int": 3}, (), "int64", (3,)),
        ({"value_ints": [3]}, (1,), "int64", (3,)),
        ({"value_float": 0.5}, (), "float32", (0.5,)),
        ({"value_floats": [0.5, 1.0]}, (2,), "float32", (0.5, 1.0)),
        ({"value_string": "a"}, (), "string", None),
        ({"value_strings": ["a", "b"]}, (2,), "string", None),
        ({"value_ints": list(range(DATA_LIMIT + 1))}, (DATA_LIMIT + 1,), "int64", None),
        (
            {"sparse_value": SparseTensorProto(values=numbers(9), indices=numbers(0), dims=[2, 2])},
            (2, 2),
            "int64",
            None,
        ),
    ],
)
def test_every_way_to_spell_a_constant(
    attributes: dict[str, Any], shape: tuple[int, ...], dtype: str, data: tuple[float, ...] | None
) -> None:
    found = constant_of(attributes_of(node(**attributes), {}), "c", defaultdict(list))
    assert found == Tensor("c", shape, dtype, data, literal=True)


def test_what_is_absurdly_long_is_given_but_unknown() -> None:
    assert plain(attributes_of(node(pads=[0] * 257), {})) == {"pads": None}
    assert plain(attributes_of(node(pads=[0] * 256), {})) == {"pads": (0,) * 256}
    assert plain(attributes_of(node(mode="m" * 1025), {})) == {"mode": None}
    assert plain(attributes_of(node(names=["m" * 500] * 3), {})) == {"names": None}


@pytest.mark.parametrize(
    ("attribute", "found"),
    [
        (AttributeProto(name="a", ints=[1, 2]), (1, 2)),
        (AttributeProto(name="a", i=0), 0),
        (AttributeProto(name="a", f=0.5), 0.5),
        (AttributeProto(name="a", s=b"linear"), "linear"),
        (AttributeProto(name="a"), None),
    ],
)
def test_an_attribute_of_no_type_is_what_it_holds(attribute: AttributeProto, found: Any) -> None:
    """As files of IR version 1 have them; later ones must say."""
    made = node()
    made.attribute.append(attribute)
    assert plain(attributes_of(made, {})) == {"a": found}


@pytest.mark.parametrize(
    "attribute",
    [
        AttributeProto(name="a", type=AttributeProto.FLOAT, ints=[1, 1]),
        AttributeProto(name="a", type=AttributeProto.INTS, ints=[1, 1], i=3),
        AttributeProto(name="a", ints=[1, 1], i=3),
    ],
)
def test_an_attribute_that_contradicts_itself_is_refused(attribute: AttributeProto) -> None:
    made = node()
    made.attribute.append(attribute)
    with pytest.raises(UnreadableModel, match="Op 'y' has an attribute 'a' whose value is not, or not alone"):
        attributes_of(made, {})


def test_an_attribute_without_a_name_is_refused() -> None:
    made = node()
    made.attribute.append(AttributeProto(type=AttributeProto.INT, i=3))
    with pytest.raises(UnreadableModel, match="Op 'y' has an attribute without a name"):
        attributes_of(made, {})


def test_a_reference_to_a_number_is_given_no_list() -> None:
    with pytest.raises(UnreadableModel, match="where its attribute 'alpha' is a number or text"):
        attributes_of(referring("slope"), {"slope": helper.make_attribute("slope", [0.25])})


def test_a_constant_without_a_value_is_none() -> None:
    assert constant_of(attributes_of(node(other=1), {}), "c", defaultdict(list)) is None


@pytest.mark.parametrize("attributes", [{"value_int": 0.5}, {"value_ints": [0.5]}, {"value": 1}])
def test_a_constant_whose_value_is_of_another_type_has_none(attributes: dict[str, Any]) -> None:
    assert constant_of(attributes_of(node(**attributes), {}), "c", defaultdict(list)) is None


def test_how_messages_name_a_node() -> None:
    assert called(helper.make_node("Add", ["x", "r"], ["y"], name="join")) == "Add 'join'"
    assert called(helper.make_node("Add", ["x", "r"], ["", "y"])) == "Add 'y'"
    assert len(called(helper.make_node("A" * 10**6, [], [], name="n" * 10**6))) < 500
