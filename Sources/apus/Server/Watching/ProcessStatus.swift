internal import Glibc

/// The facts that the kernel reports about this process.
enum ProcessStatus {
    /// The number of threads of this process; 0 if it is unknown.
    static var threads: Int {
        guard let folder = opendir("/proc/self/task") else { return 0 }
        defer { closedir(folder) }
        var count = 0
        while let entry = readdir(folder) {
            if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
        }
        return count
    }
}
