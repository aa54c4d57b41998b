"""Who is in which tier, moves between them, and whether curves differ."""

from collections import Counter
from collections.abc import Iterator

import pyarrow.compute as pc
from prometheus_client.core import GaugeMetricFamily

from batch_jobs.exporter.gauges import ALL, VIEW, Tables, family, largest


def tiers(tables: Tables) -> Iterator[GaugeMetricFamily]:
    """Of the job `value`: users at risk by tier and group, and by the tiers of two weeks."""
    told = tables["tiers"].to_pylist()
    whole: Counter[tuple[str, str]] = Counter()
    for row in told:
        whole[row["grouping"], row["group"]] += row["users"]
    told = largest([{**row, "whole": whole[row["grouping"], row["group"]]} for row in told], "whole")
    yield family(
        "ebbwatch_value_tier_users",
        "Users at risk whose probability is known.",
        ("grouping", "group", "tier"),
        (((row["grouping"], row["group"], row["tier"]), row["users"]) for row in told),
    )
    rows = tables["tier_moves"].to_pylist()
    yield family(
        "ebbwatch_value_tier_moved_users",
        "Users at risk by their tiers of a week ago and of now.",
        ("from", "to"),
        (((row["tier_before"], row["tier"]), row["users"]) for row in rows),
    )
    yield family(
        "ebbwatch_value_tier_moved_money",
        "What of their expected revenue is at risk, in money.",
        ("from", "to"),
        (((row["tier_before"], row["tier"]), row["at_risk"] / 100) for row in rows),
    )


def logrank(tables: Tables) -> Iterator[GaugeMetricFamily]:
    """Of the job `survival`: the test of all groups of a kind at once."""
    table = tables["logrank"]
    table = table.filter(pc.and_(pc.equal(table["view"], VIEW), pc.equal(table["group_a"], ALL)))
    rows = table.filter(pc.equal(table["group_b"], ALL)).to_pylist()
    for name, meaning, column in (
        ("ebbwatch_survival_logrank_p_value", "How likely curves differ so much by chance alone.", "p"),
        ("ebbwatch_survival_logrank_chi_squared", "The statistic of the log-rank test.", "statistic"),
    ):
        yield family(name, meaning, ("group_kind",), (((row["group_kind"],), row[column]) for row in rows))
