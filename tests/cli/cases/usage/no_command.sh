# exit: 2
lanner
