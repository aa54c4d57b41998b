"""How much the product is used, by whom, who comes, stays and leaves."""

import asyncio
from collections.abc import Sequence
from typing import Final

from nicegui import ui

from console.calling.results import Found, read
from console.pages.elements import card, columns, note, table, tile, tiles
from console.pages.results import Choices, as_of, folded, pictured, said_why
from console.pages.visit import PageOf, Visit
from console.shown import groups
from console.shown.engagement import (
    DEFINITIONS,
    GRAINS,
    LATEST,
    active,
    active_rows,
    churn,
    churn_by_group,
    churn_rows,
    conversion_rows,
    definitions,
    feature_rows,
    funnel_rows,
    latest,
    lifecycle,
    lifecycle_rows,
    name_of,
    plain_groups,
    stickiness,
    trial_rows,
)

_JOB: Final = "engagement"
_PATH: Final = "/engagement"
_NO_FUNNEL: Final = "day"
"""Grain by which funnels are not told."""


class _Engagement:
    """What one tab looks at."""

    def __init__(self, visit: Visit) -> None:
        self._caller = visit.caller
        self._choices = Choices(visit, _PATH, self._show)
        self._churn = Found([], None, None)
        self._features = Found([], None, None)

    async def build(self) -> None:
        everybody, self._churn, self._features = await asyncio.gather(
            read(self._caller, _JOB, "activity", dimension=groups.ALL),
            read(self._caller, _JOB, "churn"),
            read(self._caller, _JOB, "features", grain=LATEST),
        )
        if said_why(everybody):
            return
        as_of(everybody)
        with tiles():
            for one in latest(everybody.rows):
                tile(*one)
        with ui.element("div").classes("controls"):
            self._choices.add("grain", "Periods", GRAINS)
            self._choices.add("group", "Customers", groups.options(self._churn.rows))
            self._choices.add("loss", "A loss is", definitions(self._churn.rows) or DEFINITIONS)
        self._figures = ui.element("div").classes("figures")
        await self._show()

    async def _show(self) -> None:
        grain = self._choices["grain"]
        dimension, value = groups.parted(self._choices["group"])
        own = {"dimension": dimension, "group": value}
        activity, life = await asyncio.gather(
            read(self._caller, _JOB, "activity", **own),
            read(self._caller, _JOB, "lifecycle", grain=grain, **own),
        )
        by_cohort: Sequence[Found] = ()
        if grain != _NO_FUNNEL:
            by_cohort = await asyncio.gather(
                read(self._caller, _JOB, "funnel", grain=grain, **own),
                read(self._caller, _JOB, "trials", grain=grain, **own),
                read(self._caller, _JOB, "conversion", grain=grain),
            )
        who = name_of(dimension, value)
        self._figures.clear()
        with self._figures:
            _active(activity, who)
            with columns():
                _lifecycle(life, grain, who)
                self._rates(dimension, value, who)
            with columns():
                _features(self._features)
                self._most_lost()
            if by_cohort:
                _by_cohort(*by_cohort, grain=grain, who=who)

    def _rates(self, dimension: str, value: str, who: str) -> None:
        rows = [
            row
            for row in plain_groups(self._churn.rows)
            if (row["definition"], row["dimension"], row["value"])
            == (self._choices["loss"], dimension, value)
        ]
        with card():
            if said_why(Found(rows, None, self._churn.reason or "there is no rate of this group yet")):
                return
            heads = ("Day", "Users", "Lost", "Churn rate, % (95 %)")
            pictured(f"Churn rate with 95 % limits, {who}", churn(rows), heads, churn_rows(rows))
            note("At the as-of and on the Mondays before.")

    def _most_lost(self) -> None:
        own = [row for row in self._churn.rows if row["definition"] == self._choices["loss"]]
        with card("Where most are lost"):
            if not said_why(Found(own, None, self._churn.reason or "there is no rate yet")):
                heads = ("Group", "Users", "Lost", "Churn rate, % (95 %)")
                table("Churn rate by group", heads, churn_by_group(own))


def _active(activity: Found, who: str) -> None:
    with card():
        if said_why(activity):
            return
        rows = plain_groups(activity.rows)
        heads = (
            "Day",
            "That day",
            "7 days",
            "30 days",
            "Stickiness",
            "Sessions a user",
            "Minutes a user",
            "Converted",
        )
        with columns():
            with ui.element("div"):
                pictured(f"Active users, {who}", active(rows), heads, active_rows(rows), 280)
            with ui.element("div"):
                told = [(row[0], row[4]) for row in active_rows(rows)]
                pictured(f"Stickiness, {who}", stickiness(rows), ("Day", "Stickiness"), told, 280)


def _lifecycle(life: Found, grain: str, who: str) -> None:
    with card():
        if said_why(life):
            return
        rows = plain_groups(life.rows)
        heads = ("First day", "Active", "New", "Kept", "Resurrected", "Dormant", "Quick ratio")
        pictured(
            f"Who comes, stays and goes, {who}", lifecycle(rows, grain), heads, lifecycle_rows(rows, grain)
        )
        note("Below the line: active in the period before, and not in this one.")


def _features(features: Found) -> None:
    with card("Most used features of the last 30 days"):
        if not said_why(features):
            heads = ("Feature", "Category", "Users", "Uses", "Adoption")
            table("Features", heads, feature_rows(features.rows), figures_from=2)
            note("Adoption is the share of the active users.")


def _by_cohort(funnel: Found, trials: Found, conversion: Found, *, grain: str, who: str) -> None:
    with card("From the first day to paying"):
        for found, words, heads, rows in (
            (funnel, f"Funnel, {who}", ("Began in", "Users", "Active", "Trial", "Paid"), funnel_rows),
            (
                trials,
                f"Trials, {who}",
                ("Trial began in", "Trials", "Paid", "In 7 days", "In 14 days", "In 30 days"),
                trial_rows,
            ),
            (
                conversion,
                "Conversion, everybody",
                ("Period", "Active", "Converted", "Share"),
                conversion_rows,
            ),
        ):
            if found.rows:
                folded(words, heads, rows(found.rows, grain))
            else:
                note(f"{words}: {found.reason}.")


async def build(visit: Visit) -> None:
    """The page."""
    await _Engagement(visit).build()


PAGE: Final = PageOf(_PATH, "Engagement", "insights", "read", build)
