"""Mails to the team: text only, made of what the feed says."""

from collections.abc import Sequence
from email.message import EmailMessage
from typing import Any, Final, NamedTuple

from domain.control import FeedEntry

_MOST: Final = 20


class Envelope(NamedTuple):
    """From and to whom."""

    sender: str
    receivers: tuple[str, ...]
    place: str
    """Of the deployment, for the ids of messages."""


def urgent(entry: FeedEntry, envelope: Envelope) -> EmailMessage:
    """A customer of the top tenth by value has turned high."""
    body = entry.body
    lines = [
        str(body.get("why", "")),
        "",
        *(f"- {reason}" for reason in body.get("reasons", ())),
        "",
        f"Money at risk: {body.get('money_at_risk', 0):,.2f}",
        f"Recommended: {body.get('action', '')}",
        f"Profile: {body.get('link', '')}",
    ]
    return _message("Ebbwatch: a valuable customer is at high risk", lines, f"alert.{entry.alert}", envelope)


def digest(date: str, entries: Sequence[FeedEntry], envelope: Envelope) -> EmailMessage:
    """What was handed out on the day before.

    Args:
        date: of the digest, ISO.
        entries: of the feed, in order.
    """
    alerts = sorted(
        (entry.body for entry in entries if entry.event == "alert.raised"),
        key=lambda body: -float(body.get("money_at_risk", 0)),
    )
    resolved = sum(entry.event == "alert.resolved" for entry in entries)
    rates = [entry.body for entry in entries if entry.event == "churn_rate.raised"]
    lines = [f"{len(alerts)} alerts were handed out, {resolved} were resolved.", ""]
    lines += [str(body.get("why", "")) for body in rates]
    for body in alerts[:_MOST]:
        lines += [
            f"{body.get('user')}: {body.get('why')}",
            f"  {body.get('money_at_risk', 0):,.2f} at risk. {body.get('action')}",
            f"  {body.get('link')}",
        ]
    if len(alerts) > _MOST:
        lines.append(f"... and {len(alerts) - _MOST} more.")
    return _message(f"Ebbwatch: alerts of the day before {date}", lines, f"digest.{date}", envelope)


def _message(subject: str, lines: Sequence[Any], name: str, envelope: Envelope) -> EmailMessage:
    """With an id that is the same each time: where a crash sends one twice, mail programs show one."""
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = envelope.sender
    message["To"] = ", ".join(envelope.receivers)
    message["Message-ID"] = f"<{name}@{envelope.place}.ebbwatch>"
    message.set_content("\n".join(_printable(line) for line in lines) + "\n")
    return message


def _printable(line: Any) -> str:
    """A user id may hold anything."""
    return "".join(c if c.isprintable() else "?" for c in str(line))
