internal import ArtifactStore

/// Reads and rewrites the file `MLmodel`, which names the run and the logged model that it belongs to.
enum ModelFile {
    private static let maximumBytes: Int64 = 1_048_576

    /// The text of a file; nil if it has more than 1 MiB or is not UTF-8.
    static func read(_ file: OpenArtifact) -> String? {
        guard file.size <= maximumBytes, let bytes = try? file.bytes() else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The value of a key at the top level of the YAML text, without quotes; nil if the key is missing.
    static func value(of key: String, in text: String) -> String? {
        for line in text.split(separator: "\n") where line.hasPrefix(key + ": ") {
            return String(line.dropFirst(key.count + 2)).replacing("'", with: "").replacing("\"", with: "")
        }
        return nil
    }

    /// Replaces ids and the artifact location in the text with those of the upstream.
    ///
    /// - Parameter ids: the upstream's ids, by the ids in this store.
    static func rewritten(_ text: String, ids: [String: String], location: (local: String, remote: String)) -> String {
        let moved = text.replacing("artifact_path: \(location.local)", with: "artifact_path: \(location.remote)")
        return ids.reduce(moved) { $0.replacing($1.key, with: $1.value) }
    }
}
