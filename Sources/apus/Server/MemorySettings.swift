internal import CLinux
internal import Glibc

/// Settings that keep the memory of the process small.
enum MemorySettings {
    /// Makes the C library return memory after a large answer; must be called at the start, before other threads exist.
    ///
    /// By default, glibc makes up to eight arenas for each core, and, when a large block was freed, keeps blocks of that size
    /// (mallopt(3)). Two arenas are enough for about ten threads. With these settings, large blocks are returned at once.
    static func apply() {
        _ = mallopt(apus_malloc_arena_max.rawValue, 2)
        _ = mallopt(apus_malloc_mmap_threshold.rawValue, 256 * 1_024)
        _ = mallopt(apus_malloc_trim_threshold.rawValue, 1_024 * 1_024)
    }

    /// Removes the program's code pages from memory, because the start uses more of them than a running server.
    ///
    /// Pages that are needed again are loaded from the system's page cache, with a page fault for each. The method first
    /// sleeps for 100 ms, so that the new threads have run their first code.
    static func releaseProgramPagesAfterStart() {
        usleep(100_000)
        let page = UInt(max(sysconf(Int32(_SC_PAGESIZE)), 1))
        let start = (UInt(bitPattern: apus_program_start()) + page - 1) / page * page
        let end = UInt(bitPattern: apus_program_end()) / page * page
        guard end > start else { return }
        // The call is only advice: a kernel that refuses it keeps the pages.
        _ = madvise(UnsafeMutableRawPointer(bitPattern: start), Int(end - start), MADV_DONTNEED)
    }
}
