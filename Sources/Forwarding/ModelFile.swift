internal import ArtifactStore

/// The file `MLmodel`, which names the run and the logged model that it belongs to.
enum ModelFile {
    private static let maximumBytes: Int64 = 1_048_576

    /// The text of a file; nil for one that is too long or no text.
    static func read(_ file: OpenArtifact) -> String? {
        guard file.size <= maximumBytes, let bytes = try? file.bytes() else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The value of a member at the top.
    static func value(of key: String, in text: String) -> String? {
        for line in text.split(separator: "\n") where line.hasPrefix(key + ": ") {
            return String(line.dropFirst(key.count + 2)).replacing("'", with: "").replacing("\"", with: "")
        }
        return nil
    }

    /// The text with the ids and the location that things have elsewhere.
    static func rewritten(_ text: String, ids: [String: String], location: (here: String, there: String)) -> String {
        let moved = text.replacing("artifact_path: \(location.here)", with: "artifact_path: \(location.there)")
        return ids.reduce(moved) { $0.replacing($1.key, with: $1.value) }
    }
}
