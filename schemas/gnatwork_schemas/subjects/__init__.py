"""Every subject, stream, consumer, bucket and key name, in one place; headers have theirs in `header_names`.

Nothing else in the project spells such a name out. Tokens: `shard` a number, `ns` a namespace, `workflow` and
`run` as in the glossary, `event` one or more tokens, `task` a task path (its `/` stays inside one token).
"""

from gnatwork_schemas.subjects.buckets import *
from gnatwork_schemas.subjects.history import *
from gnatwork_schemas.subjects.keys import *
from gnatwork_schemas.subjects.live import *
from gnatwork_schemas.subjects.requests import *
from gnatwork_schemas.subjects.stored import *
from gnatwork_schemas.subjects.streams import *
from gnatwork_schemas.subjects.triggers import *
from gnatwork_schemas.subjects.work import *
