internal import Files
internal import Glibc
internal import Synchronization

/// A part as the client lists it at the end.
package struct ListedPart: Sendable {
    package var number: Int
    /// As it was answered; quotes and a mark of weakness, which proxies put there, do not count.
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
    /// The file into which everything is copied when the parts in place turn out to lie at the wrong places.
    static let copyName = "copy"
    /// Holds the name of the file that becomes the artifact: when that is gone, it has become it.
    static let completionName = "completion"

    /// Takes no more parts and makes the whole file.
    ///
    /// Copies only what was kept apart; the bytes that lie in place are on the disk already. The upload takes
    /// parts again when this fails; when what follows fails, after `resume()`.
    /// - Returns: The name of the file in the upload's folder; durable, like the note that names it.
    func assemble(_ listed: [ListedPart]) throws -> String {
        let (parts, isQuiet) = try state.withLock { state in
            switch state.phase {
            case .ended: throw MultipartError.unknownUpload
            case .completing: throw MultipartError.completing
            case .open: break
            }
            try check(listed, against: state.parts)
            state.phase = .completing
            return (state.parts, state.placesInUse.isEmpty)
        }
        do {
            let name = try assemble(parts, isQuiet: isQuiet)
            try folder.write(name, to: Self.completionName)
            return name
        } catch {
            resume()
            throw error
        }
    }

    /// Takes parts again after a completion that failed.
    func resume() {
        state.withLock { $0.phase = .open }
    }

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

    /// - Parameter isQuiet: false when a connection still writes in place, whose part was sent again and has arrived
    ///   by another: the file that it writes to cannot become the artifact.
    private func assemble(_ parts: [Int: StoredPart], isQuiet: Bool) throws -> String {
        let placed = parts.filter(\.value.isInPlace)
        let partLength = state.withLock { $0.partLength } ?? 0
        var offsets: [Int: Int64] = [:]
        var size: Int64 = 0
        for (number, part) in parts.sorted(by: { $0.key < $1.key }) {
            offsets[number] = size
            size += part.length
        }
        let liesRight = isQuiet && placed.keys.allSatisfy { offsets[$0] == Int64($0 - 1) * partLength }
        // Never made anew when parts must lie in it: then it would be full of zeroes.
        let data = try folder.open(Self.dataName, flags: O_RDWR | (placed.isEmpty ? O_CREAT : 0), mode: 0o666)
        let target: Descriptor
        if liesRight {
            target = data
        } else {
            target = try folder.open(Self.copyName, flags: O_RDWR | O_CREAT | O_TRUNC, mode: 0o666)
        }
        for (number, part) in parts where !(liesRight && part.isInPlace) {
            let offset = offsets[number] ?? 0
            if part.isInPlace {
                try target.copy(data, at: Int64(number - 1) * partLength, length: part.length, to: offset)
            } else {
                let name = StoredPart.fileName(number: number, tag: part.tag)
                try target.copy(try folder.open(name, flags: O_RDONLY), length: part.length, to: offset)
            }
        }
        // The space that was taken ahead, or left by a part that was sent again with fewer bytes.
        try target.resize(to: size)
        try target.synchronizeData()
        return liesRight ? Self.dataName : Self.copyName
    }

    /// Removes all but what tells that the upload was completed.
    func removeContents() {
        for entry in (try? folder.entries()) ?? [] {
            let kept = [MultipartRecord.name, Self.completionName]
            // When a removal fails, the sweep takes the file with the folder.
            if !kept.contains(where: { entry.text == $0 }) { _ = folder.unlink(entry.name) }
        }
    }
}
