"""How `sql` works: SQLAlchemy, and what keeps workflows from what they are not meant to reach.

Nothing here is imported before a block first asks for a database.
"""
