# --help, -h and help COMMAND print the same, in at most 100 columns.
set -e
lanner version --help
lanner version --help >long
lanner version -h | cmp - long
lanner help version | cmp - long
test "$(awk '{ if (length > n) n = length } END { print n }' long)" -le 100
