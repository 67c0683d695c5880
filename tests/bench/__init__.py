"""What is promised of times, measured on real processes.

Numbers are of the machine that they were taken on, so no test asserts them; the tests here run every benchmark in
small and look at what it reports.
"""
