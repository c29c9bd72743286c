internal import Files
internal import Glibc
internal import Synchronization

extension MultipartUploads {
    static let keyName = "key"
    private static let keyBytes = 32

    /// The key that signs URLs of parts: 32 random bytes in a file of the hidden folder; only the owner may read this file.
    package func signingKey() throws -> [UInt8] {
        if let key = state.withLock({ $0.key }) { return key }
        let folder = try hiddenFolder(makingIfMissing: true)
        let key = try Self.readKey(folder) ?? Self.makeKey(folder)
        return state.withLock { state in
            state.key = state.key ?? key
            return state.key ?? key
        }
    }

    private static func readKey(_ folder: Folder) throws(ArtifactError) -> [UInt8]? {
        let key = try folder.contents(of: keyName, atMost: 4_096)
        return key?.count == keyBytes ? key : nil
    }

    /// Writes the key under a temporary name first, so that no other thread reads an incomplete key.
    private static func makeKey(_ folder: Folder) throws(ArtifactError) -> [UInt8] {
        let key = randomBytes(keyBytes)
        let temporaryName = keyName + "-" + String(UInt64.random(in: .min ... .max), radix: 16)
        let file = try folder.open(temporaryName, flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
        defer { _ = folder.unlink(temporaryName) }
        try file.write(key)
        try file.synchronizeData()
        let descriptor = folder.descriptor.rawValue
        // In contrast to a rename, a link does not replace a key that another thread has made meanwhile.
        let (linked, linkCode) = retryingInterrupts { linkat(descriptor, temporaryName, descriptor, keyName, 0) }
        if linked == 0 { return key }
        if linkCode == EEXIST, let other = try readKey(folder) { return other }
        try systemCall("renameat") { renameat(descriptor, temporaryName, descriptor, keyName) }
        return key
    }

    /// Random bytes for keys, from the system's cryptographic generator.
    static func randomBytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: .min ... .max) } }
}
