internal import Glibc
internal import Logging

/// Formats log lines for people and passes them to the writer.
struct WriterLogHandler: LogHandler {
    let label: String
    let writer: LogWriter
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }.merging(event.metadata ?? [:]) { $1 }
        let data = all.sorted { $0.key < $1.key }.map { " \($0.key)=\(Self.quoted("\($0.value)"))" }.joined()
        writer.write("\(Self.timestamp()) \(event.level) \(label): \(event.message)\(data)")
    }

    /// A value, in quotation marks if it is empty or contains spaces.
    private static func quoted(_ value: String) -> String {
        guard value.utf8.contains(UInt8(ascii: " ")) || value.isEmpty else { return value }
        return "\"" + value.replacing("\"", with: "'") + "\""
    }

    private static func timestamp() -> String {
        var now = time(nil)
        var parts = tm()
        localtime_r(&now, &parts)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
            guard let base = text.baseAddress, strftime(base, text.count, "%Y-%m-%dT%H:%M:%S%z", &parts) > 0 else {
                return ""
            }
            return String(cString: base)
        }
    }
}
