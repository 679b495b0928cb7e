"""Is nothing secret left of a URL that is shown?"""

from __future__ import annotations

import pytest

from shortcut_audit.loaders.remote.urls import is_url, secrets_of, shown, suffix_of


@pytest.mark.parametrize(
    ("source", "is_one"),
    [
        ("https://host/a.onnx", True),
        ("s3://bucket/a.onnx", True),
        ("hf://org/repo", True),
        ("C:/models/a.onnx", False),
        ("c://models/a.onnx", False),  # one letter is a drive
        ("models/a.onnx", False),
        ("package.module:factory", False),
        ("models/https://a.onnx", False),
    ],
)
def test_a_scheme_makes_a_url(source: str, is_one: bool) -> None:
    assert is_url(source) == is_one


@pytest.mark.parametrize(
    ("url", "visible"),
    [
        ("https://host/a.onnx", "https://host/a.onnx"),
        ("https://me:pw@host:8/a.onnx", "https://host:8/a.onnx"),
        ("https://me@host/a@b.onnx", "https://host/a@b.onnx"),
        ("https://me:p@ss@host/a.onnx", "https://host/a.onnx"),
        ("https://me:pw@host", "https://host"),
        ("https://host?x=me:pw@host", "https://host?x=me:pw@host"),  # no user: the host ends at the question mark
        ("s3://key:secret@bucket/a.onnx", "s3://bucket/a.onnx"),
        ("https://host/a?X-Amz-Credential=AK&X-Amz-Date=2026&X-Amz-Signature=ab",
         "https://host/a?X-Amz-Credential=...&X-Amz-Date=2026&X-Amz-Signature=..."),
        ("https://host/a?sig=a%2Bb;TOKEN=c#end", "https://host/a?sig=...;TOKEN=...#end"),
        ("https://host/a?id=7", "https://host/a?id=7"),
    ],
)  # fmt: skip
def test_credentials_are_cut(url: str, visible: str) -> None:
    assert shown(url) == visible
    assert all(secret not in visible for secret in secrets_of(url))
    assert bool(secrets_of(url)) == (url != visible)


@pytest.mark.parametrize(
    ("url", "suffix"), [("https://h/a.ONNX?v=1.pt2", ".onnx"), ("s3://b/a.pt2", ".pt2"), ("https://h/a", "")]
)
def test_the_suffix_is_the_paths(url: str, suffix: str) -> None:
    assert suffix_of(url) == suffix
