#!/usr/bin/env bash
# Runs every check of the tree itself; nothing is built. ctest runs the same checks, one test each.
set -u
cd "$(dirname "$0")/.." || exit 1

rc=0
for check in check_style.py check_layers.py check_headers.py check_commits.py; do
    printf '%s: ' "$check"
    python3 "scripts/$check" || rc=1
done
exit $rc
