"""What the facts have to know of alerts and contacts: events like all others, so that a rebuild keeps them.

A contact is a treatment: `promotion`. Whose turn it was, and what the lot has said, is an `experiment_assignment` of
the experiment `EXPERIMENT`: variant ``alerted``, or ``holdout`` until the alert is resolved, then ``over``. Both
enter no feature (`docs/events.md`). Their ids are the same each time, so that a repeat is a duplicate.
"""

from typing import Final

from domain.alert_life import AlertState
from domain.control import Contact, Step
from domain.events import Event

EXPERIMENT: Final = "ebbwatch-alerts"


def of_contact(contact: Contact) -> Event:
    """The contact as a treatment."""
    return Event(event_id=f"contact-{contact.id}", user_id=contact.user, type="promotion", time=contact.at)


def of_step(step: Step, after: AlertState) -> Event | None:
    """What a step, which made `after`, says of the lot; None for nothing."""
    if not step.user:
        return None
    variant = ""
    if step.what == "released":
        variant = "alerted"
    elif step.what == "suppressed" and step.reason == "holdout":
        variant = "holdout"
    elif step.what == "resolved" and after.reason == "holdout" and step.body:
        variant = "over"
    if not variant:
        return None
    return Event(
        event_id=f"alert-{step.alert}-{variant}",
        user_id=step.user,
        type="experiment_assignment",
        time=step.at,
        experiment=EXPERIMENT,
        variant=variant,
    )
