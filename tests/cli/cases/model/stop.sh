# A stop string ends the text before it, wherever tokens border; --json tells which one it was.
# needs: shared-data
set -e
lanner run "$STORIES" -p 'Once upon a time' --temp 0 -n 40 --stop 'named Li' --stop nothing 2>/dev/null
echo
lanner run "$STORIES" -p 'Once upon a time' --temp 0 -n 40 --stop 'x' --stop 'little g' --json |
    python3 -c 'import json, sys
r = json.load(sys.stdin)
print(r["text"], r["finish_reason"], r["stop"], sep="|")'
lanner run "$STORIES" -p 'Once upon a time' --temp 0 -n 3 --logprobs 2 --json |
    python3 -c 'import json, sys
for t in json.load(sys.stdin)["logprobs"]:
    print(t["token"], "%.4f" % t["logprob"], [x["token"] for x in t["top"]])'
