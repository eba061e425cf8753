"""What an installed Gnatwork has: its packages, all of them, where Python finds them."""

import tomllib
from pathlib import Path

from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[2]


def test_each_package_is_at_the_top_of_the_wheel() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    declared = {Path(path).name for path in project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]}
    points = project["project"]["entry-points"]
    named = {value.split(".")[0].split(":")[0] for group in points.values() for value in group.values()}
    shipped = [Path(file.distribution_path) for file in WheelBuilder(str(ROOT)).recurse_included_files()]
    assert {path.parts[0] for path in shipped} == declared
    assert named <= declared
    assert Path("gnatwork_blocks/javascript/program.js") in shipped
