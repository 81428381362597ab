# A repeated option is refused by name.
lanner run --temp 1 --temp 2; echo $?
lanner run -n 1 --max-tokens 1; echo $?
lanner tokenize m.gguf x --special --no-special; echo $?
