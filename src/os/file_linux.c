/* x */ typedef int os_file_stub;
