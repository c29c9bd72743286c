internal import CLinux

/// How the C library keeps memory that was freed.
enum MemorySettings {
    /// Keeps the process small after a large answer; for the start, before other threads.
    ///
    /// By default glibc makes eight arenas for each core, and after the first large block is freed keeps ever larger
    /// ones for itself (mallopt(3)). Two arenas are enough for two handfuls of threads; what is large goes back at once.
    static func apply() {
        _ = mallopt(apus_malloc_arena_max.rawValue, 2)
        _ = mallopt(apus_malloc_mmap_threshold.rawValue, 256 * 1_024)
        _ = mallopt(apus_malloc_trim_threshold.rawValue, 1_024 * 1_024)
    }
}
