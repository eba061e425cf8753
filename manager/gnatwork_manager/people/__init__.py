"""Who calls, what they may do, and the people, invitations and keys behind it."""
