"""Faults that people can mend: their text says how, and a traceback would say nothing more."""

from typing import Final

MENDABLE: Final = frozenset(
    {
        ("archive.address", "AddressError"),
        ("archive.errors", "ArchiveError"),
        ("batch_jobs.results.errors", "ResultsError"),
        ("batch_jobs.running.order", "UnknownJobError"),
        ("batch_jobs.running.perform", "AsOfError"),
        ("batch_jobs.running.source", "SourceError"),
        ("control.log", "LogError"),
        ("control.orders", "OrderError"),
        ("control.writing", "ControlAwayError"),
        ("dashboards.grafana_server", "GrafanaError"),
        ("domain.actions", "ActionsError"),
        ("ebbwatch.commands.keys", "NoKeyError"),
        ("ebbwatch.connection", "NoStackError"),
        ("ebbwatch.dead_letters", "LetterError"),
        ("ebbwatch.deployment", "NoGenerationError"),
        ("ebbwatch.refill", "RefillError"),
        ("feature_store.position", "RefusedError"),
        ("local_stack.errors", "StackError"),
        ("online_model.ledger.ledger", "LedgerError"),
        ("online_model.registry.errors", "RegistryError"),
        ("producers.publish", "PublishError"),
        ("producers.topics", "TopicError"),
        ("profiles.explained", "GoneError"),
    }
)
"""Module and name of each class: by name, since to import them all is to load all rooms for any command."""


def mendable(fault: BaseException) -> bool:
    """Whether it is one of them, or of a class derived from one."""
    return any((kind.__module__, kind.__name__) in MENDABLE for kind in type(fault).__mro__)
