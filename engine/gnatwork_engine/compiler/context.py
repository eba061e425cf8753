"""What all parts of a compilation share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gnatwork_engine.compiler.faults import Faults
from gnatwork_engine.json_tree import Path
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.definition import Retry


@dataclass(frozen=True, slots=True)
class Context:
    """The catalogue, the workflow's defaults, and what was found so far."""

    catalogue: Mapping[str, BlockType]
    faults: Faults
    #: How attempts are tried again of blocks that do not say.
    retry: Retry
    #: Of the signals that are waited for by a name written out: the schema of their data, and where it stands.
    signals: dict[str, tuple[Any, Path]] = field(default_factory=dict)
