# Unknown options of a command name the nearest.
lanner run --treads 4; echo $?
lanner run --temprature=1; echo $?
lanner run -n5; echo $?
lanner inspect --tensor x.gguf; echo $?
lanner tokenize --special-tokens x.gguf; echo $?
lanner version --jsn; echo $?
