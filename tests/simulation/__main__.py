"""`python -m simulation`: run many seeds, on all processors; the first ones that fail are told in full."""

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from simulation.report import examine

#: Failures that are told before giving up.
_ENOUGH = 3
#: Seeds that a worker takes at a time.
_CHUNK = 8


def main() -> int:
    """Run the seeds; 1 when one of them fails."""
    parser = argparse.ArgumentParser(prog="simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=2000, help="how many (default: 2000)")
    parser.add_argument("--start", type=int, default=0, help="the first one (default: 0)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: all processors)")
    options = parser.parse_args()
    seeds = range(options.start, options.start + options.seeds)
    failed: list[int] = []
    began = time.perf_counter()
    with ProcessPoolExecutor(options.workers) as pool:
        for seed, failure in zip(seeds, pool.map(examine, seeds, chunksize=_CHUNK), strict=True):
            if failure is None:
                continue
            failed.append(seed)
            sys.stdout.write(f"{failure}\n\n")
            sys.stdout.flush()
            if len(failed) >= _ENOUGH:
                pool.shutdown(wait=False, cancel_futures=True)
                break
    took = time.perf_counter() - began
    if failed:
        again = f"make simulate SEEDS=1 START={failed[0]}"
        sys.stdout.write(f"failed: {', '.join(map(str, failed))}; again: {again}\n")
        return 1
    sys.stdout.write(f"{options.seeds} seeds from {options.start} on in {took:.0f} s, nothing wrong\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
