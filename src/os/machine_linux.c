/* x */ typedef int os_machine_stub;
