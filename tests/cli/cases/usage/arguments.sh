# Too few and too many arguments.
lanner inspect; echo $?
lanner inspect a b; echo $?
lanner tokenize; echo $?
lanner tokenize a b c; echo $?
lanner run a b; echo $?
lanner version x; echo $?
