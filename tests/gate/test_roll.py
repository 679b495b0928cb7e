"""Is every model that was accepted accounted for?"""

from __future__ import annotations

import pytest

from shortcut_audit.gate.accepted import AcceptedModel, AcceptedShortcut, RouteStep
from shortcut_audit.gate.roll import Counterparts, recognised


def model(source: str, *kinds: str) -> AcceptedModel:
    """A model with shortcuts of these kinds around two layers each."""
    steps = {"identity": (), "projection": (RouteStep("Conv", (("weight", (8, 8, 1, 1)),)),)}
    shape = (1, 8, 4, 4)
    shortcuts = tuple(
        AcceptedShortcut(f"{n}", "", kind, shape, shape, steps[kind], 64 * (kind == "projection"), 0, 2)  # type: ignore[arg-type]
        for n, kind in enumerate(kinds)
    )
    return AcceptedModel(source, shortcuts)


@pytest.mark.parametrize(
    ("source", "known", "found"),
    [
        ("models/a.onnx", ["models/a.onnx", "models/b.onnx"], "models/a.onnx"),
        ("/ci/build/models/a.onnx", ["models/a.onnx", "old/a.onnx"], "models/a.onnx"),
        ("a.onnx", ["models/a.onnx", "old/a.onnx"], None),
        ("a.pt2", ["models/a.onnx", "models/b.onnx"], "models/a.onnx"),
        ("c.onnx", ["models/a.onnx", "models/b.onnx"], None),
        ("c.onnx", ["models/a.onnx"], "models/a.onnx"),
        ("net:small", ["net:large", "net:small"], "net:small"),
        ("c.onnx", [], None),
        ("c.onnx", [".", "..", "/", ""], None),
    ],
)
def test_the_counterpart_of_a_model(source: str, known: list[str], found: str | None) -> None:
    answer = Counterparts([AcceptedModel(name, ()) for name in known]).of(source, alone=True)
    assert (answer and answer.source) == found


def test_a_configured_baseline_is_for_its_own_models_only() -> None:
    """The pre-commit hook sees only the files that changed: a new model is no successor of another."""
    assert Counterparts([AcceptedModel("a.onnx", ())]).of("new.onnx", alone=False) is None


def test_the_whole_path_is_nearer_than_one_below_it_of_equal_structure() -> None:
    """An entry that somebody adds as elsewhere/a.onnx does not stand in for the one that was accepted as a.onnx."""
    known = [model("elsewhere/a.onnx", "projection"), model("a.onnx", "identity")]
    assert Counterparts(known).of("a.onnx", model("a.onnx", "projection"), alone=False) is known[1]


def test_a_tie_of_paths_is_broken_by_structure() -> None:
    known = [model("x/a.onnx", "identity"), model("y/a.onnx", "projection")]
    answer = Counterparts(known).of("a.onnx", model("a.onnx", "projection"), alone=False)
    assert answer is known[1]
    assert Counterparts(known).of("a.onnx", model("a.onnx", "identity", "identity"), alone=False) is None


def test_a_file_of_equal_structure_under_a_new_name_is_the_renamed_one() -> None:
    accepted = [model("net.onnx", "identity", "projection"), model("other.onnx", "identity")]
    found, left = recognised(accepted, {"resnet.onnx": model("resnet.onnx", "identity", "projection")})
    assert {source: entry.source for source, entry in found.items()} == {"resnet.onnx": "net.onnx"}
    assert [entry.source for entry in left] == ["other.onnx"]


@pytest.mark.parametrize("kinds", [("projection", "projection"), ("identity",), ("projection", "identity"), ()])
def test_a_file_of_another_structure_is_not(kinds: tuple[str, ...]) -> None:
    accepted = [model("net.onnx", "identity", "projection"), model("empty.onnx")]
    found, left = recognised(accepted, {"resnet.onnx": model("resnet.onnx", *kinds)})
    assert (found, left) == ({}, accepted)


def test_one_file_answers_to_one_entry() -> None:
    accepted = [model("a/x.onnx", "identity"), model("b/x.onnx", "identity")]
    found, left = recognised(accepted, {"b/y.onnx": model("b/y.onnx", "identity")})
    assert len(found) == len(left) == 1


def test_of_many_of_one_structure_the_nearest_is_the_renamed_one_and_ties_go_in_order() -> None:
    """Nobody takes what another one has taken: the second of two that end alike gets the next entry."""
    accepted = [model(name, "identity") for name in ("a/x.onnx", "b/net.onnx", "c/net.onnx", "d/net.onnx")]
    strangers = {
        name: model(name, "identity") for name in ("new/c/net.onnx", "new/net.onnx", "new/z.onnx", "e/net.onnx")
    }
    found, left = recognised(accepted, strangers)
    assert {source: entry.source for source, entry in found.items()} == {
        "new/c/net.onnx": "c/net.onnx",
        "new/net.onnx": "b/net.onnx",
        "new/z.onnx": "a/x.onnx",
        "e/net.onnx": "d/net.onnx",
    }
    assert left == []
