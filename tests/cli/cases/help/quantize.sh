# --help, -h and help COMMAND print the same, in at most 100 columns.
set -e
lanner quantize --help
lanner quantize --help >long
lanner quantize -h | cmp - long
lanner help quantize | cmp - long
test "$(awk '{ if (length > n) n = length } END { print n }' long)" -le 100
