"""``python -m benchmarks.tables``: the tables of ``docs/benchmarks.md``, from ``benchmarks/results/*.json``.

Each stands between two comments that name the benchmark; the words around them are written by hand.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

_ROOT: Final = Path(__file__).parents[1]
_PAGE: Final = _ROOT / "docs" / "benchmarks.md"
_RESULTS: Final = _ROOT / "benchmarks" / "results"
_PLACE: Final = re.compile(r"(<!-- begin (\w+) -->\n).*?(<!-- end \2 -->)", re.DOTALL)
_OURS: Final = "ebbwatch"
_DISTRIBUTIONS: Final = ("simulated", "uniform")
_APART: Final = frozenset({"conditions", "figures", "goals", "notes", "runs", "series", "steps"})


def fill(page: str, results: Path) -> str:
    """The page with all its tables as the results in the folder have them."""
    return _PLACE.sub(lambda place: f"{place[1]}{section(place[2], results)}\n{place[3]}", page)


def section(name: str, results: Path) -> str:
    """What stands in the place of one benchmark."""
    file = results / f"{name}.json"
    if not file.exists():
        return "Not measured yet."
    found: dict[str, Any] = msgspec.json.decode(file.read_bytes())
    if any(kind in found for kind in _DISTRIBUTIONS):
        return "\n\n".join([*_stream(found), *_goals(found), *_conditions(found)])
    return "\n\n".join(
        [*_goals(found), *_steps(found), *_contestants(found), *_figures(found), *_conditions(found)]
    )


def _stream(found: dict[str, Any]) -> Iterator[str]:
    notes: dict[str, str] = found.get("notes", {})
    for kind in _DISTRIBUTIONS:
        if kind not in found:
            continue
        one = found[kind]
        speeds: dict[str, float] = one["events_per_second"]
        base = speeds.get(_OURS, max(speeds.values()))
        rows = []
        for name in sorted(speeds, key=lambda name: -speeds[name]):
            each = [run["events_per_second"] for run in one["runs"][name]]
            rows.append(
                (
                    f"**{name}**" if name == _OURS else name,
                    f"{speeds[name]:,.0f}",
                    f"{min(each):,.0f} to {max(each):,.0f}",
                    f"{speeds[name] / base:.2f}",
                    f"{one['cpu_microseconds_per_event'][name]:.1f}",
                    f"{one['redis_cpu_microseconds_per_event'][name]:.1f}",
                    f"{one['events'][name]:,}",
                )
            )
        yield f"### {kind.capitalize()}: {one['users']:,} users"
        yield _table(
            (
                "contestant",
                "events/s",
                f"{len(each)} runs",
                "relative",
                "CPU µs/event",
                "Redis µs/event",
                "events",
            ),
            rows,
        )
        if "ratios" in one:
            yield "; ".join(f"{name.replace('_', ' ')}: {ratio:.2f}" for name, ratio in one["ratios"].items())
    if notes:
        yield _table(("contestant", "how it keeps state, and where it does less"), list(notes.items()))


def _contestants(found: dict[str, Any]) -> Iterator[str]:
    """Models side by side, best log loss first."""
    for part, told in found.items():
        figures: dict[str, dict[str, float | None]] = (
            told.get("figures", {}) if isinstance(told, dict) else {}
        )
        if not figures:
            continue
        names = sorted(figures, key=lambda name: figures[name]["log_loss"] or float("inf"))
        rows = [
            (name.replace("+", ", ten times the examples"), *map(_exact, figures[name].values()))
            for name in names
        ]
        yield f"### {part.capitalize()}"
        yield _table(("", *(figure.replace("_", " ") for figure in figures[names[0]])), rows)


def _exact(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _figures(found: dict[str, Any]) -> Iterator[str]:
    """Folded away, since it is for those who look closely."""
    rows = list(_flat("", found))
    yield f"<details><summary>All figures</summary>\n\n{_table(('figure', 'value'), rows)}\n\n</details>"


def _flat(before: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, part in value.items():
            if name not in _APART:
                yield from _flat(f"{before}, {name}" if before else name, part)
    elif isinstance(value, bool | str):
        yield before.replace("_", " "), str(value)
    elif isinstance(value, int | float):
        yield before.replace("_", " "), f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"


def _goals(found: dict[str, Any]) -> Iterator[str]:
    goals: dict[str, dict[str, Any]] = found.get("goals", {})
    if any("result" in goal for goal in goals.values()):
        bounded = [
            (
                name,
                *(f"{g[side]:,.4g}" if g[side] is not None else "" for side in ("found", "low", "high")),
                g["result"],
            )
            for name, g in goals.items()
        ]
        yield _table(("goal", "found", "at least", "at most", ""), bounded)
    elif goals:
        rows = [
            (
                name.replace("_", " "),
                _number(g["found"]),
                _number(g["at_most"]),
                "yes" if g["met"] else "no",
            )
            for name, g in goals.items()
        ]
        yield _table(("goal", "found", "at most", "met"), rows)


def _number(value: float) -> str:
    return f"{value:,.1f}" if abs(value) >= 1 else f"{value:.2f}"


def _steps(found: dict[str, Any]) -> Iterator[str]:
    """Of a benchmark that goes step by step: seconds by part, in the order of the steps."""
    steps: list[dict[str, Any]] = found.get("steps", [])
    if not steps:
        return
    parts = list(dict.fromkeys(part for step in steps for part in step["seconds"]))
    head = ("step", "days", *(f"{part}, s" for part in parts), "all, s", "CPU s", "MiB")
    rows = [
        (
            step["step"],
            str(step["days"]),
            *(f"{step['seconds'][part]:.1f}" if part in step["seconds"] else "" for part in parts),
            f"{step['all_s']:.1f}",
            f"{step['cpu_s']:.1f}",
            f"{step['peak_mib']:,.0f}",
        )
        for step in steps
    ]
    yield _table(head, rows)


def _conditions(found: dict[str, Any]) -> Iterator[str]:
    told: dict[str, Any] = found.get("conditions", {})
    if told:
        words = [
            f"{name.replace('_', ' ')} {_listed(value) if isinstance(value, dict) else value}"
            for name, value in told.items()
            if name != "peer_versions" or any(kind in found for kind in _DISTRIBUTIONS)
        ]
        yield f"Conditions: {'; '.join(words)}."


def _listed(value: dict[str, Any]) -> str:
    return "(" + ", ".join(f"{name} {part}" for name, part in value.items()) + ")"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    rule = tuple("---" if number == 0 else "---:" for number in range(len(head)))
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, rule, *rows))


def main(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit code 1 if it is not current.")
    ] = False,
) -> None:
    """Put the results into the page."""
    page = _PAGE.read_text("utf-8")
    filled = fill(page, _RESULTS)
    if not check:
        _PAGE.write_text(filled, "utf-8")
    elif filled != page:
        typer.echo(
            "docs/benchmarks.md is not what the results say: run `python -m benchmarks.tables`", err=True
        )
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
