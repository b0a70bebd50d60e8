#pragma once

/* Not part of the Glibc module: mallopt(3). */
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* The program's own constants and code, as the linker names their ends: end(3), and ld's __executable_start. */
extern const char __executable_start[], etext[];

/* Takes the program's constants and code out of the process's memory; whatever is used again, the kernel maps again. All
 * of it is read-only, so nothing is lost. Gives what madvise(2) gives. */
static inline int cmemory_unmap_program(void) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t start = (uintptr_t)__executable_start, end = (uintptr_t)etext / page * page;
    /* Not part of strict C, and so not always declared. */
    const int dont_need = 4;
    return madvise((void *)start, end - start, dont_need);
}
