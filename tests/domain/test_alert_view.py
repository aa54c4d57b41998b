"""What people and the facts are told of alerts."""

from domain.alert_life import AlertState
from domain.alert_view import profile_link, sentence, view
from domain.control import Contact
from domain.treatments import of_contact, of_step
from domain.triage import Rules, worth
from tests.domain.alert_samples import NOW, alert, step


def test_an_alert_in_one_sentence() -> None:
    assert sentence(alert()) == (
        "The risk of losing this user has risen from 30 % to 80 %: no session for 12 days."
    )
    assert sentence(alert(risk_before=None, reasons=[])) == "The risk of losing this user has risen to 80 %."


def test_a_view_has_three_reasons_money_and_a_link() -> None:
    one = alert(user="a/ü")
    found = view(one, worth(one, Rules(), 0.5, float("inf")), "https://x.example/")
    assert found["reasons"] == ["no session for 12 days", "b", "c"]
    assert (found["money_at_risk"], found["gain"]) == (32.0, -34.0)
    assert found["link"] == "https://x.example/v1/users/a%2F%C3%BC"
    assert profile_link("ann", "") == "/v1/users/ann"


def test_contacts_are_treatments() -> None:
    event = of_contact(Contact(id="7", user="ann", at=NOW, by="crm"))
    assert (event.event_id, event.user_id, event.type, event.time) == ("contact-7", "ann", "promotion", NOW)


def test_the_lot_is_told_to_the_facts_and_taken_back() -> None:
    held = AlertState(id="a" * 16, user="ann", state="suppressed", raised={}, reason="holdout")
    open_ = AlertState(id="a" * 16, user="ann", state="open", raised={})
    told = [
        of_step(step("suppressed", reason="holdout"), held), of_step(step("released"), open_),
        of_step(step("resolved", body={"tier": "low"}), held),
    ]  # fmt: skip
    assert [e.variant for e in told if e] == ["holdout", "alerted", "over"]
    assert len({e.event_id for e in told if e}) == 3
    assert of_step(step("suppressed", reason="contacted"), open_) is None
    assert of_step(step("resolved", body={"tier": "low"}), open_) is None
    assert of_step(step("released", user=""), open_) is None
