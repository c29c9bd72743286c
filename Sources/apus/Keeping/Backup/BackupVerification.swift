/// Compares the files of a backup with its manifest.
struct BackupVerification {
    let folder: String
    let manifest: BackupManifest

    /// - Parameter folder: the folder of one generation.
    /// - Throws: `StartFailure`, `DiskFailure` or `BackupManifest.LaterVersion` if the manifest cannot be read.
    init(_ folder: String) throws {
        self.folder = folder
        manifest = try BackupManifest(Disk.contents(folder + "/" + BackupManifest.name), of: folder)
    }

    /// Reads every file of the backup, and returns one line for each file that is missing or was changed.
    ///
    /// - Parameter progress: is called after each file with its size in bytes.
    func faults(_ progress: (Int64) -> Void = { _ in }) -> [String] {
        var faults: [String] = []
        for (path, entry) in manifest.files.sorted(by: { $0.key < $1.key }) {
            defer { progress(entry.size) }
            do {
                let digest = try Disk.digest(manifest.location(of: path, in: folder))
                if digest.size != entry.size {
                    faults.append("\(path) has \(digest.size) bytes instead of \(entry.size)")
                } else if digest.sha256 != entry.sha256 {
                    faults.append("\(path) does not have the content that was backed up")
                }
            } catch {
                faults.append("\(path) cannot be read: \(error)")
            }
        }
        return faults
    }
}
