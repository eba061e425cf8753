"""The blocks of Mailer: one file each, named by its type."""
