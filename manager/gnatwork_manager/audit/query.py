"""Which entries of the audit log are wanted. Pure."""

from pydantic import Field

from gnatwork_manager.listing import PageQuery, Time
from gnatwork_schemas import subjects
from gnatwork_schemas.audit import AuditEntry


class AuditQuery(PageQuery):
    """Nothing given shows all."""

    who: str | None = Field(default=None, max_length=300, description="`kind:name`, or the id of a person or key.")
    what: str | None = Field(
        default=None,
        pattern=r"^[a-z_]+(\.[a-z_]+)*$",
        max_length=100,
        description="`workflow.put`, or `workflow` for all that begins with it.",
    )
    namespace: str | None = Field(default=None, description="What was done in this one.")
    outcome: str | None = Field(default=None, pattern=r"^(done|refused)$", description="`done` or `refused`.")
    since: Time | None = Field(default=None, description="Then or later; RFC 3339, or Unix seconds.")
    until: Time | None = Field(default=None, description="Earlier; RFC 3339, or Unix seconds.")

    @property
    def subject(self) -> str:
        """The pattern that all entries match that are wanted, and some others."""
        head = self.what.partition(".")[0] if self.what else ""
        return subjects.audit_entry("*", f"{head}.>" if head else ">")

    def matches(self, entry: AuditEntry) -> bool:
        """Whether an entry is wanted; of its time that is known already, as far as clocks agree."""
        return (
            (self.who is None or self.who in {entry.who, entry.who_id})
            and (self.what is None or entry.what == self.what or entry.what.startswith(f"{self.what}."))
            and (self.namespace is None or entry.namespace == self.namespace)
            and (self.outcome is None or entry.outcome == self.outcome)
            and (self.since is None or entry.at >= self.since)
            and (self.until is None or entry.at < self.until)
        )
