"""What is installed here: this package, in which release and with which names, and is a file another one's?"""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path, PurePath

__version__ = "0.1.0"
"""The release of this package. It stands here so that no room imports the package's front door."""


def on_demand(package: str, **homes: str) -> Callable[[str], Any]:
    """The `__getattr__` of a package (PEP 562) that imports a name when it is used, from the module that holds it."""

    def find(name: str) -> Any:
        for home, names in homes.items():
            if name in names.split():
                found = getattr(import_module(f"{package}.{home}"), name)
                setattr(sys.modules[package], name, found)  # found once: the next time nobody asks
                return found
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return find


FOLDERS = frozenset({"site-packages", "dist-packages"})
"""Names of folders into which packages are installed, also where they lie inside a repository's folder."""


def is_by_path(path: PurePath) -> bool:
    """Whether the path alone says so: nothing is looked up on disk."""
    return not FOLDERS.isdisjoint(path.parts)


def is_package(path: Path) -> bool:
    """Whether a file of this machine lies where packages are installed.

    That is in a folder called so, or in any other that holds an installer's records (PEP 376): `pip install --target`
    fills such a folder, and a .pth file makes it importable. What is installed in editable form has no such records
    beside it: it is the code of whoever works on it.
    """
    resolved = path.resolve()
    return is_by_path(resolved) or any(_holds_records(folder) for folder in resolved.parents)


def is_library(path: Path) -> bool:
    """Whether a file of this machine is Python's, this package's, or an installed package's."""
    return is_package(path) or any(path.resolve().is_relative_to(folder) for folder in _own_folders())


@cache
def _own_folders() -> tuple[Path, ...]:
    import sysconfig
    from pathlib import Path

    standard = (Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib"))
    return (*standard, Path(__file__).resolve().parent)


@cache
def _holds_records(folder: Path) -> bool:
    try:
        return any(entry.suffix == ".dist-info" for entry in folder.iterdir())
    except OSError:  # a folder that is closed, or that is there no longer
        return False
