"""The other contestants of the stream benchmark: the same features, written as users of each library would.

Each module is a program of its own: it reads one topic from the start, keeps the features of `features` for
every user, writes them to Redis and ends once `--events` events are in, with one line of JSON (`contest`).
They run in the environment `.venv-bench` (requirements/bench.txt).
"""
