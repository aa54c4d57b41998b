"""The log that is served becomes another one, as by a repartition: what is found is of the new one, at once."""

from datetime import date, timedelta
from pathlib import Path

from batch_jobs.running.perform import Wanted, perform
from batch_jobs.running.workshop import workshop
from tests.batch_jobs.running.test_erased import Deployment
from tests.batch_jobs.star.archives import Archive
from tests.batch_jobs.star.happened import DAY, HOUR, MONDAY, SETTINGS, Happened


def lives(users: int) -> list[Happened]:
    return [Happened(f"u{n}", MONDAY + n, "page_view", f"{n}", 0, n, {}) for n in range(users)]


def test_results_are_of_the_log_that_is_served_now(tmp_path: Path) -> None:
    deployment, other = Deployment(tmp_path), Archive(tmp_path / "other", SETTINGS)
    for archive, users in ((deployment.archive, 3), (other, 5)):
        archive.add(lives(users), MONDAY + 2 * DAY + HOUR, [0])
    served = [deployment.config.archive]
    shop = workshop(deployment.config, archive=lambda: served[0])
    wanted = Wanted(("overview",), as_of=date(2024, 1, 1) + timedelta(days=1))
    for place, users, state in (
        (str(deployment.archive.log), 3, "done"),
        (str(other.log), 5, "done"),
        (str(other.log), 5, "unchanged"),
    ):
        served[0] = place
        report = perform(shop, wanted, lambda _job: lambda _what, _share: None)
        assert [outcome.state for outcome in report.outcomes] == [state]
        read = shop.results.read("overview")
        assert read is not None
        assert read[1]["figures"].to_pylist()[0]["value"] == users
