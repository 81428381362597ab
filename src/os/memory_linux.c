/* x */ typedef int os_memory_stub;
