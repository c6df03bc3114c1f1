"""The review page: its logic, and the build of it that is committed."""

import json
import re
from pathlib import Path

from tests.jobs.web.page_tools import PAGE, STATIC, node_tool, run


def test_logic_of_the_page_holds() -> None:
    assert "passed" in run(node_tool("vitest"), "run", timeout_seconds=300)


def test_types_of_the_page_hold() -> None:
    run(node_tool("tsc"), "--noEmit", timeout_seconds=300)


def test_committed_assets_are_what_the_sources_build_to(tmp_path: Path) -> None:
    run(
        node_tool("vite"), "build", "--outDir", str(tmp_path), "--emptyOutDir", "--logLevel", "error",
        timeout_seconds=300,
    )  # fmt: skip
    built, committed = _tree(tmp_path), _tree(STATIC)
    assert sorted(built) == sorted(committed), (
        "run `npm run build` in jobs/web/page and commit jobs/web/static"
    )
    assert [name for name in built if built[name] != committed[name]] == []


def test_page_asks_other_hosts_for_nothing_and_runs_no_inline_script() -> None:
    html = (STATIC / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"(?:src|href)=\"(?!/)[^\"]*\"", html) == []
    assert re.findall(r"<script(?![^>]*\ssrc=)[^>]*>", html) == []
    assert "style=" not in html
    for sheet in (STATIC / "assets").glob("*.css"):
        assert re.findall(r"url\((?!/|\"/)[^)]*\)|@import", sheet.read_text(encoding="utf-8")) == []


def test_lock_file_has_exact_versions_and_names_no_host_of_packages() -> None:
    wanted = json.loads((PAGE / "package.json").read_text(encoding="utf-8"))
    versions = {**wanted["dependencies"], **wanted["devDependencies"]}
    assert [name for name, version in versions.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []
    packages = json.loads((PAGE / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []
    fetched = {name: one for name, one in packages.items() if name and one.get("os") != ["win32"]}
    assert [name for name, one in fetched.items() if not {"integrity", "inBundle"} & one.keys()] == []


def _tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
