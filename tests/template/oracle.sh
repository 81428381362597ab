#!/usr/bin/env bash
# Prepares what oracle.py needs and runs it: oracle.sh RENDER_JSON TEMPLATES_FOLDER NPM_FOLDER.
#
# Skipped (77) without Jinja2 or the templates; without node or a network only the peer is left out.
set -u
here=$(cd "$(dirname "$0")" && pwd)
program=$1 templates=$2 npm_folder=$3

for python in python3 /usr/bin/python3; do
    "$python" -c 'import jinja2' 2>/dev/null && break
    python=
done
if [ -z "$python" ]; then
    echo "skipped: Python has no jinja2 (scripts/bootstrap.sh installs python3-jinja2)"
    exit 77
fi
if [ ! -d "$templates" ]; then
    echo "skipped: no folder $templates"
    exit 77
fi
if [ ! -d "$npm_folder/node_modules/@huggingface/jinja" ] && command -v npm >/dev/null; then
    mkdir -p "$npm_folder"
    timeout 60 npm install --prefix "$npm_folder" --ignore-scripts --no-audit --no-fund \
        @huggingface/jinja@0.5 >/dev/null 2>&1 || echo "npm gave no @huggingface/jinja"
fi
exec "$python" "$here/oracle.py" "$program" "$templates" "$npm_folder"
