"""Triggers: what starts runs of stored workflows, whatever is watched for them.

`TriggerTable` knows them all, `Firing` begins their runs, `TriggerStates` notes what became of them. Everything else
here watches for something: requests, times of the clock, messages.
"""
