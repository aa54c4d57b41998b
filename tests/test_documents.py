"""What the documents name is there: links, files, commands, targets, settings."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from benchmarks.tables import fill
from ebbwatch.main import app
from ebbwatch.settings import Settings

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
ROOMS = sorted(
    p.name
    for p in ROOT.iterdir()
    if p.is_dir() and not p.name.startswith(".") and not p.name.endswith(".egg-info")
)

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
FILE = re.compile(rf"(?<![\w./-])(?:{'|'.join(map(re.escape, ROOMS))})/[\w./-]*[\w/]")
COMMAND = re.compile(
    r"(?<![\w/.:-])ebbwatch ((?:[a-z]+(?:-[a-z]+)*)(?: [a-z]+(?![\w.:=-]))?)((?: [^\n`|#]*)?)"
)
OPTION = re.compile(r"(?<=\s)--?[a-z][a-z-]*")
TARGET = re.compile(r"(?<!-)\bmake ([a-z]+)\b")
SETTING = re.compile(r"\bEBBWATCH_([A-Z_]+)\b")


def each_page() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def code(page: Path) -> Iterator[str]:
    """What stands between backticks, and the lines of fenced blocks."""
    text = page.read_text("utf-8")
    for block in re.findall(r"```(?:sh|console)\n(.*?)```", text, re.DOTALL):
        yield from (line.removeprefix("$ ").split("#")[0] for line in block.splitlines())
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


@each_page()
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text("utf-8")):
        if "://" not in link:
            assert (page.parent / link).exists(), f"{page.name} links to {link}"


@each_page()
def test_files_that_are_named_exist(page: Path) -> None:
    ignored = {".ebbwatch"}
    for words in code(page):
        for name in FILE.findall(words):
            assert (ROOT / name).exists() or ignored & set(Path(name).parts), f"{page.name} names {name}"


@each_page()
def test_commands_and_options_exist(page: Path) -> None:
    for words in code(page):
        for name, rest in COMMAND.findall(words):
            command = find(name.split())
            assert command is not None, f"{page.name}: there is no `ebbwatch {name}`"
            known = {option for p in command.params for option in (*p.opts, *p.secondary_opts)} | {"--help"}
            for option in OPTION.findall(rest):
                assert option in known, f"{page.name}: `ebbwatch {name}` has no {option}"


@each_page()
def test_make_targets_exist(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for words in code(page):
        for target in TARGET.findall(words):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{page.name}: no `make {target}`"


@each_page()
def test_settings_exist(page: Path) -> None:
    of_compose = set(re.findall(r"\$\{EBBWATCH_([A-Z_]+)", (ROOT / "docker-compose.yml").read_text("utf-8")))
    for name in SETTING.findall(page.read_text("utf-8")):
        known = name.rstrip("_").lower() in Settings.model_fields or name in of_compose
        assert known or name == "", f"{page.name}: EBBWATCH_{name}"


def test_every_command_stands_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for name in names(typer.main.get_command(app)):
        assert f"`ebbwatch {name}`" in readme, f"the README's table leaves out {name}"


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text("utf-8")
    for page in folder.glob("[0-9]*.md"):
        title = page.read_text("utf-8").splitlines()[0].removeprefix(f"# {page.name[:4]} ")
        assert f"| [{page.name[:4]}]({page.name}) | {title} |" in index


def test_the_tables_are_those_of_the_results() -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    assert fill(page, ROOT / "benchmarks" / "results") == page, "run `python -m benchmarks.tables`"


def test_results_fill_their_place(tmp_path: Path) -> None:
    (tmp_path / "soak.json").write_text('{"resident_mb": {"last": 312.0}, "conditions": {"cores": 2}}')
    page = "<!-- begin soak -->\nold\n<!-- end soak -->\n<!-- begin memory -->\n<!-- end memory -->\n"
    filled = fill(page, tmp_path)
    assert "| resident mb, last | 312 |" in filled
    assert "Conditions: cores 2." in filled
    assert "old" not in filled
    assert "Not measured yet." in filled
    assert fill(filled, tmp_path) == filled


def test_the_stream_table_is_led_by_the_fastest(tmp_path: Path) -> None:
    each = {"ebbwatch": 300.0, "faust_one": 3.0, "read_and_decode": 600.0}
    simulated = {
        "events_per_second": each,
        "runs": {name: [{"events_per_second": speed}] for name, speed in each.items()},
        "cpu_microseconds_per_event": each,
        "redis_cpu_microseconds_per_event": each,
        "events": dict.fromkeys(each, 1000),
        "users": 7,
        "ratios": {"to_best_peer": 100.0},
    }
    (tmp_path / "stream.json").write_text(
        json.dumps({"simulated": simulated, "notes": {"faust_one": "less"}})
    )
    filled = fill("<!-- begin stream -->\n<!-- end stream -->\n", tmp_path)
    order = [line.split(" | ")[:4] for line in filled.splitlines() if "300.0 |" in line or " to " in line]
    assert [row[0].strip("| *") for row in order] == ["read_and_decode", "ebbwatch", "faust_one"]
    assert [row[3] for row in order] == ["2.00", "1.00", "0.01"]
    assert "to best peer: 100.00" in filled
    assert "| faust_one | less |" in filled


def find(words: list[str]) -> Any:
    """The command that the words begin with; a word behind a whole command is its argument."""
    command: Any = typer.main.get_command(app)
    for word in words:
        commands = getattr(command, "commands", None)
        if commands is None:
            return command
        command = commands.get(word)
    return command


def names(command: Any, before: str = "") -> Iterator[str]:
    """All commands below one, with the groups that they belong to."""
    for name, below in getattr(command, "commands", {}).items():
        if hasattr(below, "commands"):
            yield from names(below, f"{before}{name} ")
        else:
            yield f"{before}{name}"
