"""The report as one mail: text for who wants text, the page with its pictures, and the PDF to keep."""

from email.message import EmailMessage
from typing import Final

from batch_jobs.reports.document import pdf
from batch_jobs.reports.report import Report, html, summary
from batch_jobs.reports.section import Picture

_DOMAIN: Final = "report.ebbwatch"


def mail(report: Report, sender: str, receivers: tuple[str, ...]) -> EmailMessage:
    """With an id that is the same each time: where a crash sends one twice, mail programs show one."""
    message = EmailMessage()
    message["Subject"] = report.title
    message["From"] = sender
    message["To"] = ", ".join(receivers)
    message["Message-ID"] = f"<report.{report.as_of}.{sender.rpartition('@')[2] or 'local'}@{_DOMAIN}>"
    message.set_content(summary(report) + "\n")
    message.add_alternative(html(report, _inline), subtype="html")
    page = message.get_payload(1)
    assert isinstance(page, EmailMessage)
    for section in report.sections:
        if section.picture is not None:
            page.add_related(section.picture.png, "image", "png", cid=f"<{_id(section.picture)}>")
    message.add_attachment(
        pdf(report), maintype="application", subtype="pdf", filename=f"ebbwatch-{report.as_of}.pdf"
    )
    return message


def _id(picture: Picture) -> str:
    return f"{picture.name}@{_DOMAIN}"


def _inline(picture: Picture) -> str:
    # mail programs show no picture that is written into its address
    return f"cid:{_id(picture)}"
