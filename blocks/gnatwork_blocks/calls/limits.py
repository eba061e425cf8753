"""How much a call may take, beside the limits of all scripts in `javascript.limits`."""

#: Seconds that it may compute.
TIMEOUT = 5.0
LONGEST_TIMEOUT = 300.0
#: MiB that it may allocate.
MEMORY = 64
MOST_MEMORY = 256
#: Lines that its console tells, and characters of each.
LINES = 100
LINE = 2000
#: Calls at once that may make requests: each keeps a process while it waits.
TALKING = 16
#: HTTP requests of a call, those under way at once, seconds for each, and bytes of an answer.
REQUESTS = 50
REQUESTS_AT_ONCE = 8
REQUEST_SECONDS = 30.0
ANSWER = 2_000_000
