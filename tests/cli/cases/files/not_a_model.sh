# What is no model is refused by name, by every command that takes one; a pipe does not hang.
printf 'GGUF' >short.gguf
printf 'this is a text file, not a model, and long enough for a header' >text.gguf
: >empty.gguf
mkdir folder.gguf
mkfifo pipe.gguf
for file in missing.gguf folder.gguf pipe.gguf /dev/zero empty.gguf short.gguf text.gguf; do
    lanner inspect $file
    echo "inspect $file: $?"
    lanner tokenize $file text
    echo "tokenize $file: $?"
    lanner run $file -p text
    echo "run $file: $?"
done
