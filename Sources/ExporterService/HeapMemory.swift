import CMalloc

/// The heaps of the C library, which hold what lies free between two scrapes.
enum HeapMemory {
    /// Has all threads share two heaps, where the C library makes up to eight for each processor (mallopt(3),
    /// M_ARENA_MAX): what one collection freed on one thread the next one uses on another. Heaps that are there already
    /// stay, so it is to be called early.
    static func shareHeaps() {
        mallopt(M_ARENA_MAX, 2)
    }
}
