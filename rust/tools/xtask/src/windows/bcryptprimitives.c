/* For tests alone, never shipped: Windows 10 and later have this DLL, Debian 12's Wine has
   not. Rust's standard library takes the seeds of its hash maps from it. */

#include <windows.h>

/* RtlGenRandom, by the name it is exported under. */
BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T length) {
    return SystemFunction036(buffer, (ULONG)length);
}
