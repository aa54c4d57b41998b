"""The audit of packages: holes stop the checks, and what could not be asked is said."""

from checks.audit import LOCKS, pins, verdict
from tests.deployment.compose import ROOT

WELL = {"name": "redis", "version": "1.0", "vulns": []}
HOLE = {"name": "jinja2", "version": "3.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3.1"]}]}
UNKNOWN = {"name": "xxhash", "skip_reason": "Dependency not found on PyPI"}


def test_the_lock_is_read_whole() -> None:
    lock = 'redis==1.0 \\\n    --hash=sha256:aa\nuvloop==2.0 ; sys_platform != "win32" \\\n    --hash=sha256:bb\n'
    assert pins(lock) == ["redis==1.0", "uvloop==2.0"]
    for path in LOCKS:
        locked = pins((ROOT / path).read_text())
        assert len(locked) > 80, path
        assert all(pin.count("==") == 1 for pin in locked)


def test_a_hole_stops_the_checks() -> None:
    said = verdict({"dependencies": [WELL, HOLE]}, 2)
    assert said.code == 1
    assert "jinja2 3.0: PYSEC-1, mended in 3.1" in said.text
    assert verdict({"dependencies": [HOLE, UNKNOWN]}, 2).code == 1


def test_what_could_not_be_asked_is_said() -> None:
    assert verdict({"dependencies": [WELL]}, 1) == ("1 packages without known holes", 0)
    assert "SKIPPED: 1 of 2" in verdict({"dependencies": [WELL, UNKNOWN]}, 2).text
    for nothing in ([], [UNKNOWN]):
        said = verdict({"dependencies": nothing}, 7)
        assert (said.text.startswith("SKIPPED: 7 packages"), said.code) == (True, 0)
