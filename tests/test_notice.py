"""What an installation brings along is listed in NOTICE, and NOTICE comes with it."""

import re
from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_every_package_that_an_installation_needs_is_in_the_notice() -> None:
    config = ConfigParser(interpolation=None)
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    needed = re.findall(r"^[a-z0-9-]+", config["options"]["install_requires"].strip(), re.MULTILINE)
    assert "torch" in needed
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    assert [name for name in needed if not re.search(rf"\b{name}\b", notice)] == []


def test_the_notice_comes_with_wheel_and_source() -> None:
    config = ConfigParser(interpolation=None)
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    assert config["metadata"]["license_files"].split() == ["LICENSE", "NOTICE"]
