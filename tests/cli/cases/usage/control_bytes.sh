# Escape sequences in arguments do not reach the terminal.
lanner "$(printf 'r\033[31m')"; echo $?
lanner run "--$(printf '\033[31m')"; echo $?
lanner inspect "$(printf 'a\033[31m.gguf')"; echo $?
