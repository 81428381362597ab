# Missing, invalid and out-of-range values name option, value and range.
lanner run --temp; echo $?
lanner run --temp hot; echo $?
lanner run --temp -1; echo $?
lanner run --temp nan; echo $?
lanner run --top-p 0; echo $?
lanner run --top-p=1.01; echo $?
lanner run --min-p -0.1; echo $?
lanner run --top-k 4294967296; echo $?
lanner run --ubatch 0; echo $?
lanner run --ubatch 4097; echo $?
lanner run --threads 0; echo $?
lanner run --seed -1; echo $?
lanner run -n ten; echo $?
lanner run -p --json; echo $?
lanner run --isa avx3; echo $?
lanner run --json=yes; echo $?
