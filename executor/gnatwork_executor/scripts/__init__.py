"""What a slice of a program needs around it: its source, the outcomes so far, and the steps that it asks for."""
