"""How `email` works: messages of the standard library, sent with aiosmtplib.

Nothing here is imported before a block first sends a message.
"""
