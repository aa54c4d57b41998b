"""The picture for reports, and the answer of the command."""

from io import BytesIO

import pyarrow as pa
import pytest

from batch_jobs.survival.answer import answer
from batch_jobs.survival.job import Survival
from batch_jobs.survival.options import Options
from batch_jobs.survival.picture import picture
from tests.batch_jobs.survival.stars import Person, at, star_of

START = at("2024-01-01 10:00")


@pytest.fixture(scope="module")
def tables() -> dict[str, pa.Table]:
    people = [Person(START, (START,), plan=plan) for plan in ("free", "free", "pro")]
    visits = (at("2024-01-11"), at("2024-01-21"), at("2024-02-11"), at("2024-02-21"))
    people += [Person(START, visits, plan="pro")]
    return dict(Survival(Options(landmarks=()))(star_of(people, at("2024-03-10")), lambda _, __: None))


def test_an_answer_has_the_groups_beside_the_overall_curve(tables: dict[str, pa.Table]) -> None:
    curves = answer(tables, "plan")["curves"]
    assert list(curves) == ["all", "free", "pro"]
    assert [row["day"] for row in curves["all"]] == list(range(69))
    assert curves["all"][30]["survival"] == pytest.approx(0.25)
    assert curves["free"][40] == {
        "day": 40, "survival": 0.0, "lower": 0.0, "upper": pytest.approx(1 - 0.025**0.5), "at_risk": 0
    }  # fmt: skip
    assert curves["pro"][68]["survival"] == pytest.approx(0.5)
    assert list(answer(tables)["curves"]) == ["all"]


def test_the_same_tables_give_the_same_picture(tables: dict[str, pa.Table]) -> None:
    drawn = []
    for _ in range(2):
        file = BytesIO()
        picture(tables["curves"], "plan", title="By plan").savefig(file, format="png", dpi=60)
        drawn.append(file.getvalue())
    assert drawn[0] == drawn[1]
    assert drawn[0].startswith(b"\x89PNG")


def test_a_picture_has_a_curve_and_a_line_of_numbers_for_each_group(tables: dict[str, pa.Table]) -> None:
    upper, lower = picture(tables["curves"], "plan").axes
    assert [line.get_label() for line in upper.get_lines()] == ["free", "pro"]
    assert [label.get_text() for label in lower.get_yticklabels()] == ["at risk", "free", "pro"]
    texts = {(text.get_position(), text.get_text()) for text in lower.texts}
    assert ((0, 1), "2") in texts
    assert ((60, 1), "0") in texts
    assert ((60, 2), "1") in texts


def test_no_such_curves(tables: dict[str, pa.Table]) -> None:
    with pytest.raises(ValueError, match="no survival curves of view 'passage' by 'weather'"):
        picture(tables["curves"], "weather")
