"""What blocks have logged: pages of lines, and lines as they come."""
