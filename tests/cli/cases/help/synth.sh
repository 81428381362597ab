# --help, -h and help COMMAND print the same, in at most 100 columns.
set -e
lanner synth --help
lanner synth --help >long
lanner synth -h | cmp - long
lanner help synth | cmp - long
test "$(awk '{ if (length > n) n = length } END { print n }' long)" -le 100
