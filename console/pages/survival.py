"""When customers are lost: curves by group, and what else the job `survival` says."""

import asyncio
from typing import Final

from nicegui import ui

from console.calling.results import Found, read
from console.pages.elements import card, columns, note, table
from console.pages.results import Choices, as_of, folded, pictured, said_why
from console.pages.visit import PageOf, Visit
from console.shown import groups
from console.shown.survival import (
    HAZARD_OF,
    at_risk,
    by_group,
    cox_rows,
    curve,
    curve_table,
    hazard,
    hazard_rows,
    left_out,
    logrank_rows,
    median_rows,
    milestone_days,
    population_words,
    restricted_rows,
    return_rows,
    views,
)

_JOB: Final = "survival"
_PATH: Final = "/survival"


class _Survival:
    """What one tab looks at."""

    def __init__(self, visit: Visit) -> None:
        self._caller = visit.caller
        self._choices = Choices(visit, _PATH, self._show)
        self._medians = Found([], None, None)

    async def build(self) -> None:
        self._medians = await read(self._caller, _JOB, "medians")
        if said_why(self._medians):
            return
        as_of(self._medians)
        rows = self._medians.rows
        with ui.element("div").classes("controls"):
            self._choices.add("view", "A loss is", views(rows))
            self._choices.add("by", "Customers", self._kinds(self._choices["view"]))
        self._figures = ui.element("div").classes("figures")
        await self._show()

    async def _show(self) -> None:
        view = self._choices["view"]
        self._choices.narrow("by", self._kinds(view))
        kind = self._choices["by"]
        own = {"view": view, "dimension": kind}
        of_kind = {"dimension": kind}
        days, milestones, tests, means, hazards, cox, population, returns, later = await asyncio.gather(
            read(self._caller, _JOB, "curves", **own),
            read(self._caller, _JOB, "milestones", **own),
            read(self._caller, _JOB, "logrank", **own),
            read(self._caller, _JOB, "restricted_mean", **own),
            read(self._caller, _JOB, "hazard", **own),
            read(self._caller, _JOB, "cox", view=view),
            read(self._caller, _JOB, "population", view=view),
            read(self._caller, _JOB, "returns", **of_kind),
            read(self._caller, _JOB, "return_milestones", **of_kind),
        )
        medians = [row for row in self._medians.rows if row["view"] == view and row["group_kind"] == kind]
        self._figures.clear()
        with self._figures:
            _curves(days, population)
            _medians(Found(medians, None, "there are no such groups in this view"), milestones, means)
            with columns():
                if view == HAZARD_OF:
                    _hazards(hazards)
                if kind != groups.ALL:
                    _tests(tests)
            _returns(returns, later)
            _cox(cox)

    def _kinds(self, view: str) -> dict[str, str]:
        return groups.dimensions([row for row in self._medians.rows if row["view"] == view], "group_kind")


def _curves(days: Found, population: Found) -> None:
    with card():
        if said_why(days):
            return
        of = by_group(days.rows)
        heads, rows = curve_table(of)
        pictured("Still there, with 95 % limits", curve(of), heads, rows, 380)
        if of:
            table("Users at risk", *at_risk(of))
        if missing := left_out(days.rows):
            note(missing)
        note(f"Users in this view: {population_words(population.rows)}.")


def _medians(medians: Found, milestones: Found, means: Found) -> None:
    with card("Medians"):
        if said_why(medians):
            return
        days = milestone_days(milestones.rows)
        heads = ("Group", "Users", "Lost", "Median days (95 %)", *(f"Kept {day} days" for day in days))
        table("Medians", heads, median_rows(medians.rows, milestones.rows, days))
        folded(
            "Mean days kept within so many days",
            ("Group", "Within days", "Mean days kept (95 %)"),
            restricted_rows(means.rows),
        )


def _tests(tests: Found) -> None:
    with card("Are groups lost at different speeds?"):
        if said_why(tests):
            return
        heads = ("Groups", "χ² (degrees)", "p", "p, by Holm")
        table("Log-rank tests", heads, logrank_rows(tests.rows))
        note("Log-rank tests: all groups at once, then pairs, corrected for their number by Holm.")


def _hazards(hazards: Found) -> None:
    with card():
        if said_why(hazards):
            return
        heads = ("Group", "Days", "At risk", "Losses", "Losses a 30 days at risk (95 %)")
        pictured("Hazard", hazard(hazards.rows), heads, hazard_rows(hazards.rows))
        note(
            "Losses in 30 days of one who stays at risk. Where it falls, those who are left are the loyal ones."
        )


def _returns(returns: Found, later: Found) -> None:
    with card("Of the lost, who came back"):
        if said_why(returns):
            return
        days = sorted({row["day"] for row in later.rows if row["share"] is not None})
        heads = ("Group", "Lost", "Back (95 %)", "Median days", *(f"Back in {day} days" for day in days))
        table("Came back", heads, return_rows(returns.rows, later.rows, days))


def _cox(cox: Found) -> None:
    with card("What goes with a loss"):
        if said_why(cox):
            return
        heads = (
            "What",
            "Level",
            "Against",
            "Users",
            "Losses",
            "Hazard ratio (95 %)",
            "p",
            "p, always the same",
        )
        table("Cox regression", heads, cox_rows(cox.rows), figures_from=3)
        note(
            "Cox regression: the hazard of a level as a multiple of the reference's, all others held fixed. Where "
            "the last p is small the ratio is an average over time, and the curves say more."
        )


async def build(visit: Visit) -> None:
    """The page."""
    await _Survival(visit).build()


PAGE: Final = PageOf(_PATH, "Survival", "trending_down", "read", build)
