"""What people choose at the top of a board."""

from collections.abc import Sequence
from typing import Final

from grafana_foundation_sdk.builders.dashboard import (
    CustomVariable,
    DatasourceVariable,
    QueryVariable,
    TextBoxVariable,
)
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import (
    VariableHide,
    VariableModel,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from dashboards import metrics
from dashboards.panels.queries import SOURCE
from dashboards.promql import CHOICES

Variable = Builder[VariableModel]

API_DEFAULT: Final = "http://localhost:8000"


def source() -> Variable:
    """The Prometheus that is asked: `ds`."""
    return DatasourceVariable("ds").label("Prometheus").type("prometheus").allow_custom_value(False)


def api() -> Variable:
    """Where links to the API lead: `api`, hidden, given by ``?var-api=`` or at the push."""
    return (
        TextBoxVariable("api")
        .label("API")
        .hide(VariableHide.HIDE_VARIABLE)
        .default_value(API_DEFAULT)
        .current(VariableOption(text=API_DEFAULT, value=API_DEFAULT))
    )


def values_of(name: str, query: str, label: str, help_: str) -> Variable:
    """Values of a label, all of them at first.

    Args:
        query: as Grafana's Prometheus source takes it, such as ``label_values(metric{...}, label)``.
    """
    return (
        QueryVariable(name)
        .label(label)
        .description(help_)
        .datasource(SOURCE)
        .query({"qryType": 1, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"})
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .allow_custom_value(False)
        .current(VariableOption(text="All", value="$__all", selected=True))
    )


def dimension(name: str) -> Variable:
    """Values of a dimension: `platform`, `channel` or `plan`."""
    return values_of(
        name,
        f'label_values({metrics.CHURN_RATIO}{{dimension="{name}"}}, value)',
        name.capitalize(),
        f"Narrows what is told by {name}; figures are told by one dimension at a time.",
    )


def dimensions() -> list[Variable]:
    """Of all that have a variable."""
    return [dimension(name) for name in CHOICES]


def segment() -> Variable:
    """Segments of users."""
    return values_of(
        "segment",
        f"label_values({metrics.SEGMENT_USERS}, segment)",
        "Segment",
        "Narrows what is told by segment.",
    )


def by(options: Sequence[str] = ("platform", "channel", "plan", "geography", "all")) -> Variable:
    """By what figures are told apart."""
    return (
        CustomVariable("by")
        .label("Tell apart by")
        .description("One dimension at a time; the variables beside narrow it.")
        .values(",".join(options))
        .options([VariableOption(text=o, value=o, selected=o == options[0]) for o in options])
        .current(VariableOption(text=options[0], value=options[0], selected=True))
        .multi(False)
        .include_all(False)
        .allow_custom_value(False)
    )
