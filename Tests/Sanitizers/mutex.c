#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

// Tells ThreadSanitizer of Swift's Mutex, and is preloaded for that.
//
// The mutex takes and leaves itself by an atomic operation in the program, which the sanitizer sees, or, where another
// thread has it or waits for it, in the standard library, which is not instrumented: then what the mutex protects seems
// to be a race. A program of two threads that append to a Mutex<[Int]> shows it (Swift 6.3.1 on Linux).

#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *

// There in a program with the sanitizer only; the processes that start it are others.
__attribute__((weak)) void __tsan_acquire(void *address);
__attribute__((weak)) void __tsan_release(void *address);

SWIFT void lock_slow(uint32_t thread, SELF mutex) __asm__(LOCK_SLOW);
SWIFT void unlock_slow(SELF mutex) __asm__(UNLOCK_SLOW);

SWIFT void lock_slow(uint32_t thread, SELF mutex) {
    SWIFT void (*library)(uint32_t, SELF) = dlsym(RTLD_NEXT, LOCK_SLOW);
    library(thread, mutex);
    if (__tsan_acquire) __tsan_acquire(mutex);
}

SWIFT void unlock_slow(SELF mutex) {
    SWIFT void (*library)(SELF) = dlsym(RTLD_NEXT, UNLOCK_SLOW);
    if (__tsan_release) __tsan_release(mutex);
    library(mutex);
}
