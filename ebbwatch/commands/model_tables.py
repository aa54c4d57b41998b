"""What ``ebbwatch model`` shows to people."""

from collections.abc import Iterator
from datetime import UTC, datetime

from rich.console import RenderableType
from rich.table import Table

from control.decisions import Decided
from online_model.quality.metrics import Metrics
from online_model.quality.published import Published
from online_model.tiers import RANKED, Thresholds, Tier, TierPrecision
from profiles.explained import Explanation
from profiles.model_report import Compared, Listed, ServingRow, Shown

_FEATURES_SHOWN = 12


def serving_table(rows: list[ServingRow]) -> Table:
    """What serves."""
    table = _table("version", "contestant", "kind", "users", "learned", "until", "ROC AUC")
    for row in rows:
        table.add_row(
            row.version,
            row.contestant,
            f"{row.kind}, calibrated" if row.calibrated else row.kind,
            f"{row.share:.0%}",
            _count(row.examples),
            _day(row.trained_until_ms),
            _figure(row.roc_auc),
        )
    return table


def headline(shown: Shown) -> Iterator[str]:
    """What is known of the champion, line by line."""
    if shown.announced_ms is not None:
        yield f"since {_day(shown.announced_ms)}: {shown.reason}"
    elif shown.fault is None:
        yield "nothing is announced yet: the baseline serves"
    states = [f"champion {shown.champion}"]
    if shown.predecessor is not None:
        states.append(f"predecessor {shown.predecessor}")
    if shown.pinned:
        states.append(f"pinned to {shown.pinned_version}" if shown.pinned_version else "pinned")
    if shown.vetoed:
        states.append(f"vetoed: {', '.join(shown.vetoed)}")
    if shown.judged_ms is None:
        states.append("not judged yet by a trainer")
    else:
        states.append(f"judged up to {_day(shown.judged_ms)}")
    yield "; ".join(states)
    m = shown.served
    if m is not None:
        yield (
            f"what was served, {m.examples:,} outcomes: ROC AUC {_figure(m.roc_auc)}, PR AUC {_figure(m.pr_auc)}, "
            f"log loss {_figure(m.log_loss)}, Brier {_figure(m.brier)}"
        )
        yield (
            f"calibration: slope {_figure(m.slope)}, observed over expected {_figure(m.observed_over_expected)}, "
            f"error {_figure(m.ece)}"
        )
    if shown.contact is not None:
        chance = "as the holdout measures it" if shown.chance_measured else "a guess"
        c = shown.contact
        yield (
            f"contacting pays from a risk of {c.threshold:.0%}: it costs {c.cost:g}, a lost user {c.value:g}, and "
            f"{c.chance_of_saving:.0%} are kept ({chance})"
        )


def tier_table(tiers: dict[Tier, TierPrecision], thresholds: Thresholds | None) -> Table:
    """What tiers have been worth."""
    begin = {} if thresholds is None else {name: f"{risk:.0%}" for name, risk in thresholds._asdict().items()}
    table = _table("tier", "from", "examples", "share", "were lost", "95 %")
    for name in RANKED:
        found = tiers.get(name)
        if found is not None:
            lost = "–" if found.precision is None else f"{found.precision:.0%}"
            table.add_row(
                name,
                begin.get(name, "–"),
                f"{found.examples:,}",
                f"{found.share:.0%}",
                lost,
                f"{found.low:.0%}–{found.high:.0%}",
            )
    return table


def decision_table(decisions: list[Decided]) -> Table:
    """Entries of the log of decisions."""
    table = _table("no.", "when", "decision", "by", "why")
    for found in decisions:
        table.add_row(str(found.number), _day(found.at_ms), found.kind, found.by, found.text)
    return table


def version_table(versions: list[Listed]) -> Table:
    """Versions of the registry."""
    table = _table("version", "contestant", "learned", "until", "users", "kept", "state")
    for version in versions:
        table.add_row(
            version.version,
            version.contestant or "–",
            _count(version.examples),
            _day(version.trained_until_ms),
            f"{version.serves:.0%}" if version.serves else "",
            ", ".join(version.kept),
            "[green]good[/]" if version.good else f"[red]refused[/]: {version.refused}",
        )
    return table


def comparison(rows: list[Compared], quality: Published, part: str) -> Table:
    """Contestants side by side."""
    table = _table(
        "contestant", "learned", "AUC", "PR AUC", "log loss", "Brier", "ECE", "slope", "O/E", "fading AUC"
    )
    report = quality.report
    table.title = (
        f"{part}: the last {report.remembered:,} of {report.settled:,} settled outcomes, up to "
        f"{_day(quality.at_ms)}; fading: one counts half after {report.half_life:,}.\n"
        "ECE: calibration error; O/E: observed over expected"
    )
    for row in rows:
        m = row.rolling
        table.add_row(
            f"{row.contestant} ({row.role})" if row.role else row.contestant,
            f"{row.learned:,}",
            *_figures(m, "roc_auc", "pr_auc", "log_loss", "brier", "ece", "slope", "observed_over_expected"),
            *_figures(row.fading, "roc_auc"),
        )
    return table


def explanation(found: Explanation) -> Iterator[RenderableType]:
    """What a risk is made of."""
    yield (
        f"[bold]{found.user}[/]  risk {found.risk:.1%} ({found.tier}), log-odds {found.log_odds:+.2f}, by "
        f"{found.contestant}, version {found.model}"
    )
    if found.base is None:
        yield "[dim]the baseline compares the user with others; its reasons do not add up to the score[/]"
    else:
        how = "exact" if found.exact else "sampled, ± standard error"
        yield f"[dim]{found.base:+.2f} of a user like the average, and what these add ({how}):[/]"
    themes = _table("theme", "log-odds", "", "what is known")
    for theme in found.themes:
        weight = f"{theme.weight:+.2f}" + (f" ±{theme.error_at_most:.2f}" if theme.error_at_most else "")
        colour = "red" if theme.weight > 0 else "green"
        themes.add_row(theme.theme, f"[{colour}]{weight}[/]", theme.direction, theme.text)
    yield themes
    if not found.features:
        return
    features = _table("feature", "value", "log-odds")
    for piece in found.features[:_FEATURES_SHOWN]:
        weight = f"{piece.weight:+.3f}" + (f" ±{piece.error:.3f}" if piece.error else "")
        features.add_row(piece.label, piece.value, weight)
    if rest := found.features[_FEATURES_SHOWN:]:
        features.add_row(f"{len(rest)} others together", "", f"{sum(p.weight for p in rest):+.3f}")
    yield features


def _table(*columns: str) -> Table:
    table = Table(*columns, box=None, header_style="bold", title_justify="left")
    table.columns[0].no_wrap = True  # names and ids are there to be copied
    return table


def _figures(measured: Metrics | None, *names: str) -> list[str]:
    return [_figure(None if measured is None else getattr(measured, name)) for name in names]


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _count(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


def _day(at_ms: int | None) -> str:
    return "–" if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
