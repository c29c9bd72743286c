internal import Files
internal import Hashing

/// Compares the files beneath several folders path by path; folders themselves are not compared.
///
/// All folders are walked at the same time, so that memory contains only the walks and one path. The content of a file is
/// read only when another folder has a file of the same size at the same path.
package struct ArtifactComparison: Sendable {
    /// A file at the path in one of the folders.
    package struct File: Sendable, Equatable {
        /// In bytes.
        package let size: Int64
        /// The SHA-256 digest; nil if no other file at the path has the same size.
        package var digest: [UInt8]?
    }

    package enum State: String, Sendable {
        /// Every folder has the file, with the same content.
        case same
        /// Every folder has the file, but not all have the same content.
        case changed
        /// At least one folder has no file there.
        case missing
    }

    /// The result for one path.
    package struct Path: Sendable {
        package let path: String
        /// One element per folder, in their order; nil for a folder without a file at the path.
        package let files: [File?]

        package var state: State {
            guard files.allSatisfy({ $0 != nil }) else { return .missing }
            return files.allSatisfy { $0 == files[0] } ? .same : .changed
        }
    }

    package enum Step: Sendable {
        case path(Path)
        /// Content was read, and more must be read before the result for the path is known.
        case working
        case end
    }

    /// The file of one folder at the path that is being compared; empty if the folder has no file there.
    private struct Candidate {
        var entry: ArtifactWalk.Entry?
        var file: File?
    }

    /// A file whose content is being read.
    private struct Reading {
        let index: Int
        let file: OpenArtifact
        var hash = SHA256()
        var position: Int64 = 0
    }

    private static let bytesPerRead = 256 * 1_024
    private static let readsPerStep = 128

    private var walks: [ArtifactWalk]
    /// The next file of each walk; nil at its end.
    private var nextFiles: [ArtifactWalk.Entry?]
    private let digests: DigestCache
    private var candidates: [Candidate] = []
    /// The indices of the candidates that must still be read, in reverse order.
    private var unread: [Int] = []
    private var reading: Reading?

    /// - Parameter walks: one for each folder, with paths relative to the compared folder.
    /// - Throws: the errors of the first steps of the walks.
    package init(_ walks: [ArtifactWalk], digests: DigestCache) throws(ArtifactError) {
        self.walks = walks
        self.digests = digests
        nextFiles = Array(repeating: nil, count: walks.count)
        for index in walks.indices { try advance(index) }
    }

    /// Compares the next path, or reads up to 32 MiB of its files; blocks on the disk.
    ///
    /// A file that is deleted meanwhile counts as missing.
    /// - Throws: errors of the file system; the comparison cannot be continued then.
    package mutating func next() throws(ArtifactError) -> Step {
        if candidates.isEmpty {
            guard try findNextPath() else { return .end }
            queueReads()
        }
        guard try readContent() else { return .working }
        let path = candidates.first { $0.file != nil }?.entry?.path
        let files = candidates.map(\.file)
        candidates = []
        // The file may have been deleted from all folders meanwhile.
        return path.map { .path(Path(path: $0, files: files)) } ?? .working
    }

    private mutating func advance(_ index: Int) throws(ArtifactError) {
        repeat {
            nextFiles[index] = try walks[index].next()
        } while nextFiles[index]?.isDirectory == true
    }

    /// Makes the files at the smallest path of all walks the candidates, and advances these walks; returns false at the end.
    private mutating func findNextPath() throws(ArtifactError) -> Bool {
        let paths = nextFiles.compactMap { $0?.path }
        guard let first = paths.min(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) else { return false }
        candidates = nextFiles.map { next in
            guard let next, next.path.utf8.elementsEqual(first.utf8) else { return Candidate() }
            return Candidate(entry: next, file: File(size: next.size))
        }
        for index in nextFiles.indices where candidates[index].entry != nil { try advance(index) }
        return true
    }

    private mutating func queueReads() {
        let sizes = candidates.compactMap { $0.entry?.size }
        for (index, candidate) in candidates.enumerated().reversed() {
            guard let entry = candidate.entry, sizes.count(where: { $0 == entry.size }) > 1 else { continue }
            unread.append(index)
        }
    }

    /// Continues to read; returns true when all candidates that must be read have been read.
    private mutating func readContent() throws(ArtifactError) -> Bool {
        var readsLeft = Self.readsPerStep
        while true {
            if reading == nil, try !openNext() { return true }
            while var reading = self.reading {
                guard readsLeft > 0 else { return false }
                readsLeft -= 1
                try reading.file.withBytes(at: reading.position, upTo: Self.bytesPerRead) {
                    (bytes) throws(ArtifactError) in
                    reading.hash.update(bytes)
                    reading.position += Int64(bytes.count)
                }
                self.reading = reading
                if reading.position == reading.file.size { finish(reading) }
            }
        }
    }

    /// Opens the next file whose digest is not known; returns false if there is none.
    private mutating func openNext() throws(ArtifactError) -> Bool {
        while let index = unread.popLast() {
            guard let entry = candidates[index].entry else { continue }
            if let version = entry.version, let digest = digests.digest(of: version) {
                candidates[index].file?.digest = digest
                continue
            }
            do {
                reading = Reading(index: index, file: try entry.open())
                return true
            } catch .notFound {
                candidates[index].file = nil
            }
        }
        return false
    }

    private mutating func finish(_ reading: Reading) {
        let digest = reading.hash.finalize()
        candidates[reading.index].file = File(size: reading.file.size, digest: digest)
        if let version = reading.file.facts.version { digests.add(digest, of: version) }
        self.reading = nil
    }
}
