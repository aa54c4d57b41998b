"""``python -m checks.audit``: known holes in the locked packages, by pip-audit, which asks the packages' index.

An index that does not tell of holes answers as if it did not know the package, and pip-audit calls that a success. So
one package is asked for first, and what could not be asked is said, never passed over. In CI a known hole fails the
checks; elsewhere it is shown, so that a release of last year can still be tested.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final, NamedTuple

LOCKS: Final = (Path("requirements/run.txt"), Path("requirements/dev.txt"))
_PROBE: Final = "redis"


class Verdict(NamedTuple):
    """What is to be said, and whether it stops the checks."""

    text: str
    code: int


def pins(lock: str) -> list[str]:
    """``name==version`` of each package, without hashes and markers."""
    return [line.split()[0] for line in lock.splitlines() if line[:1].isalnum() and "==" in line]


def verdict(report: dict[str, Any], wanted: int) -> Verdict:
    """From pip-audit's report.

    Args:
        report: its JSON.
        wanted: how many packages should have been asked for.
    """
    packages = report["dependencies"]
    known = [package for package in packages if "skip_reason" not in package]
    lines = [
        f"{package['name']} {package['version']}: {hole['id']}, "
        f"mended in {', '.join(hole['fix_versions']) or 'no version'}"
        for package in known
        for hole in package["vulns"]
    ]
    missing = wanted - len(known)
    if missing:
        lines.append(f"SKIPPED: {missing} of {wanted} packages could not be asked for")
    if any(package["vulns"] for package in known):
        return Verdict("\n".join(["known holes in packages:", *lines]), 1)
    if not known:
        return Verdict(
            f"SKIPPED: {wanted} packages are not audited, their index does not tell of known holes", 0
        )
    return Verdict("\n".join([f"{len(known)} packages without known holes", *lines]), 0)


def audit(packages: list[str]) -> dict[str, Any]:
    """pip-audit's report; one without packages where it cannot ask at all."""
    program = Path(sys.executable).parent / "pip-audit"
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as listed:
        listed.write("\n".join(packages))
        listed.flush()
        command = [
            str(program),
            "-r",
            listed.name,
            "--no-deps",
            "--disable-pip",
            "--format",
            "json",
            "--progress-spinner",
            "off",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except json.JSONDecodeError:
        sys.stderr.write(done.stderr[-500:])
        return {"dependencies": []}
    return report


def main() -> int:
    """The exit code."""
    locks = [pins(path.read_text("utf-8")) for path in LOCKS]
    told = audit([package for package in locks[0] if package.startswith(f"{_PROBE}==")])
    answered = any("skip_reason" not in package for package in told["dependencies"])
    # one lock at a time: they may hold different versions of a package
    asked = [package for lock in locks for package in audit(lock)["dependencies"]] if answered else []
    said = verdict({"dependencies": asked}, sum(map(len, locks)))
    sys.stdout.write(f"audit: {said.text}\n")
    return said.code if os.environ.get("CI") else 0


if __name__ == "__main__":
    sys.exit(main())
