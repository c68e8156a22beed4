"""Prints what the contenders said, after comparing their counts: `table.py LINES ROWS [--json]`."""

import json
import sys

lines = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
rows = int(sys.argv[2])
known = [x for x in lines if "may" in x and "unknown" not in x["contender"]]
counts = {(x["may"], x["must_not"], x["open"]) for x in known}
if len(counts) != 1:
    for x in known:
        print(x["contender"], x["from"], x["may"], x["must_not"], x["open"], file=sys.stderr)
    sys.exit("the contenders do not agree: nothing is measured")
for x in lines:
    x["rows_per_s"] = rows / x["seconds"]
if "--json" in sys.argv:
    print(json.dumps({"rows": rows, "contenders": lines}, indent=1))
    sys.exit()
ours = {x["from"]: x["rows_per_s"] for x in lines if x["contender"] == "decide_columns"}
may, must_not, _ = counts.pop()
print(f"{rows:,} rows, one thread; all agree: {may:,} may be held, {must_not:,} must not")
print(f"{'':<36} {'from':<8} {'million rows/s':>14} {'ns a row':>9} {'ours is':>9}")
for x in sorted(lines, key=lambda x: (x["from"], -x["rows_per_s"])):
    speed = x["rows_per_s"]
    print(
        f"{x['contender']:<36} {x['from']:<8} {speed / 1e6:>14.2f} {1e9 / speed:>9.1f}"
        f" {ours[x['from']] / speed:>7.1f} ×"
    )
limit = next(x for x in lines if "bytes" in x)
share = limit["seconds"] / next(x["seconds"] for x in lines if x["contender"] == "decide_columns")
print(
    f"{limit['bytes'] / rows:.0f} bytes a row, {limit['bytes'] / limit['seconds'] / 1e9:.1f} GB/s when"
    f" they are only read: ours runs at {share:.0%} of that limit"
)
