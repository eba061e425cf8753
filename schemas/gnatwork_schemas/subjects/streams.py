"""Names of streams."""

#: Every event of every run, the truth of the engine. Limits retention, no age limit.
HISTORY = "HISTORY"
#: Work items that wait for an executor. Work queue: an acknowledged item is gone.
WORK = "WORK"
#: Values too large for a message, in chunks.
PAYLOADS = "PAYLOADS"
#: Histories of ended runs, compressed, until their retention is over.
ARCHIVE = "ARCHIVE"
#: Messages that no one could read, kept for people.
DEAD_LETTERS = "DEAD_LETTERS"
#: Cron and polling: schedules that the server keeps, and what they become when they are due.
TRIGGERS = "TRIGGERS"
#: Lines that blocks have logged.
LOGS = "LOGS"
#: Who changed what.
AUDIT = "AUDIT"
