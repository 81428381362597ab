# The shapes and their sizes.
lanner synth --list
lanner synth --list --json | grep -c 1923946496
