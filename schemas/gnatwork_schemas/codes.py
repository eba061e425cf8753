"""Every error code of the engine and its blocks, with what it means and what to do.

Plug-ins add codes of their own. The pages in `docs/reference/errors/` are written from this table.
"""

from typing import NamedTuple


class ErrorCode(NamedTuple):
    """An error code and its page."""

    code: str
    #: What it means, one sentence.
    meaning: str
    #: What to do about it.
    advice: str
    #: Who finds it: a service, the compiler, or block types.
    raised_by: tuple[str, ...] = ()
    #: For errors of attempts: whether another one may succeed, `yes`, `no`, or when. None for all others.
    retryable: str | None = None


#: The block types that run what someone has written.
_CODE = ("code", "python-full")
_JAVASCRIPT = ("code", "condition", "filter", "python-full", "switch", "transform")

_TABLE = (
    # definitions
    ErrorCode("definition.invalid", "The definition does not have the shape of a workflow.", "Mend what the pointer names; `docs/reference/definition.md` has every field.", ("compiler",)),
    ErrorCode("definition.not_supported", "The definition uses a part of the language that this version does not run.", "Remove it, or run a version that supports it; it is refused rather than ignored.", ("compiler",)),
    ErrorCode("definition.duplicate_id", "Two blocks have the same id.", "Give each block an id of its own.", ("compiler",)),
    ErrorCode("definition.reserved_id", "A block is named like a root of templates.", "Rename the block; `input`, `blocks`, `run`, `trigger`, `item`, `index`, `previous`, `error` and `connections` are taken.", ("compiler",)),
    ErrorCode("definition.unknown_need", "A block needs a block, or a port, that does not exist.", "Correct the spelling in `needs`, or add the block.", ("compiler",)),
    ErrorCode("definition.cycle", "Blocks wait for each other in a circle, so none could ever start.", "Remove one of the `needs` or template references that the message lists.", ("compiler",)),
    ErrorCode("definition.no_effect", "A field stands where it could have no effect.", "Move it to where the message says, or remove it; it is refused rather than ignored.", ("compiler",)),
    ErrorCode("definition.too_large", "The definition is too long, nests too deep, or compiles to more than one message can hold.", "Split the workflow, or move large constants into the input.", ("compiler",)),
    ErrorCode("template.invalid", "A text between `{{` and `}}` is not a path.", "Write `{{ block.field[0] ?? \"default\" }}`, and compute in a `transform`; to get the braces themselves, write `{{ \"{{\" }}`.", ("compiler",)),
    ErrorCode("template.unknown_root", "A template starts with a name that is neither a block nor a root.", "Correct the spelling; roots are `input`, `blocks`, `run`, `trigger`, the ids of blocks, and in their places `item`, `index`, `previous` and `error`.", ("compiler",)),
    ErrorCode("template.not_upstream", "A template mentions a block that depends on this one, or this one itself.", "Take the value from a block that runs earlier.", ("compiler",)),
    ErrorCode("expression.syntax", "A text is not one JavaScript expression.", "Mend it at the place that the message names; write `input.n > 3`, without braces and without `return`.", ("compiler",)),
    ErrorCode("expression.too_long", "An expression has more than 16,384 characters.", "Take the values it needs out of the input, or move the work into a block.", ("compiler",)),
    ErrorCode("script.syntax", "The source of a script is not a program in its language.", "Mend it at the place that the message names; a program is made of functions, without `import` and `export`.", ("compiler",)),
    ErrorCode("expression.unknown_name", "An expression uses a name that is neither a block, a root nor a part of JavaScript.", "Correct the spelling; a block whose id is no name in JavaScript is `blocks[\"my-id\"]`, with the id written out.", ("compiler",)),
    ErrorCode("template.missing", "A path of a template leads nowhere in this run.", "Check the output it points into (`gnatwork run show`), or give a default: `{{ a.b ?? null }}`.", ("scheduler", "executor", "manager"), retryable="no"),
    ErrorCode("block.unknown_type", "No executor has ever announced this block type.", "Correct the spelling (`gnatwork blocks list` shows what there is), or start an executor that hosts it.", ("compiler", "manager")),
    ErrorCode("block.config_invalid", "A block's config does not meet the schema of its type.", "Mend what the message names; `gnatwork blocks show TYPE` has the schema.", ("compiler", "executor"), retryable="no"),
    ErrorCode("block.output_invalid", "A block returned something that is not its declared output, or not JSON.", "This is a mistake in the block: mend its `run`.", ("executor",), retryable="no"),
    # runs
    ErrorCode("request.invalid", "The request is not of the form the endpoint takes.", "Mend what the pointer names; `/openapi.json` describes every endpoint.", ("manager",)),
    ErrorCode("request.invalid_json", "The body is not JSON.", "Send UTF-8 JSON; the message has the place of the mistake.", ("manager",)),
    ErrorCode("request.too_large", "The body is larger than the manager takes.", "Send less, or start the manager with a higher `--max-body`; a webhook has a `max_body` of its own.", ("manager",)),
    ErrorCode("request.malformed", "What came is not a request of HTTP/1.1.", "Send one request after the other, with `Content-Length` or in chunks, and nothing in between.", ("manager",)),
    ErrorCode("request.timeout", "The request came too slowly.", "Send it without pauses, over a connection that is fast enough.", ("manager",)),
    ErrorCode("request.url_too_long", "The URL is longer than the manager takes.", "Send less in the query.", ("manager",)),
    ErrorCode("request.head_too_large", "The headers are more than the manager takes.", "Send fewer or shorter headers.", ("manager",)),
    ErrorCode("request.too_many_connections", "The manager has as many connections as it takes.", "Try again later, share connections between requests, or start it with a higher `--max-connections`.", ("manager",)),
    ErrorCode("request.too_many_streams", "You follow as many event streams of this manager as it serves to one caller.", "End some: one stream of a workflow or a namespace tells of all its runs. Those of a person and of their keys count together.", ("manager",)),
    ErrorCode("request.not_found", "There is no such page.", "See `/openapi.json` for all there are.", ("manager",)),
    ErrorCode("request.method_not_allowed", "The page does not take this method.", "The `Allow` header has those that it takes.", ("manager",)),
    ErrorCode("input.invalid", "The input does not meet the workflow's `input` schema.", "Mend what the pointer names.", ("manager", "executor"), retryable="no"),
    ErrorCode("run.not_found", "There is no run with this id in this namespace.", "Check the id and the namespace; `gnatwork run list` shows recent runs.", ("manager", "executor"), retryable="while it may still be found"),
    ErrorCode("task.not_found", "The run has no task of this name.", "`GET /runs/{id}/tasks` lists them.", ("manager",)),
    ErrorCode("run.ended", "The run has ended and can no longer be changed.", "Start a new run.", ("manager",)),
    ErrorCode("run.not_ended", "The run has not ended yet.", "Wait for its end, or cancel it first.", ("manager",)),
    ErrorCode("run.completed", "The run has completed, so there is nothing to go on with.", "Start it anew with `gnatwork run rerun`.", ("manager",)),
    ErrorCode("workflow.not_found", "There is no stored workflow of this name, or not this version of it.", "Check the name and the namespace; `gnatwork workflow list` shows what there is.", ("manager", "executor"), retryable="no"),
    ErrorCode("workflow.exists", "There is a stored workflow of this name already.", "Choose another name, or change it: `PUT /workflows/{name}` makes a new version.", ("manager",)),
    ErrorCode("workflow.changed", "The workflow is not in the state that the request expects.", "Read it again, see what has changed, and send the request with its `ETag` as it is now.", ("manager",)),
    ErrorCode("workflow.in_use", "Runs of the workflow are under way.", "Wait for their end or cancel them; `--force` (`?force=true`) deletes it all the same, and they go on.", ("manager",)),
    ErrorCode("workflow.too_deep", "Runs start runs, one within another, deeper than the engine goes.", "See whether a workflow starts itself without an end; up to 16 levels are fine.", ("executor",), retryable="no"),
    ErrorCode("signal.invalid", "The data of a signal does not meet the schema of the block that waits for it.", "Mend what the pointer names; the block's `schema` is in its config.", ("manager",)),
    ErrorCode("run.cancelled", "The run was cancelled.", "Nothing to do; the reason stands in the message.", ("scheduler",)),
    ErrorCode("run.timeout", "The run took longer than its `timeout`.", "Raise `timeout`, or find the slow block in `gnatwork run show`.", ("scheduler",)),
    ErrorCode("limit.reached", "So many runs of the workflow are under way as its `concurrency` allows, and no more are to wait.", "Start it again later, raise `max`, or let runs wait with `on_limit: queue`.", ("scheduler",)),
    ErrorCode("idempotency.conflict", "This idempotency key was used before with another body.", "Use a new key for a new request.", ("manager",)),
    ErrorCode("auth.missing", "The request carries no token.", "Send `Authorization: Bearer <token>`: an access token, an API key, or the installation's own token, which `gnatwork up` keeps in connection.json.", ("manager",)),
    ErrorCode("auth.invalid", "The token is nobody's, or no longer.", "Log in again, have a new key made, or read the installation's token again from connection.json.", ("manager",)),
    ErrorCode("auth.expired", "The access token has expired.", "Get a new one with the refresh token (`POST /auth/refresh`), or log in again: `gnatwork auth login`.", ("manager",)),
    ErrorCode("auth.forbidden", "Your role does not allow this.", "Ask an admin for the role that the message names; `gnatwork auth whoami` shows those you have.", ("manager",)),
    ErrorCode("namespace.not_found", "There is no such namespace, or you have no role in it.", "Check the spelling; `gnatwork auth whoami` shows in which namespaces you have a role.", ("manager",)),
    ErrorCode("auth.refused", "The e-mail address or the password is wrong.", "Try again; an admin can set a new password: `gnatwork people reset`.", ("manager",)),
    ErrorCode("auth.throttled", "There were too many tries.", "Wait for as long as `Retry-After` says; tries count by e-mail address and by where they come from.", ("manager",)),
    ErrorCode("auth.busy", "Too many people log in at this moment.", "Try again in a few seconds.", ("manager",)),
    ErrorCode("auth.not_logged_in", "Only whoever has logged in can do this, no key and not the installation's token.", "Log in: `gnatwork auth login`.", ("manager",)),
    ErrorCode("person.not_found", "There is no such person.", "`gnatwork people list` shows all.", ("manager",)),
    ErrorCode("person.exists", "Somebody with this e-mail address is registered.", "Log in, or have an admin set a new password: `gnatwork people reset`.", ("manager",)),
    ErrorCode("person.last_admin", "Without this person nobody would be admin of all namespaces.", "Make someone else one first: `gnatwork people roles`.", ("manager",)),
    ErrorCode("invitation.needed", "Somebody is registered, so it takes an invitation.", "Ask an admin for one: `gnatwork people invite`.", ("manager",)),
    ErrorCode("invitation.invalid", "The invitation is not good, or not for you.", "Ask an admin for a new one: `gnatwork people invite`; each is good for one person and a week.", ("manager",)),
    ErrorCode("invitation.not_found", "There is no such invitation.", "`gnatwork people invitations` shows those there are; they end after a week.", ("manager",)),
    ErrorCode("key.not_found", "There is no such key, or it is somebody else's.", "`gnatwork key list` shows those you can see.", ("manager",)),
    ErrorCode("audit.failed", "The audit log could not be written. What was asked for may have been done.", "Look whether it was, and repeat it if not; `gnatwork doctor` says what is wrong.", ("manager",)),
    ErrorCode("engine.unavailable", "NATS does not answer, so nothing can be promised.", "Try again; `gnatwork doctor` says what is missing.", ("manager",)),
    ErrorCode("engine.store_full", "The store of the NATS server is full.", "Give it more room (`max_file_store`); runs go on as soon as there is some.", ("manager",)),
    ErrorCode("internal.error", "Something in Gnatwork went wrong.", "The log of the service has the reason under the request's time; please report it.", ("manager", "executor"), retryable="yes"),
    # tasks
    ErrorCode("block.timeout", "An attempt took longer than the block's `timeout` and was stopped.", "Raise `timeout`, or make the work smaller.", ("executor",), retryable="yes"),
    ErrorCode("block.failed", "A block raised an error that it does not declare.", "The executor's log has the trace; a block raises `BlockError` for what can be expected.", ("executor",), retryable="yes"),
    ErrorCode("wait.timeout", "The signal that a `wait` block waits for did not come in time.", "Raise the block's `timeout`, or handle its `error` port.", ("scheduler",), retryable="no"),
    ErrorCode("executor.lost", "Executors vanished while they ran this task, too often or where it may not run twice.", "See whether the block kills its process (memory, crashes); check the effect by hand before you start anew.", ("executor",), retryable="no"),
    ErrorCode("loop.not_an_array", "What a loop is to go over is not an array.", "Point `items` at an array; the message says what it is.", ("executor",), retryable="no"),
    ErrorCode("loop.too_many", "A loop has more items than it takes.", "Raise `max_items` of `for_each`, or `max_iterations` of `loop`, or go over fewer.", ("executor", "scheduler"), retryable="no"),
    ErrorCode("script.too_long", "A script has taken as many steps and transitions as it may, and asks for more.", "Raise its `max_steps`, or move part of the work into child runs.", ("scheduler",), retryable="no"),
    ErrorCode("script.stuck", "A script waits for something that is no step, so nothing can ever happen in it.", "See that every promise it awaits comes from a step, and that it returns or goes over to another state in the end.", ("scheduler",), retryable="no"),
    ErrorCode("payload.too_large", "A value is larger than the engine carries.", "Store it elsewhere and pass its address.", ("executor", "scheduler", "manager"), retryable="no"),
    ErrorCode("payload.missing", "A stored value is gone.", "It was purged with its run, or its store was lost.", ("executor", "manager"), retryable="no"),
    ErrorCode("message.invalid", "A message is not of the form its subject promises.", "See the dead letters; whoever published it speaks another version or has a mistake.", ("scheduler", "executor"), retryable="no"),
    ErrorCode("message.unknown_version", "A message has a version that this service does not know.", "Upgrade this service; the message is kept among the dead letters.", ("scheduler", "executor", "manager"), retryable="no"),
    ErrorCode("letter.not_found", "There is no dead letter with this id.", "`gnatwork dlq list` shows those there are; they go after a month.", ("manager",)),
    ErrorCode("letter.conflict", "The message of a dead letter would do nothing where it came from.", "See the detail: its run has ended or is gone, or the work item is queued already; discard it.", ("manager",)),
    ErrorCode("letter.cut", "A dead letter holds only the beginning of its message.", "Have the sender send it once more, and discard the letter.", ("manager",)),
    # http
    ErrorCode("http.status", "The server answered with an error status.", "See `details.status`; set `fail_on_status: false` to get such answers as output.", ("fetch", "hook"), retryable="for 429 and 5xx"),
    ErrorCode("http.timeout", "The server did not answer in time.", "Raise the block's `timeout`, or add `retry`.", ("fetch", "hook"), retryable="yes"),
    ErrorCode("http.connection", "No connection to the server could be had, or it broke.", "Check the host and port, or add `retry`.", ("fetch", "hook"), retryable="unless the certificate is not trusted"),
    ErrorCode("http.blocked_address", "The address is private, loopback, link-local or a metadata service.", "List it in `GNATWORK_EGRESS_ALLOW` of the executor if workflows are meant to reach it.", ("fetch", "hook"), retryable="no"),
    ErrorCode("http.invalid_url", "The URL can't be requested.", "Use an absolute http or https URL.", ("fetch", "hook"), retryable="no"),
    ErrorCode("http.too_large", "The answer is larger than the block takes.", "Raise `max_bytes`, or ask for less.", ("fetch", "hook"), retryable="no"),
    ErrorCode("http.too_many_redirects", "The server redirects in a circle.", "Request the final URL, or set `follow_redirects: false`.", ("fetch",), retryable="no"),
    ErrorCode("http.protocol", "The server does not speak proper HTTP.", "See the message; nothing but the server can mend it.", ("fetch", "hook"), retryable="no"),
    ErrorCode("http.rate_limited", "A service takes no more requests for now.", "Add `retry`: the next attempt waits for as long as the service asks; make fewer requests, or spread them.", ("integrations",), retryable="yes"),
    ErrorCode("service.refused", "A service understood the request and says no.", "The message has the service's own word for the reason; its documentation says what it means.", ("integrations",), retryable="where the message of the service says that it passes"),
    ErrorCode("service.unexpected", "A service answered otherwise than its documentation says.", "See whether `base_url` of the connection leads to the service, and `details`.", ("integrations",), retryable="no"),
    ErrorCode("html.invalid_selector", "A CSS selector can't be parsed.", "Correct the selector that the message names.", ("html-scraper",), retryable="no"),
    ErrorCode("html.too_large", "The page is larger than the scraper takes.", "Cut it down before, or raise `max_bytes`.", ("html-scraper",), retryable="no"),
    ErrorCode("html.cast", "A scraped text can't be turned into the type that its field asks for.", "Remove `cast`, or give the field a `default`.", ("html-scraper",), retryable="no"),
    ErrorCode("hook.invalid_secret", "The signing secret is not a Standard Webhooks secret.", "Use `whsec_` followed by base64 of 24 to 64 bytes.", ("hook",), retryable="no"),
    # services
    ErrorCode("sql.invalid_url", "The URL of the database can't be used.", "Write it as `postgresql://user:password@host:5432/database`; `docs/services.md` has the options of each database.", ("sql",), retryable="no"),
    ErrorCode("sql.no_driver", "What speaks with this kind of database is not installed.", "Install the package that the message names in the environment of the executor; it has to be an async driver of SQLAlchemy.", ("sql",), retryable="no"),
    ErrorCode("sql.blocked_address", "The database has a private, loopback or link-local address.", "List it in `GNATWORK_EGRESS_ALLOW` of the executor if workflows are meant to reach it.", ("sql",), retryable="no"),
    ErrorCode("sql.file_refused", "The SQLite file is not where SQLite files may be.", "Have `GNATWORK_SQLITE_DIR` of the executor name its folder; `sqlite://` is a database in memory.", ("sql",), retryable="no"),
    ErrorCode("sql.connection", "No connection to the database could be had, or it broke.", "Check host, user, password and database, or add `retry`. When the connection broke, the statement may have been carried out.", ("sql",), retryable="unless the database refuses the user or has no such database"),
    ErrorCode("sql.timeout", "The database took longer than it may.", "Raise `timeout`, or make the statement do less.", ("sql",), retryable="yes"),
    ErrorCode("sql.parameters", "The names in the statement are not those of its parameters.", "Give a value for each `:name`, and no other.", ("sql",), retryable="no"),
    ErrorCode("sql.syntax", "The statement is wrong, or names what the database does not have.", "Mend the statement; the message is the database's own.", ("sql",), retryable="no"),
    ErrorCode("sql.constraint", "A constraint of the database forbids the change, such as a key that must be unique.", "Give other values, or say what is to happen: `ON CONFLICT … DO NOTHING`.", ("sql",), retryable="no"),
    ErrorCode("sql.conflict", "Another transaction was in the way: a deadlock, a lock, or a failed serialization.", "Add `retry`; nothing was changed.", ("sql",), retryable="yes"),
    ErrorCode("sql.too_many_rows", "The statement has more rows than it may.", "Add a `LIMIT`, or raise `max_rows`.", ("sql",), retryable="no"),
    ErrorCode("sql.too_large", "The rows are larger than the block takes.", "Select fewer columns, or fewer rows.", ("sql",), retryable="no"),
    ErrorCode("sql.failed", "The database refuses the statement for another reason.", "The message is the database's own; `details.sqlstate` has its code.", ("sql",), retryable="when the database lacks room or memory"),
    # triggers
    ErrorCode("trigger.invalid", "A trigger of a definition is not right.", "Mend what the pointer names; `docs/reference/definition.md` has the fields of each type of trigger.", ("compiler",)),
    ErrorCode("trigger.unknown_type", "No executor has ever announced this type of trigger.", "Correct the spelling (`gnatwork trigger types` shows what there is), or start an executor that hosts the blocks of the integration.", ("compiler",)),
    ErrorCode("trigger.not_found", "The workflow has no trigger of this id.", "`gnatwork trigger list` shows what there is.", ("manager",)),
    ErrorCode("trigger.defined", "The trigger is part of the workflow's definition, so it is changed and removed there.", "Put a definition with the change; to only stop it for a while, disable it.", ("manager",)),
    ErrorCode("trigger.no_times", "The trigger has no times that could be told ahead.", "Only schedules have a preview.", ("manager",)),
    ErrorCode("hook.not_found", "There is no webhook at this address.", "`gnatwork trigger show` has the addresses of a webhook; one that is disabled has none.", ("manager",)),
    ErrorCode("hook.unauthorized", "The call of the webhook does not have its key, or is not signed with its secret.", "Send the key in `X-Gnatwork-Key`, or sign the body as it is sent in the form that the trigger names; see `docs/triggers.md`.", ("manager",)),
    ErrorCode("hook.stale", "The signature of the call is right, but it was made too long ago, or ahead of time.", "Set the clocks right, or give the trigger a larger `tolerance`; a call that is sent again has to be signed again.", ("manager",)),
    ErrorCode("hook.secret_unusable", "The secret of the webhook can't be had, or is none for its form of signature.", "See whether the connection that the trigger's `secret` names exists and has that value.", ("manager",)),
    ErrorCode("hook.rate_limited", "The webhook is called more often than its `rate_limit` lets in.", "Call again after the seconds in `Retry-After`.", ("manager",)),
    ErrorCode("hook.headers_too_large", "The headers and the query of the call are larger than a run keeps.", "Send less beside the body; headers with credentials do not count.", ("manager",)),
    ErrorCode("hook.run_failed", "The run that was to answer the call ended without a reply.", "`gnatwork run show` tells why; the run's id is in the header `X-Gnatwork-Run`.", ("manager",)),
    ErrorCode("trigger.bad_cron", "A text is no cron, or one that never comes.", "Mend the field that the message names: five fields, six with seconds first, or a name such as `@daily`.", ("compiler",)),
    ErrorCode("trigger.bad_timezone", "There is no time zone of this name.", "Take a name of the IANA database, such as `Europe/Madrid` or `UTC`.", ("compiler",)),
    ErrorCode("trigger.fetch_failed", "The request of a polling trigger failed; it is made again at the next interval.", "See the run that the message names: it shows the request and its error.", ("manager",)),
    ErrorCode("trigger.bad_items", "What a poll found is no array of items, has more of them than it may, or leaves too large a cursor.", "Look at the output of the run that made the request, and mend `items`, `max_items` or `cursor` of the trigger.", ("manager",)),
    ErrorCode("trigger.bad_subject", "An event trigger can't listen to this subject, or an event can't have it.", "Choose a subject of your own, such as `orders.created`; those of Gnatwork and NATS themselves are not listened to, but for `workflow.>`.", ("compiler", "manager")),
    ErrorCode("trigger.filter_failed", "The filter of an event trigger failed, so the event starts nothing.", "Mend the `filter`; `?.` and `??` help where an event may lack something.", ("manager",)),
    ErrorCode("trigger.exists", "The workflow has another trigger with this id.", "Give one of the two another id, or delete the one that was added by the API.", ("manager",)),
    ErrorCode("trigger.path_taken", "Another webhook listens at this path with this method.", "Choose another `path` or `method`; the webhook's own address, which nobody chooses, works without either.", ("manager",)),
    # connections
    ErrorCode("connection.misplaced", "A connection is mentioned where its value would be stored.", "Mention it in the `config` of the block that needs it; `docs/connections.md` says where connections can be used.", ("compiler",)),
    ErrorCode("connection.not_found", "There is no such connection, or it has no such value.", "`gnatwork connection list` shows all, and what they offer; `gnatwork connection set` stores one.", ("manager", "executor"), retryable="no"),
    ErrorCode("connection.not_permitted", "The connection may not be used by blocks of this type.", "Use it in a block that it is for, or add the type to its `blocks`.", ("manager", "executor"), retryable="no"),
    ErrorCode("connection.invalid", "The values of a connection are not those of its type.", "Mend what the pointers name; `docs/connections.md` has the values of each type.", ("manager",)),
    ErrorCode("connection.changed", "The connection is not in the state that the request expects.", "Read it again, see what has changed, and send the request with its new ETag.", ("manager",)),
    ErrorCode("connection.no_keys", "The manager has no keys to seal connections with.", "Set `GNATWORK_SECRET_KEYS` of all managers; `gnatwork connection new-key` makes a key.", ("manager", "executor"), retryable="yes"),
    ErrorCode("connection.unreadable", "A stored secret can't be opened with the keys that the manager has.", "Add the key that it was sealed with to `GNATWORK_SECRET_KEYS`, or store the secret again.", ("manager", "executor"), retryable="yes"),
    ErrorCode("connection.unauthorized", "The service gives no token for the connection.", "See the reason in the message: authorize it anew with `gnatwork connection authorize`, or store other values.", ("manager", "executor"), retryable="no"),
    ErrorCode("connection.token_unavailable", "The service that gives tokens for the connection can't be had.", "Try again; see whether the manager can reach its `token_url`.", ("manager", "executor"), retryable="yes"),
    ErrorCode("connection.unknown_state", "Nobody was asked to agree to this, or it is too long ago, or was done already.", "Begin anew with `gnatwork connection authorize`.", ("manager",)),
    # javascript
    ErrorCode("code.syntax", "A script can't be parsed.", "Mend the line that the message names.", _JAVASCRIPT, retryable="no"),
    ErrorCode("code.error", "A script threw an error.", "The message has it, and its line; `?.` and `??` help where a value may be missing.", _JAVASCRIPT, retryable="where a request of the code failed in a way that may pass"),
    ErrorCode("code.timeout", "A script computed for longer than it may.", "Look for a loop that does not end, or give it less to do.", _JAVASCRIPT, retryable="no"),
    ErrorCode("code.memory", "A script needs more memory than it may have.", "Give it less at once, such as a part of the list.", _JAVASCRIPT, retryable="no"),
    ErrorCode("code.too_large", "A script, what it is given or what it yields is larger than the sandbox takes.", "Pass on only what is needed; the message has the limit.", _JAVASCRIPT, retryable="no"),
    ErrorCode("code.crashed", "The process that evaluated a script died.", "Another attempt gets a new one. If it happens again, see whether the machine runs out of memory.", _JAVASCRIPT, retryable="yes"),
    ErrorCode("code.no_entry", "The source of a `code` block does not define the function that is to be called.", "Define it at the top level of the source, `function main(input) { … }` or `def main(input): …`, or name the one there is as `entry`.", _CODE, retryable="no"),
    ErrorCode("code.output_invalid", "A function returned what is not JSON: itself a function, a cycle, in Python also bytes, sets and NaN.", "Return texts, numbers, truth values, lists and objects of these; the message says what it was.", _CODE, retryable="no"),
    ErrorCode("code.busy", "Too many scripts wait for their turn in this executor.", "Start more executors for these block types, or give this one less `--concurrency`.", _JAVASCRIPT, retryable="yes"),
)  # fmt: skip

CODES: dict[str, ErrorCode] = {entry.code: entry for entry in _TABLE}
