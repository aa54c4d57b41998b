"""What one would write first: the same facts in pandas, with all events in memory at once."""

from pathlib import Path
from typing import NamedTuple

import pandas as pd
from deltalake import DeltaTable

from batch_jobs.star.events import SILENT
from domain.events import EVENT_TYPES

_COLUMNS = [
    "offset", "kind", "time", "user", "event_id", "type", "session_id", "platform", "plan", "channel", "geography",
    "feature", "category", "order_id", "quantity", "amount", "discount", "pages", "duration_ms", "conversion", "day",
]  # fmt: skip


class PlainStar(NamedTuple):
    """The star as frames."""

    daily: pd.DataFrame
    usage: pd.Series
    people: pd.DataFrame
    """By user."""
    as_of: pd.Timestamp


def star_in_pandas(log: Path, as_of: pd.Timestamp, inactivity: pd.Timedelta) -> PlainStar:
    """Days, features used and users. Sessions are counted by their ids alone, which is less work."""
    rows = DeltaTable(log).to_pandas(columns=_COLUMNS)
    rows = rows[(rows["kind"] == "event") & (rows["time"] < as_of)]
    rows = rows.sort_values(["user", "time", "offset"]).drop_duplicates(["user", "event_id", "day"])
    opening = {name for name, (opens, _) in EVENT_TYPES.items() if opens}
    rows["act"] = rows["type"].isin(opening)
    rows["loud"] = ~rows["type"].isin(SILENT)
    rows["day"] = pd.to_datetime(rows["day"])
    acts = rows[rows["act"]]
    by = ["user", "day"]
    daily = rows.groupby(by).agg(events=("type", "size"), conversions=("conversion", "sum"))
    active = acts.groupby(by).agg(
        first_active=("time", "min"), last_active=("time", "max"), activities=("type", "size"),
        sessions=("session_id", "nunique"), pages=("pages", "sum"),
    )  # fmt: skip
    spans = acts.groupby([*by, "session_id"])["time"].agg(["min", "max"])
    spans["ms"] = (spans["max"] - spans["min"]).dt.total_seconds() * 1000
    daily = daily.join(active).join(spans.groupby(by)["ms"].sum().rename("session_ms"))
    for kind, name in (("purchase", "spent"), ("renewal", "renewed"), ("refund", "refunded")):
        daily = daily.join(rows[rows["type"] == kind].groupby(by)["amount"].sum().rename(name))
    for kind in ("signup", "trial_start", "cancellation"):
        daily = daily.join(rows[rows["type"] == kind].groupby(by)["time"].min().rename(kind))
    daily = daily.join(rows[rows["loud"]].groupby(by)[["channel", "plan", "geography", "platform"]].last())
    usage = acts[acts["feature"].notna()].groupby(["day", "user", "feature"]).size()
    daily = daily.reset_index()
    people = daily.groupby("user").agg(
        first_active=("first_active", "min"), last_active=("last_active", "max"), signup=("signup", "min"),
        activities=("activities", "sum"), sessions=("sessions", "sum"), spent=("spent", "sum"),
        first_day=("day", "min"), plan=("plan", "first"), channel=("channel", "first"),
        geography=("geography", "first"), platform=("platform", "first"),
    )  # fmt: skip
    signed_up = people["signup"].dt.tz_localize(None).dt.floor("D")
    people["origin_day"] = signed_up.fillna(people["first_day"])
    days = daily[daily["activities"].notna()].sort_values(["user", "day"])
    silence = days["first_active"] - days.groupby("user")["last_active"].shift()
    lost = days[silence >= inactivity].groupby("user")["day"].min()
    people = people.join(lost.rename("lost"))
    # not lost by a return that came late: silent at the as-of
    silent = people["lost"].isna() & (as_of - people["last_active"] > inactivity)
    since = people["last_active"].dt.tz_localize(None).dt.floor("D") + inactivity
    people["lost"] = people["lost"].where(~silent, since)
    return PlainStar(daily, usage, people, as_of)
