"""What a training leaves for people, beside its lists."""

from pathlib import Path

from advisor.exports.card import Made, card
from advisor.exports.charts import of_summary, write
from advisor.exports.names import CARD
from advisor.exports.summary import report
from advisor.training.names import PAGE, PDF
from batch_jobs.reports.document import pdf
from batch_jobs.reports.report import html
from domain.calendar import DAY_MS


def write_for_people(folder: Path, made: Made) -> None:
    """The summary as page and PDF, the model card, and every chart as an image, into a folder.

    Raises:
        OSError: the disk is full.
    """
    facts = made.manifest.training.facts
    days = (facts.inactivity_ms // DAY_MS, facts.horizon_ms // DAY_MS)
    told = report(made.file, made.summary, *days, made.today)
    (folder / PAGE).write_text(html(told), "utf-8")
    (folder / PDF).write_bytes(pdf(told))
    (folder / CARD).write_text(card(made), "utf-8")
    write(folder, of_summary(made.summary))
