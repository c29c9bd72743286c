internal import CLinux
internal import Glibc

/// What the process keeps in memory.
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

    /// Lets go of the program's pages, of which the start has touched more than a running server needs.
    ///
    /// Pages that are needed again come back from the system's page cache, a fault each. Sleeps first, until the threads
    /// that the start has set off have begun as well.
    static func releaseProgramPagesAfterStart() {
        usleep(100_000)
        let page = UInt(max(sysconf(Int32(_SC_PAGESIZE)), 1))
        let start = (UInt(bitPattern: apus_program_start()) + page - 1) / page * page
        let end = UInt(bitPattern: apus_program_end()) / page * page
        guard end > start else { return }
        // Advice only: a kernel that refuses keeps the pages.
        _ = madvise(UnsafeMutableRawPointer(bitPattern: start), Int(end - start), MADV_DONTNEED)
    }
}
