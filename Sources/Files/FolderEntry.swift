internal import Glibc

extension UnsafeMutablePointer<dirent> {
    /// The name of an entry that `readdir` returned; valid until the next call of `readdir`.
    ///
    /// The memory of an entry may end directly after its name, before the end of the struct, so Swift must not
    /// copy the struct or its field `d_name`.
    package var name: UnsafePointer<CChar> {
        let offset = MemoryLayout<dirent>.offset(of: \dirent.d_name) ?? 0
        return (UnsafeRawPointer(self) + offset).assumingMemoryBound(to: CChar.self)
    }
}
