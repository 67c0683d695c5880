"""The soak: one relay for an hour, under everything that happens to one in a year, and watched for what grows.

It is the storm of ``tests.chaos`` in rounds, each a day later by the relay's clock, so that retention deletes what
earlier rounds left. Between the kills and restarts of its beginning and end one process lives through replays, outages,
a full disk and a clock that jumps by hours. Its memory is what the trend is taken from: a restart begins memory anew.
"""
