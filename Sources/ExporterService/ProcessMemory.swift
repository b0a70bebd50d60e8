import CMemory

/// What the process has of memory without using it.
enum ProcessMemory {
    /// Has all threads share two heaps, where the C library makes up to eight for each processor (mallopt(3),
    /// M_ARENA_MAX): what one collection freed on one thread the next one uses on another. Heaps that are there already
    /// stay, so it is to be called early.
    static func shareHeaps() {
        mallopt(M_ARENA_MAX, 2)
    }

    /// Gives back what of the program's code and constants the start alone needed, the first time that it is called: the
    /// parsing of flags, for one. What is still needed comes back by itself, and the rest can be had of its file.
    static func giveBackTheStart() {
        startGivenBack
    }

    private static let startGivenBack: Void = giveBackProgram()

    /// Takes the program's code and constants out of the process's memory, all but what is used in the same moment.
    static func giveBackProgram() {
        _ = cmemory_unmap_program()
    }
}
