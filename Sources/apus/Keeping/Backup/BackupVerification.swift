internal import Files

/// Holds a backup against its manifest.
struct BackupVerification {
    let folder: String
    let manifest: BackupManifest

    /// - Throws: `StartFailure` if even the manifest cannot be read.
    init(_ folder: String) throws {
        self.folder = folder
        manifest = try BackupManifest(Disk.contents(folder + "/" + BackupManifest.name), of: folder)
    }

    /// What is missing or was changed, a line for each file; reads every file.
    ///
    /// - Parameter progress: is told the size of each file that has been read.
    func faults(_ progress: (Int64) -> Void = { _ in }) -> [String] {
        var faults: [String] = []
        for (path, entry) in manifest.files.sorted(by: { $0.key < $1.key }) {
            defer { progress(entry.size) }
            do {
                let digest = try Disk.digest(manifest.location(of: path, in: folder))
                if digest.size != entry.size {
                    faults.append("\(path) has \(digest.size) bytes instead of \(entry.size)")
                } else if digest.sha256 != entry.sha256 {
                    faults.append("\(path) has another content than when it was backed up")
                }
            } catch {
                faults.append("\(path) cannot be read: \(error)")
            }
        }
        return faults
    }
}
