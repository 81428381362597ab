/* x */ typedef int os_thread_stub;
