# --help, -h and help COMMAND print the same, in at most 100 columns.
set -e
lanner run --help
lanner run --help >long
lanner run -h | cmp - long
lanner help run | cmp - long
test "$(awk '{ if (length > n) n = length } END { print n }' long)" -le 100
