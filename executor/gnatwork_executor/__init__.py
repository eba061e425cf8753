"""The process that hosts block types: pull a work item, run its block, publish the outcome, acknowledge."""
