"""The profile as a report: HTML and PDF by what makes the weekly report."""

from datetime import date
from typing import Final

from advisor.intake.described import Described
from advisor.intake.mapping import Mapping
from advisor.profile.pictures import curve, over_time
from advisor.profile.profile import Profile
from advisor.threshold.threshold import SLIDER, Threshold
from batch_jobs.reports.report import Report
from batch_jobs.reports.section import Grid, Picture, Section, png

_REASONS: Final = {
    "no_user": "without a customer",
    "bad_time": "without a date that can be read",
    "bad_quantity": "without a whole quantity",
    "bad_amount": "without an amount, or with a negative price",
    "too_long": "with a customer's id that is too long",
}
_STEP: Final = 30


def report(
    name: str, found: Described, mapping: Mapping, profile: Profile, threshold: Threshold, today: date
) -> Report:
    """
    Args:
        name: of the file, as it is shown.
        today: when the profile was made.
    """
    sections = [
        _file(found, mapping),
        _quality(profile),
        _columns(profile),
        _values(profile),
        Section(
            "Over time",
            [f"From {profile.first} to {profile.last} (UTC), {profile.days:,.0f} days."],
            picture=Picture("over-time", png(over_time(profile)), "Revenue, customers, weekdays and hours"),
        ),
        _products(profile),
        _threshold(threshold),
    ]
    count = f"{profile.events:,} of {profile.rows:,} rows can be used, of {profile.customers:,} customers."
    return Report(today, sections, f"What is in {name}", count)


def reason(name: str) -> str:
    """Why a row was left out, in words."""
    return _REASONS.get(name, name.replace("_", " "))


def _file(found: Described, mapping: Mapping) -> Section:
    told = {"csv": "Text", "excel": "A workbook", "parquet": "Parquet"}[found.format]
    how = [f"in {found.encoding}" if found.encoding else "", f"sheet {found.sheet!r}" if found.sheet else ""]
    words = [" ".join(filter(None, [told, *how])) + f", {len(found.columns)} columns.", *found.notes]
    if mapping.amount_is == "unit_price":
        words.append("The amount is the price of one piece: it is multiplied by the quantity.")
    return Section(
        "The file", words, Grid(("Means", "Column"), [(role, name) for role, name in mapping.columns.items()])
    )


def _quality(profile: Profile) -> Section:
    off = [(why, f"−{points:g}") for why, points in profile.quality.taken_off.items()]
    left = [(f"Rows {reason(name)}: left out", f"{count:,}") for name, count in profile.rejected.items()]
    doubles = [
        (
            "Rows that are equal to an earlier one: kept, two equal lines of an order may be meant",
            f"{profile.doubles:,}",
        )
    ]
    refunds = [
        ("Refunds, told by a minus or by the order's number: taken off the revenue", f"{profile.refunds:,}")
    ]
    future = (
        [("Events of the future: kept, look at the clock of the source", f"{profile.future:,}")]
        if profile.future
        else []
    )
    return Section(
        f"Quality: {profile.quality.score:g} of 10",
        ["What was taken off, and what was done about each oddity."],
        Grid(("", ""), [*off, *left, *doubles, *refunds, *future]),
    )


def _columns(profile: Profile) -> Section:
    flagged = [column.column for column in profile.columns if column.flagged]
    words = [f"More than a fifth is missing in: {', '.join(flagged)}."] if flagged else []
    rows = [
        (column.column, column.kind, f"{column.share:.1%}", f"{column.distinct:,}")
        for column in profile.columns
    ]
    return Section("Columns", words, Grid(("Column", "Holds", "Missing", "Different, about"), rows))


def _values(profile: Profile) -> Section:
    rows = [
        (
            one.what,
            f"{one.mean:,.2f}",
            f"{one.beyond_sigmas:,}",
            f"{one.lower_fence:,.2f} to {one.upper_fence:,.2f}",
            f"{one.beyond_fences:,}",
        )
        for one in profile.outliers
    ]
    words = ["Values far from the others are kept: the largest customers are among them."]
    return Section(
        "Outliers", words, Grid(("Figure", "Mean", "Beyond 3 sigma", "Fences", "Beyond the fences"), rows)
    )


def _products(profile: Profile) -> Section:
    rows = [(one.product, f"{one.lines:,}", f"{one.revenue:,.2f}") for one in profile.best]
    words = (
        [f"{profile.products:,} different ones; those that bring the most:"]
        if profile.products
        else ["The file names none."]
    )
    return Section("Products", words, Grid(("Product", "Lines", "Revenue"), rows) if rows else None)


def _threshold(threshold: Threshold) -> Section:
    at = [threshold.choices[days - SLIDER[0]] for days in range(SLIDER[0], SLIDER[1] + 1, _STEP)]
    words = [
        f"Proposed: {threshold.days} days of silence. Of {threshold.gaps:,} gaps between two days of purchase, "
        f"{threshold.within[threshold.days - 1]:.0%} are no longer."
    ]
    if threshold.elbow != threshold.days:
        words.append(f"The curve bends at {threshold.elbow} days, which is outside of what is useful.")
    rows = [(f"{c.days} days", f"{c.lost:,}", f"{c.kept:,}", f"{c.churn_rate:.1%}") for c in at]
    return Section(
        "When somebody counts as lost",
        words,
        Grid(("Silent for", "Lost", "Kept", "Churn rate"), rows),
        Picture(
            "threshold", png(curve(threshold)), "Gaps between purchases, and the churn rate by threshold"
        ),
    )
