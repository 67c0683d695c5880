"""The state machine that proves promise by promise what the queue and the forwarder do together.

`vtex` is a VTEX in this process, `forwarders` runs real forwarders on a clock that only the machine moves, `world`
knows what was said and what must be shown, `machine` drives all of it in any order, `stories` adds orders that chance
would seldom hit on, and `run` says how deep to look.
"""
