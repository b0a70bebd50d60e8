import CMalloc

/// The memory that the allocator keeps for itself between two scrapes.
enum HeapMemory {
    /// Has all threads share two heaps, where the C library makes up to eight for each processor (mallopt(3),
    /// M_ARENA_MAX): what one collection freed on one thread the next one uses on another. To be called before there are
    /// other threads.
    static func shareHeaps() {
        mallopt(M_ARENA_MAX, 2)
    }

    /// Gives the kernel what lies free in the heaps (malloc_trim(3)); takes some milliseconds where that is much.
    static func giveBack() {
        malloc_trim(0)
    }
}
