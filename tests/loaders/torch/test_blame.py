from __future__ import annotations

import logging
import sys
import warnings
from pathlib import Path

import pytest

from shortcut_audit.errors import UnreadableModel, UsageError
from shortcut_audit.loaders.torch.blame import blamed


def run(folder: Path, code: str, name: str = "theirs.py") -> str:
    """The line in which what this code raises is reported."""
    path = folder / name
    path.write_text(code)
    with pytest.raises(UnreadableModel) as error, blamed("export failed"):
        exec(compile(code, str(path), "exec"), {})  # noqa: S102 -- the test's own
    return str(error.value)


def test_the_reason_and_the_line(tmp_path: Path) -> None:
    assert (
        run(tmp_path, "x = 1\ny = 1 / 0\n")
        == f"export failed: ZeroDivisionError: division by zero ({tmp_path}/theirs.py:2)"
    )


def test_the_innermost_line_of_the_users_own(tmp_path: Path) -> None:
    """The error comes from the standard library; the line that called it is the one to change."""
    assert run(tmp_path, "import json\n\njson.loads('{')\n").endswith(f"({tmp_path}/theirs.py:3)")


def test_a_library_that_a_pth_file_brings_is_not_blamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As pip installs it with --target, in a folder of any name: what is to change is the line that calls it."""
    monkeypatch.setattr(sys, "path", sys.path.copy())
    monkeypatch.setattr(sys, "modules", sys.modules.copy())
    library = tmp_path / "elsewhere"
    (library / "theirs-1.0.dist-info").mkdir(parents=True)
    (library / "theirs.py").write_text("def fail():\n    raise ValueError\n")
    (tmp_path / "paths.pth").write_text(f"{library}\n")
    code = f"import site\nsite.addsitedir({str(tmp_path)!r})\nfrom theirs import fail\nfail()\n"
    assert run(tmp_path, code, name="mine.py").endswith(f"({tmp_path}/mine.py:4)")


def test_one_line_of_many(tmp_path: Path) -> None:
    assert run(tmp_path, "raise ValueError('''\n  first\nsecond''')").startswith("export failed: ValueError: first (")


def test_an_error_without_words(tmp_path: Path) -> None:
    assert run(tmp_path, "raise KeyError").startswith("export failed: KeyError (")


def test_leaving_is_no_way_out(tmp_path: Path) -> None:
    assert run(tmp_path, "import sys\nsys.exit(0)").startswith("export failed: SystemExit: 0 (")


def test_our_own_errors_pass() -> None:
    with pytest.raises(UsageError, match=r"^as it is$"), blamed("export failed"):
        raise UsageError("as it is")


def test_what_the_code_says_is_dropped(capsys: pytest.CaptureFixture[str]) -> None:
    """The report goes to stdout; it must be whole or empty."""
    before = logging.root.manager.disable
    with blamed("export failed"):
        print("hello")
        print("careful", file=sys.stderr)
        logging.getLogger("torch").error("a long story")
        warnings.warn("deprecated", stacklevel=1)
    print("afterwards")
    assert capsys.readouterr() == ("afterwards\n", "")
    assert logging.root.manager.disable == before
