"""Prints the cases in which Apus and the reference server differ.

python Tests/Differential/compare.py --only log-metric
python Tests/Differential/compare.py --only "runs/create" --all --against reference
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "Support")]

from servers import ApusServer, ReferenceServer  # noqa: E402

from table import Known, all_cases, differences, run_on_both, scenarios_of, shown  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", default=[], help="substring of the case id; may be repeated")
    parser.add_argument("--against", choices=("apus", "reference"), default="apus", help="the second server")
    parser.add_argument("--all", action="store_true", help="print agreeing cases too")
    parser.add_argument("--known", action="store_true", help="print differences that known.json explains too")
    parser.add_argument("--list", action="store_true", help="print the case ids and stop")
    options = parser.parse_args()
    table = all_cases()
    chosen = [name for name in table if all(part in name for part in options.only)]
    if options.list:
        print("\n".join(chosen))
        return 0
    other = ApusServer if options.against == "apus" else ReferenceServer
    with ReferenceServer() as reference, other() as apus:
        ours, theirs = run_on_both(reference, apus, scenarios_of(chosen))
    known = Known()
    differing = 0
    for name in chosen:
        found = differences(table[name], ours[name], theirs[name])
        left = known.unexplained(name, found, ours[name], theirs[name])
        printed = found if options.known else left
        differing += bool(left)
        if printed:
            print(f"{name}\n" + "\n".join(map(str, printed)))
        elif options.all:
            answer = ours[name]
            print(f"{name}\n  {answer.status} {answer.code or ''} {shown(answer.message or answer.body, 400)}")
    print(f"{len(chosen)} cases, {differing} with unexplained differences")
    if not options.only:
        print("\n".join(f"stale: {line}" for line in known.stale()))
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
