// SPDX-License-Identifier: Apache-2.0
//
// NativeAOT unpacks its tables of types and literals, some 6 MB, into .hydrated behind .bss at the start of every call, and writes to each page of it. Asked for
// huge pages (madvise(2)) the kernel gives 2 MB at a fault instead of 4 KB, which halves the cost of a short call. Nothing is lost where it says no. It has to be
// here because managed code runs only afterwards.

#define _GNU_SOURCE
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

// The linker's own names (ld(1)): where zeroed data begins, and where all data ends.
extern char __bss_start[], _end[];

__attribute__((constructor)) static void ask_for_huge_pages(void)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t start = ((uintptr_t)__bss_start + page - 1) / page * page;
    uintptr_t end = ((uintptr_t)_end + page - 1) / page * page;
    madvise((void *)start, end - start, MADV_HUGEPAGE);
}
