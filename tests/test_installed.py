"""Whose code is a file?"""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

import click
import pytest

import shortcut_audit
from shortcut_audit.installed import is_by_path, is_library, is_package


@pytest.mark.parametrize(
    ("path", "installed"),
    [
        (".venv/lib/python3.13/site-packages/torch/nn/modules/conv.py", True),
        ("/home/me/.local/lib/python3.13/site-packages/torch/nn/modules/conv.py", True),
        ("/usr/lib/python3/dist-packages/torch/__init__.py", True),
        ("models/resnet.py", False),
        ("my-site-packages/resnet.py", False),
    ],
)
def test_a_path_may_say_so_itself(path: str, installed: bool) -> None:
    assert is_by_path(PurePosixPath(path)) is installed


def test_python_this_package_and_what_pip_installs_are_libraries() -> None:
    assert all(is_library(Path(module.__file__ or "")) for module in (json, shortcut_audit, click))
    assert is_package(Path(click.__file__))
    assert not is_package(Path(json.__file__ or ""))


def test_a_checkout_is_the_code_of_whoever_works_on_it() -> None:
    """Its folder holds no installer's records, wherever the package that is tested lies."""
    assert not is_library(Path(__file__).parents[1] / "samples" / "model.py")


def test_a_folder_that_a_pth_file_names_holds_libraries_where_pip_has_filled_it(tmp_path: Path) -> None:
    """`pip install --target`: the packages, and beside them one folder of records for each."""
    (tmp_path / "torch-2.13.0.dist-info").mkdir()
    assert is_library(tmp_path / "torch" / "nn" / "modules" / "conv.py")


def test_an_editable_install_is_its_developers_code(tmp_path: Path) -> None:
    """What setuptools leaves in the folder of the sources is no record of what was installed there."""
    (tmp_path / "models.egg-info").mkdir()
    assert not is_library(tmp_path / "models" / "resnet.py")
