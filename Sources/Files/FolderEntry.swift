internal import Glibc

extension UnsafeMutablePointer<dirent> {
    /// The name of an entry that `readdir` returned; valid until the next call of it.
    ///
    /// The record ends after the name, before the end of the struct: the name is read in place, never as a tuple.
    package var name: UnsafePointer<CChar> {
        let offset = MemoryLayout<dirent>.offset(of: \dirent.d_name) ?? 0
        return (UnsafeRawPointer(self) + offset).assumingMemoryBound(to: CChar.self)
    }
}
