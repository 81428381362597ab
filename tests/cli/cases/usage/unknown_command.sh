# Unknown commands and options of the program name the nearest.
lanner rnu; echo $?
lanner tokenise; echo $?
lanner xyzzy; echo $?
lanner --verson; echo $?
lanner --treads 4; echo $?
lanner help inspekt; echo $?
