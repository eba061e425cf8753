"""The tables of the index file, and the statements that write them."""

#: Changes with the tables; a file of another layout is made anew.
LAYOUT = 3

#: `id` is a run's place, so that every index ends with it and is in the order of lists. What is read for each row that
#: is looked at is apart from the documents, which only the rows of a page need.
CREATE = (
    """
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY,
        namespace TEXT NOT NULL,
        run_id TEXT NOT NULL,
        status TEXT NOT NULL,
        created_at REAL NOT NULL,
        sequence INTEGER NOT NULL,
        UNIQUE (namespace, run_id)
    )
    """,
    "CREATE INDEX runs_by_namespace ON runs (namespace)",
    "CREATE INDEX runs_by_status ON runs (namespace, status)",
    "CREATE TABLE documents (id INTEGER PRIMARY KEY, document TEXT NOT NULL)",
    "CREATE VIRTUAL TABLE found_by USING fts5(terms, words, tokenize = 'ascii', detail = 'column')",
    """
    CREATE TABLE position (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        stream TEXT NOT NULL,
        sequence INTEGER NOT NULL,
        at REAL NOT NULL
    )
    """,
)
DROP = tuple(f"DROP TABLE {name}" for name in ("runs", "documents", "found_by", "position"))

FIND = "SELECT id, sequence FROM runs WHERE namespace = ? AND run_id = ?"
TAKEN = "SELECT 1 FROM runs WHERE id = ?"
ADD = "INSERT INTO runs (id, namespace, run_id, status, created_at, sequence) VALUES (?, ?, ?, ?, ?, ?)"
ADD_DOCUMENT = "INSERT INTO documents (id, document) VALUES (?, ?)"
ADD_FOUND_BY = "INSERT INTO found_by (rowid, terms, words) VALUES (?, ?, ?)"
CHANGE = "UPDATE runs SET status = ?, sequence = ? WHERE id = ?"
CHANGE_DOCUMENT = "UPDATE documents SET document = ? WHERE id = ?"
CHANGE_FOUND_BY = "UPDATE found_by SET terms = ?, words = ? WHERE rowid = ?"
#: Each takes the place of the run.
REMOVE = (
    "DELETE FROM runs WHERE id = ?",
    "DELETE FROM documents WHERE id = ?",
    "DELETE FROM found_by WHERE rowid = ?",
)
MOVE = """
INSERT INTO position (only, stream, sequence, at) VALUES (1, ?, ?, ?)
ON CONFLICT (only) DO UPDATE SET stream = excluded.stream, sequence = excluded.sequence, at = excluded.at
"""
