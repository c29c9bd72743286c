internal import Files
internal import Glibc
internal import Synchronization

/// A part as the client lists it when it completes the upload.
package struct ListedPart: Sendable {
    package var number: Int
    /// The entity tag that the server has returned; quotes, and the `W/` that proxies may add, are ignored.
    package var entityTag: String

    package init(number: Int, entityTag: String) {
        self.number = number
        self.entityTag = entityTag
    }

    var tag: String {
        let strong = entityTag.hasPrefix("W/") ? entityTag.dropFirst(2) : entityTag[...]
        return strong.filter { $0 != "\"" }
    }
}

extension MultipartUpload {
    /// The file to which all parts are copied if the shared file cannot become the artifact, because parts have wrong
    /// offsets in it or a connection still writes to it.
    static let copyName = "copy"
    /// The file that contains the name of the assembled file, which is one of `fileNames`.
    ///
    /// If the assembled file does not exist any more, it has been moved to the target: the upload is complete.
    static let completionName = "completion"
    /// The possible names of the assembled file, which becomes the artifact.
    static let fileNames = [dataName, copyName]

    /// Stops accepting parts and builds the complete file.
    ///
    /// Only parts in their own files are copied, unless the shared file cannot become the artifact. If this function
    /// fails, the upload accepts parts again; if a later step fails, the caller must call `resume()`.
    /// - Returns: the name of the file in the upload's folder. The file and its name in `completionName` are durable.
    func assemble(_ listed: [ListedPart]) throws -> String {
        try readJournal()
        let (parts, hasNoWriter) = try state.withLock { state in
            switch state.phase {
            case .ended: throw MultipartError.unknownUpload
            case .completing: throw MultipartError.completing
            case .open: break
            }
            try check(listed, against: state.parts)
            state.phase = .completing
            return (state.parts, state.partsOfSharedFile.isEmpty)
        }
        do {
            let name = try assemble(parts, hasNoWriter: hasNoWriter)
            try folder.write(name, to: Self.completionName)
            return name
        } catch {
            resume()
            throw error
        }
    }

    /// Accepts parts again after a completion that failed.
    func resume() { state.withLock { $0.phase = .open } }

    private func check(_ listed: [ListedPart], against parts: [Int: StoredPart]) throws {
        let numbers = 1..<(record.partCount + 1)
        if let missing = numbers.first(where: { parts[$0] == nil }) {
            throw MultipartError.missingPart(missing, count: numbers.count { parts[$0] == nil })
        }
        var unlisted = Set(numbers)
        for part in listed {
            guard let stored = parts[part.number] else { throw MultipartError.unknownPart(part.number) }
            guard stored.tag == part.tag else { throw MultipartError.changedPart(part.number) }
            unlisted.remove(part.number)
        }
        if let number = unlisted.min() { throw MultipartError.unlistedPart(number) }
    }

    /// - Parameter hasNoWriter: false if a connection of this process still writes to the shared file, although its part
    ///   has arrived through another connection. The shared file then cannot become the artifact. The same holds if a
    ///   connection of another server still writes to it, which a lock shows.
    private func assemble(_ parts: [Int: StoredPart], hasNoWriter: Bool) throws -> String {
        let sharedParts = parts.filter(\.value.isInSharedFile)
        var offsets: [Int: Int64] = [:]
        var size: Int64 = 0
        for (number, part) in parts.sorted(by: { $0.key < $1.key }) {
            offsets[number] = size
            size += part.length
        }
        // If parts are in the shared file, it must exist: a new file would contain zeros instead of the parts.
        let data = try folder.open(Self.dataName, flags: O_RDWR | (sharedParts.isEmpty ? O_CREAT : 0), mode: 0o666)
        let usesSharedFile = hasNoWriter && data.lock() && sharedParts.allSatisfy { offsets[$0.key] == $0.value.offset }
        let copiedBytes = parts.values.reduce(0) { $0 + (usesSharedFile && $1.isInSharedFile ? 0 : $1.length) }
        try freeSpace?.requireRoom(for: copiedBytes)
        let copyFlags = O_RDWR | O_CREAT | O_TRUNC
        let target = usesSharedFile ? data : try folder.open(Self.copyName, flags: copyFlags, mode: 0o666)
        for (number, part) in parts where !(usesSharedFile && part.isInSharedFile) {
            let offset = offsets[number] ?? 0
            if let start = part.offset {
                try target.copy(data, at: start, length: part.length, to: offset)
            } else {
                try target.copy(try fileOfPart(number, part), length: part.length, to: offset)
            }
        }
        // Cuts off space that was allocated ahead, or that an earlier, longer version of the last part has left.
        try target.resize(to: size)
        try target.synchronizeData()
        return usesSharedFile ? Self.dataName : Self.copyName
    }

    private func fileOfPart(_ number: Int, _ part: StoredPart) throws -> Descriptor {
        do {
            return try folder.open(StoredPart.fileName(number: number, tag: part.tag), flags: O_RDONLY)
        } catch ArtifactError.notFound {
            // Another server has received another version of the part meanwhile.
            throw MultipartError.changedPart(number)
        }
    }

    /// Removes all files but those that show that the upload was completed.
    func removeContents() {
        for entry in (try? folder.entries()) ?? [] {
            let kept = [MultipartRecord.name, Self.completionName]
            // If a removal fails, `removeExpired` removes the file with the folder.
            if !kept.contains(where: { entry.text == $0 }) { _ = folder.unlink(entry.name) }
        }
    }
}
