"""What a running process tells Prometheus."""

from typing import Final

import httpx
from prometheus_client.parser import text_string_to_metric_families

from ebbwatch.metrics_reference import described
from tests.integration.place import eventually

_OF_THE_LIBRARY: Final = ("process_", "python_")


def told(port: int, process: str) -> str:
    """The text of a port, which tells all metrics of its process that are listed, and no others."""

    def text() -> str:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/metrics").raise_for_status().text
        except httpx.HTTPError:
            return ""

    found: str = eventually(f"the {process} tells", text)
    listed = {of.process: {(m.name, m.kind) for m in metrics} for of, metrics in described().items()}[process]
    families = {
        (f"{family.name}_total" if family.type == "counter" else family.name, family.type)
        for family in text_string_to_metric_families(found)
        if not family.name.startswith(_OF_THE_LIBRARY)
    }
    assert families <= listed
    return found
