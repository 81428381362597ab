#!/usr/bin/env bash
# Puts llama.cpp, as the npm package node-llama-cpp ships it prebuilt, into build/peer: the peer
# that lanner is compared with on the same machine in the same run. Done once; the version is fixed,
# so that figures of different days compare the same thing.
#
#   scripts/peer_setup.sh      prints nothing when it is already there
set -eu
cd "$(dirname "$0")/.."

VERSION=3.22.1
NODE_MIN=20
folder=build/peer

fail() {
    echo "peer_setup: $*" >&2
    exit 1
}

[ "$(uname -sm)" = "Linux x86_64" ] || fail "the prebuilt peer is for Linux on x86-64 only"
command -v npm >/dev/null 2>&1 || fail "npm is not installed; it comes with Node $NODE_MIN or newer"
node_major=$(node --version | sed 's/^v\([0-9]*\).*/\1/')
[ "$node_major" -ge $NODE_MIN ] || fail "Node $node_major is too old, $NODE_MIN is needed"

installed=$folder/node_modules/@node-llama-cpp/linux-x64/package.json
if [ -e "$installed" ] && grep -q "\"version\": \"$VERSION\"" "$installed"; then exit 0; fi

mkdir -p "$folder"
echo '{"name": "lanner-peer", "private": true}' >"$folder/package.json"
npm install --prefix "$folder" --ignore-scripts --omit=optional --no-audit --no-fund \
    --loglevel=error --save-exact "node-llama-cpp@$VERSION" "@node-llama-cpp/linux-x64@$VERSION"
echo "peer_setup: llama.cpp (node-llama-cpp $VERSION) is in $folder"
