"""Kill the relay again and again while carriers post and VTEX fails, then count what reached the timelines.

``make chaos`` starts the emulator and ``carrier-relay serve`` as processes of their own, posts thousands of signed
webhooks, ends the relay by SIGKILL at random moments and starts it again. What has to stand on each timeline is kept
in a ledger of this process, which knows only what it posted and what was answered 2xx: the relay is never asked.

The same seed makes the same parcels, webhooks, order of posting, faults and moments of killing. How the processes
interleave is the machine's doing, so a seed narrows a failure down but does not replay it instruction by instruction.
"""
