"""The house rules, read off the tree itself: arrows, purity, names, sizes, words."""

from __future__ import annotations

import ast
import os
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("api", "engine", "policies")
MAY_IMPORT = {"policies": {"policies"}, "engine": {"engine", "policies"}, "api": set(PACKAGES)}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "managers", "service", "services"}
FORBIDDEN_NAMES |= {"misc"}

# What would let the world into a decision. `importlib.resources` may read the library's own files, nothing else may.
WORLDLY_MODULES = {"os", "time", "random", "secrets", "socket", "subprocess", "tempfile", "shutil", "urllib", "http"}
WORLDLY_MODULES |= {"uuid", "asyncio", "threading", "multiprocessing", "sqlite3", "requests", "httpx", "sqlalchemy"}
WORLDLY_CALLS = {"open", "input", "print", "exec", "eval"}
WORLDLY_METHODS = {"now", "today", "utcnow", "read_text", "read_bytes", "write_text", "write_bytes"}


def tracked() -> list[Path]:
    """The files git tracks or would track: what a clone has."""
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [path for name in names.split("\0") if name and (path := ROOT / name).is_file()]


def modules(*packages: str) -> list[Path]:
    return sorted(path for package in packages for path in (ROOT / package).rglob("*.py"))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def where(path: Path, node: ast.AST | None = None) -> str:
    line = f":{node.lineno}" if isinstance(node, (ast.expr, ast.stmt)) else ""
    return f"{path.relative_to(ROOT)}{line}"


def imported(path: Path) -> Iterator[tuple[ast.AST, str]]:
    """Every module a file imports, also inside functions, by its dotted name."""
    for node in ast.walk(tree(path)):
        match node:
            case ast.Import(names=names):
                yield from ((node, alias.name) for alias in names)
            case ast.ImportFrom(module=str() as module, level=0):
                yield node, module
            case ast.ImportFrom(level=level) if level:
                yield node, path.relative_to(ROOT).parts[0]
            case _:
                pass


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_follow_the_arrows(package: str) -> None:
    against = [
        f"{where(path, node)} imports {name}"
        for path in modules(package)
        for node, name in imported(path)
        if name.split(".")[0] in PACKAGES and name.split(".")[0] not in MAY_IMPORT[package]
    ]
    assert against == [], f"{package} may import only {sorted(MAY_IMPORT[package])}"


def test_no_package_imports_the_tests() -> None:
    against = [
        f"{where(path, node)} imports {name}"
        for path in modules(*PACKAGES)
        for node, name in imported(path)
        if name.split(".")[0] == "tests"
    ]
    assert against == []


def worldly(path: Path) -> Iterator[str]:
    """The places where a file reaches for disk, network, clock or chance."""
    for node, name in imported(path):
        if name.split(".")[0] in WORLDLY_MODULES:
            yield f"{where(path, node)} imports {name}"
    for node in ast.walk(tree(path)):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in WORLDLY_CALLS:
                yield f"{where(path, node)} calls {name}()"
            case ast.Call(func=ast.Attribute(attr=name)) if name in WORLDLY_METHODS:
                if not (name.startswith("read_") and reads_package_resources(path)):
                    yield f"{where(path, node)} calls .{name}()"
            case _:
                pass


def reads_package_resources(path: Path) -> bool:
    names = {name for _, name in imported(path)}
    return "importlib.resources" in names and "pathlib" not in names


def test_only_api_touches_the_world() -> None:
    assert [place for path in modules("engine", "policies") for place in worldly(path)] == []


def test_the_worldly_check_sees_what_it_must(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    file = tmp_path / "clocks.py"
    file.write_text("import time\nimport datetime as dt\nopen('x')\ndt.date.today()\n", encoding="utf-8")
    assert list(worldly(file)) == ["clocks.py:1 imports time", "clocks.py:3 calls open()", "clocks.py:4 calls .today()"]


def test_no_binary_float_where_decisions_are_made() -> None:
    against = []
    for path in modules("engine", "policies"):
        for node in ast.walk(tree(path)):
            match node:
                case ast.Call(func=ast.Name(id="float")):
                    against.append(f"{where(path, node)} calls float()")
                case ast.Constant(value=float()) if path.is_relative_to(ROOT / "engine"):
                    against.append(f"{where(path, node)} writes a binary number")
                case _:
                    pass
    assert against == []


@pytest.mark.parametrize("package", PACKAGES)
def test_the_package_names_resolve_to_this_project(package: str) -> None:
    file = import_module(package).__file__
    assert file is not None
    assert Path(file).resolve().is_relative_to(ROOT / package)


def test_no_file_has_a_name_without_a_noun() -> None:
    against = [where(path) for path in tracked() if path.stem in FORBIDDEN_NAMES or path.parent.name in FORBIDDEN_NAMES]
    assert against == []


def test_files_are_short() -> None:
    lengths = {
        where(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in tracked()
        if path.suffix == ".py" and path.stat().st_size
    }
    assert {path: length for path, length in lengths.items() if length > 400} == {}
    assert statistics.median(lengths.values()) <= 150


def test_every_module_says_what_it_is_for() -> None:
    silent = [where(path) for path in modules(*PACKAGES, "tests") if path.stat().st_size and not opening(path)]
    assert silent == []


def opening(path: Path) -> bool:
    """Whether the module's docstring opens with a whole sentence on its first line."""
    text = ast.get_docstring(tree(path)) or ""
    first = text.split("\n\n")[0].strip()
    return bool(first) and first[-1] in ".:?"


def test_every_ignored_lint_has_its_reason() -> None:
    ignored = re.compile(r"#\s*(?:noqa|type:\s*ignore)\b(.*)$")
    reasoned = re.compile(r".*\(.+\)$|[^#]*#\s*\S.*$")
    bare = [
        f"{where(path)}:{number}"
        for path in modules(*PACKAGES, "tests")
        if path != Path(__file__).resolve()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if (found := ignored.search(line)) and not reasoned.fullmatch(found[1])
    ]
    assert bare == []


def test_no_package_index_stands_in_a_tracked_file() -> None:
    index = re.compile(
        r"https?://[^\s\"'>)]*(?:pypi|/simple)\b|index-url[ =]+[\"']?(?:https?|file):|find-links[ =]+[\"']?\S",
        re.IGNORECASE,
    )
    hosts = configured_index_hosts()
    against = []
    for path in tracked():
        text = path.read_bytes().decode("utf-8", "replace")
        if path != Path(__file__).resolve() and index.search(text):
            against.append(f"{where(path)}: {index.search(text)}")
        against.extend(f"{where(path)}: the address of a package index" for host in hosts if host in text)
    assert against == []


def configured_index_hosts() -> set[str]:
    """The hosts that this machine's pip is told to ask; they must not leak into the project."""
    said = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    told = said.stdout + "\n".join(
        f"{key}={value}" for key, value in os.environ.items() if key.startswith(("PIP_", "UV_"))
    )
    hosts = re.findall(r"https?://(?:[^@/\s'\"]*@)?([^/\s'\":]+)", told)
    return {host for host in hosts if host not in {"localhost", "127.0.0.1"}}


def test_the_lock_pins_every_package_with_hashes() -> None:
    requirements = (ROOT / "requirements.lock").read_text(encoding="utf-8").replace("\\\n", "").splitlines()
    assert requirements
    assert [
        line for line in requirements if not re.fullmatch(r"[a-z0-9.\-]+==\S+ .*--hash=sha256:[0-9a-f]{64}.*", line)
    ] == []


def test_the_readme_shows_both_commands() -> None:
    for name in ("README.md", "README.zh-CN.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "make demo" in text, name
        assert "make test" in text, name


def test_the_architecture_page_is_short() -> None:
    assert len((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines()) <= 200


def test_no_unfinished_words_in_the_tree() -> None:
    words = re.compile(
        "|".join(["TO" + "DO", "FIX" + "ME", r"\bXX" + r"X\b", "NotImplemented" + "Error", "place" + "holder"])
    )
    against = [
        f"{where(path)}:{number}"
        for path in tracked()
        if path.suffix in {".py", ".yaml", ".md", ".toml"}
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if words.search(line)
    ]
    assert against == []
