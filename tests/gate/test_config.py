"""What does a configuration ask for, and what is said of a wrong one?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from shortcut_audit.errors import ConfigError, UsageError
from shortcut_audit.gate.config import Config, Options, load
from shortcut_audit.gate.config_values import declaration, memory, whole_numbers
from shortcut_audit.gate.document import Wrong, did_you_mean
from shortcut_audit.gate.settings import Ignore, Settings
from shortcut_audit.operators.declaration import Declaration

Write = Callable[[str], Path]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def configured(repository: Path, text: str) -> Config:
    (repository / "pyproject.toml").write_text(text)
    return load()


def complaint(repository: Path, text: str) -> str:
    with pytest.raises(ConfigError) as refused:
        configured(repository, text)
    message = str(refused.value)
    assert "\n" not in message
    return message


FULL = """
[tool.shortcut-audit]
models = ["models/*.onnx"]
baseline = "shortcuts.json"
fail-on = "warning"
max-extra-parameters = "1.5M"
max-extra-macs = "2.5%"
max-projections = 3
allowed-kinds = ["identity", "projection"]
dims = { batch = 1 }
inputs = { x = "1x3x224x224" }

[tool.shortcut-audit.rules]
avoidable-projection = "error"
impeded-identity = "off"

[[tool.shortcut-audit.models-overrides]]
path = "models/big*.onnx"
max-projections = 33
dims = { time = 16 }
rules = { impeded-identity = "note" }

[[tool.shortcut-audit.ignore]]
rule = "avoidable-projection"
model = "models/old.onnx"
shortcut = "layer1.*"
reason = "trained years ago"
expires = 2027-01-31
"""


def test_every_key(repository: Path) -> None:
    config = configured(repository, FULL)
    asked = config.settings_for("models/a.onnx")
    assert config.models == ("models/*.onnx",)
    assert (asked.baseline, asked.fail_on, asked.max_projections) == ("shortcuts.json", "warning", 3)
    assert asked.allowed_kinds == ("identity", "projection")
    assert (dict(asked.dims), asked.inputs) == ({"batch": 1}, ("x=1x3x224x224",))
    assert dict(asked.rules) == {"avoidable-projection": "error", "impeded-identity": "off"}
    assert asked.max_extra_parameters is not None
    assert asked.max_extra_parameters.most(10**9) == 1_500_000
    assert asked.max_extra_macs is not None
    assert asked.max_extra_macs.most(1_000) == 25  # 2.5 % of 1,000
    assert config.ignores == (
        Ignore("avoidable-projection", "models/old.onnx", "layer1.*", "trained years ago", date(2027, 1, 31)),
    )


def test_an_override_replaces_what_it_names_and_nothing_else(repository: Path) -> None:
    asked = configured(repository, FULL).settings_for("models/big-net.onnx")
    assert asked.max_projections == 33
    assert asked.fail_on == "warning"
    assert dict(asked.dims) == {"batch": 1, "time": 16}
    assert dict(asked.rules) == {"avoidable-projection": "error", "impeded-identity": "note"}


def test_everything_that_is_wrong_is_said_at_once(repository: Path) -> None:
    assert complaint(
        repository,
        """
        [tool.shortcut-audit]
        max-extra-paramters = 1
        max-extra-macs = 0.05
        max-projections = -1
        allowed-kinds = ["identiy"]
        fail-on = "always"
        dims = { batch = -1 }
        inputs = ["1x-1"]
        [tool.shortcut-audit.rules]
        identity-lots = "error"
        [[tool.shortcut-audit.ignore]]
        rule = "doubled-shortcut"
        expires = "tomorrow"
        """,
    ) == (
        "pyproject.toml: 10 problems: "
        "unknown key 'max-extra-paramters'; did you mean 'max-extra-parameters'?; "
        'max-extra-macs: 0.05 is no whole number; a share is written "5%"; '
        "max-projections: -1 is no whole number from 0; "
        "allowed-kinds: entry 1: 'identiy' is none of identity, parameter-free, gated, projection; "
        "did you mean 'identity'?; "
        "fail-on: 'always' is none of error, warning, never; "
        "dims: batch: -1 is no size (a whole number); "
        "inputs: 1x-1: '-1' is no size; write [NAME=]1x3x224x224[:dtype]; "
        "rules: unknown key 'identity-lots'; did you mean 'identity-lost'?; "
        "ignore: entry 1: reason is missing; "
        "ignore: entry 1: expires: 'tomorrow' is no date such as 2027-01-31"
    )


@pytest.mark.parametrize(
    ("written", "most"),
    [
        ("1000", 1_000),
        ('"1_000"', 1_000),
        ('"2k"', 2_000),
        ('"1.5M"', 1_500_000),
        ('"0.25 G"', 250_000_000),
        ('"5%"', 50),  # of 1,000
        ('"0.1%"', 1),
        ('"0.19%"', 1),  # 1.9, of which 1 is a whole number
        ('"0%"', 0),
        ("0", 0),
    ],
)
def test_budgets(repository: Path, written: str, most: int) -> None:
    asked = configured(repository, f"[tool.shortcut-audit]\nmax-extra-macs = {written}").settings
    assert asked.max_extra_macs is not None
    assert asked.max_extra_macs.most(1_000) == most


@pytest.mark.parametrize("written", ["-1", "true", '"1.5"', '"101%"', '"5 percent"', '""', "[]", "nan", '"1e9"'])
def test_what_is_no_budget(repository: Path, written: str) -> None:
    assert "max-extra-macs: " in complaint(repository, f"[tool.shortcut-audit]\nmax-extra-macs = {written}")


def test_operators_are_declared_by_a_word_or_a_table(repository: Path) -> None:
    found = configured(
        repository,
        """[tool.shortcut-audit.operators]
"a.b::Quant" = "copy"
"my_lib::mix" = { kind = "linear", data = [0], weights = [1], scales = [2], macs = "matmul", of = [0, 1] }""",
    )
    assert dict(found.operators) == {
        "a.b::Quant": Declaration("copy"),
        "my_lib::mix": Declaration("linear", (0,), (1,), (2,), "matmul", (0, 1)),
    }


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('"a::B" = "copi"', "did you mean 'copy'?"),
        ('"a::B" = 3', "operators: a::B: 3 is none of copy, view, "),
        ('"a::B" = { data = [0] }', "a::B: kind is missing"),
        ('"a::B" = { kind = "linear", mac = "none" }', "unknown key 'mac'; did you mean 'macs'?"),
        ('"a::B" = { kind = "linear", macs = "mathmul" }', "did you mean 'matmul'?"),
        ('"a::B" = { kind = "linear", macs = "matmul", of = [0] }', "of: matmul takes 2 inputs"),
        ('"a::B" = { kind = "linear", of = [0] }', "of: no formula is named that takes inputs"),
        ('"a::B" = { kind = "linear", data = [0], weights = [0] }', "input 0 is named twice"),
        ('"a::B" = { kind = "linear", data = [] }', "data: names no input"),
        ('"a::B" = { kind = "linear", data = [-1] }', "data: entry 1: -1 is no input slot"),
        ('"a::B" = { kind = "free", macs = "matmul" }', "macs: free takes none, and matmul counts some"),
        ('"B" = "copy"', "operators: 'B' is no operator such as my_domain::Op"),
        ('"a::B" = "x"\n"a::C" = "y"', "2 problems: "),
    ],
)
def test_what_is_no_declaration(repository: Path, written: str, said: str) -> None:
    assert said in complaint(repository, f"[tool.shortcut-audit.operators]\n{written}")


def test_the_command_line_beats_the_configuration(repository: Path) -> None:
    options = Options(fail_on="never", baseline="other.json", dims={"batch": 8}, inputs=("1x3x32x32",))
    asked = configured(repository, FULL).with_options(options).settings_for("models/a.onnx")
    assert (asked.fail_on, asked.baseline, dict(asked.dims)) == ("never", "other.json", {"batch": 8})
    assert asked.inputs == ("1x3x32x32",)


def test_selected_rules_alone_are_applied(repository: Path) -> None:
    asked = configured(repository, FULL).with_options(Options(select=("impeded-identity",))).settings_for("a.onnx")
    assert asked.rules["impeded-identity"] == "note"  # its own level: the configuration had switched it off
    assert asked.rules["identity-lost"] == "off"
    ignoring = configured(repository, FULL).with_options(Options(ignore=("identity-lost",))).settings_for("a.onnx")
    assert ignoring.rules["identity-lost"] == "off"
    assert ignoring.rules["avoidable-projection"] == "error"


def test_an_unknown_rule_on_the_command_line(repository: Path) -> None:
    with pytest.raises(UsageError, match="there is no rule 'identity-list'; did you mean 'identity-lost'"):
        load().with_options(Options(select=("identity-list",)))


# --- where it is found -----------------------------------------------------------------------------------------------


def test_the_nearest_pyproject_that_says_anything(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / "pyproject.toml").write_text("[tool.shortcut-audit]\nmax-projections = 1")
    (repository / "sub" / "deep").mkdir(parents=True)
    (repository / "sub" / "pyproject.toml").write_text("[project]\nname = 'else'")
    monkeypatch.chdir(repository / "sub" / "deep")
    config = load()
    assert config.settings.max_projections == 1
    assert config.file == "../../pyproject.toml"
    assert config.root == repository


def test_nothing_above_the_repository_is_read(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / "pyproject.toml").write_text("[tool.shortcut-audit]\nmax-projections = 1")
    inner = repository / "vendored"
    (inner / ".git").mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert load().settings == Settings()


def test_outside_a_repository_only_the_current_folder_is_looked_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.shortcut-audit]\nmax-projections = 1")
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    assert load().settings.max_projections is None
    monkeypatch.chdir(tmp_path)
    assert load().settings.max_projections == 1


def test_a_file_of_its_own_needs_no_prefix(repository: Path) -> None:
    (repository / "gate.toml").write_text("max-projections = 7")
    assert load(Path("gate.toml")).settings.max_projections == 7
    (repository / "gate.toml").write_text("[tool.shortcut-audit]\nmax-projections = 8")
    assert load(Path("gate.toml")).settings.max_projections == 8


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tool.shortcut-audit", "pyproject.toml: no TOML: "),
        ("x = 1\ny = =", "(at line 2, column 5)"),  # the parser's own words lead to the place
        ("x = " + "[" * 5_000, "pyproject.toml: no TOML: "),
        ("[tool]\nshortcut-audit = 3", "pyproject.toml: 3 is no table"),
        ("[" + ".".join("a" * 100_000) + "]", "no TOML that is read: a key has over a hundred parts"),
        (".".join("a" * 100_000) + " = 1", "no TOML that is read: a key has over a hundred parts"),
        ("[tool.shortcut-audit]\nmodels = [" + "'a.onnx'," * 1_001 + "]", "1,001 entries are more than the 1,000"),
        ("[tool.shortcut-audit.dims]\n" + "".join(f"d{n} = 1\n" for n in range(1_001)), "1,001 entries are more"),
        ("[tool.shortcut-audit]\nmodels = ['" + "x" * 5_000 + "',3]", "models: entry 2: 3 is no text"),
        ("[tool.shortcut-audit]\nmax_projections = 3", "did you mean 'max-projections'?"),
        ("[tool.shortcut-audit]\nmodels = 'a.onnx'", "models: 'a.onnx' is no list"),
        ("[[tool.shortcut-audit.models-overrides]]\nmax-projections = 3", "models-overrides: entry 1: path is missing"),
        (
            "[[tool.shortcut-audit.ignore]]\nrule = 'x'\nreason = 'y'",
            "rule: 'x' is none of extra-parameters-over-budget",
        ),
        ("[[tool.shortcut-audit.ignore]]\nreason = 'y'", "ignore: entry 1: rule is missing"),
        ("[[tool.shortcut-audit.ignore]]\nrule = 'identity-lost'\nreason = ''", "reason: '' is no text"),
    ],
)
def test_what_cannot_be_read(repository: Path, text: str, said: str) -> None:
    assert said in complaint(repository, text)


@pytest.mark.parametrize(
    "key",
    ["max-extra-parameters", "max-projections", "fail-on", "models", "baseline", "dims.x", "rules.identity-lost", "no"],
)
def test_an_integer_that_toml_has_not(repository: Path, key: str) -> None:
    """Python would not even write its digits."""
    said = complaint(repository, f"[tool.shortcut-audit]\n{key} = 0x{'f' * 5_000}")
    assert said == f"pyproject.toml: {key}: an integer of 20000 bits; TOML's have 64"


@pytest.mark.parametrize("target", ["nowhere", "pyproject.toml"])
def test_a_link_that_leads_nowhere_is_not_no_configuration(repository: Path, target: str) -> None:
    (repository / "pyproject.toml").symlink_to(target)
    with pytest.raises(ConfigError, match=r"pyproject\.toml: cannot read the configuration: "):
        load()


def test_a_configuration_that_was_asked_for_must_say_something(repository: Path) -> None:
    (repository / "pyproject.toml").write_text("[project]\nname = 'else'")
    with pytest.raises(ConfigError, match=r"has no \[tool.shortcut-audit\]"):
        load(Path("pyproject.toml"))
    with pytest.raises(ConfigError, match="cannot read the configuration: No such file"):
        load(Path("missing.toml"))


# --- what it may name ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key", ["models = ['{}']", "baseline = '{}'", "models-overrides = [{{path='*', baseline='{}'}}]"]
)
@pytest.mark.parametrize("given", ["/etc/passwd", "../elsewhere.json", "~/elsewhere.json", "link/elsewhere.json"])
def test_nothing_outside_the_repository(repository: Path, key: str, given: str) -> None:
    (repository / "link").symlink_to("/")
    said = complaint(repository, f"[tool.shortcut-audit]\n{key.format(given)}")
    assert f"{given!r} lies outside the repository" in said


@pytest.mark.parametrize("key", ["models = ['{}']", "baseline = '{}'"])
def test_no_code(repository: Path, key: str) -> None:
    said = complaint(repository, f"[tool.shortcut-audit]\n{key.format('os:getcwd')}")
    assert "'os:getcwd' names code to import, which only the command line may" in said


def test_the_models_to_audit(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("models/b.onnx", "models/a.onnx", "models/deep/c.pt2", "models/readme.txt"):
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).touch()
    config = configured(repository, "[tool.shortcut-audit]\nmodels = ['models/*.onnx', 'models/**/*.pt2']")
    assert config.sources() == ("models/a.onnx", "models/b.onnx", "models/deep/c.pt2")
    monkeypatch.chdir(repository / "models")
    assert load().sources() == ("a.onnx", "b.onnx", "deep/c.pt2")


@pytest.mark.parametrize("pattern", ["nothing/*.onnx", "", ".", "./", "*/" * 1_500 + "x.onnx", "*/../*.onnx", "**x"])
def test_a_glob_that_names_no_model_is_no_gate(repository: Path, pattern: str) -> None:
    with pytest.raises(ConfigError, match="models: "):
        configured(repository, f"[tool.shortcut-audit]\nmodels = ['{pattern}']").sources()


def test_a_link_out_of_the_repository_is_no_model(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "secret.onnx"
    outside.touch()
    (repository / "m.onnx").symlink_to(outside)
    with pytest.raises(ConfigError, match=r"'m.onnx' is a link out of the repository"):
        configured(repository, "[tool.shortcut-audit]\nmodels = ['*.onnx']").sources()


def test_the_baseline_is_found_from_below_the_configuration(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / "pyproject.toml").write_text("[tool.shortcut-audit]\nbaseline = 'ci/shortcuts.json'")
    (repository / "models").mkdir()
    monkeypatch.chdir(repository / "models")
    assert load().settings.baseline == "../ci/shortcuts.json"


def test_an_empty_baseline_on_the_command_line_is_not_none(repository: Path) -> None:
    config = configured(repository, "[tool.shortcut-audit]\nbaseline = 'shortcuts.json'")
    assert config.settings_for("a.onnx").baseline == "shortcuts.json"
    assert config.with_options(Options(baseline="")).settings_for("a.onnx").baseline == ""


@pytest.mark.parametrize(
    ("written", "limit"), [(7, 7), ("3KiB", 3_072), ("2MB", 2_000_000), ("1.5 kb", 1_500), ("1GiB", 1_073_741_824)]
)
def test_memory_is_counted_in_tens_or_in_twos(written: object, limit: int) -> None:
    assert memory(written).limit == limit


def test_what_was_meant_is_found_whatever_its_case_and_its_dashes() -> None:
    assert did_you_mean("_X_", ("-x-",)) == "; did you mean '-x-'?"
    assert did_you_mean("q", ("-x-",)) == ""


def test_what_is_free_may_say_that_it_takes_no_macs() -> None:
    assert declaration({"kind": "free", "macs": "none"}) == Declaration("free", macs="none")
    assert declaration("free") == declaration({"kind": "free"}) == Declaration("free")
    with pytest.raises(Wrong, match="free takes none, and matmul counts some"):
        declaration({"kind": "free", "macs": "matmul"})


@pytest.mark.parametrize("most", [2**63 - 1, -(2**63)])
def test_an_integer_has_64_bits_and_no_more(most: int) -> None:
    """TOML 1.0: "Arbitrary 64-bit signed integers (from -2^63 to 2^63-1) should be accepted"."""
    whole_numbers({"a": [most, {"b": most}], "c": True})
    beyond = most + (1 if most > 0 else -1)
    with pytest.raises(Wrong, match=r"^a\.b: an integer of 64 bits; TOML's have 64$"):
        whole_numbers({"a": {"b": [beyond]}})
    with pytest.raises(Wrong, match=r"^this: an integer of 64 bits"):
        whole_numbers(beyond)
