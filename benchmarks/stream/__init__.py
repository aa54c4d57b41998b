"""The stream benchmark: this project's worker and the peers on the same events, Kafka and Redis.

    .venv/bin/python -m benchmarks.stream --events 1000000 --runs 5

Contestants are interleaved: each run lets all of them go once, the next begins with another one, each with a
consumer group of its own and an emptied Redis. Written features are compared, user by user, with a plain fold
over the events before a figure counts.
"""
