internal import PostgreSQL

/// A setting whose value differs from that of the server that was started before on the same database.
package struct DifferentSetting: Equatable, Sendable {
    /// The flag that gives the setting.
    package let name: String
    package let own: String
    /// The value of the server that was started before this one.
    package let other: String

    package init(name: String, own: String, other: String) {
        (self.name, self.own, self.other) = (name, own, other)
    }
}

/// The table, in the schema `apus`, of the settings of the server that was started last on the database.
struct ServerSettingsTable {
    let pipeline: PostgresPipeline

    /// Stores the settings of this server, and returns those that differed in the server that was started before.
    ///
    /// - Parameter settings: the values, by the flags that give them.
    func replace(by settings: [String: String]) throws -> [DifferentSetting] {
        var stored: [String: String] = [:]
        let rows = try pipeline.rows("SELECT name, value FROM apus.server_settings")
        rows.forEach { stored[$0.string(0)] = $0.string(1) }
        let changed = settings.sorted { $0.key < $1.key }.filter { stored[$0.key] != $0.value }
        for (name, value) in changed {
            let insertion = """
                INSERT INTO apus.server_settings (name, value) VALUES ($1, $2)
                ON CONFLICT (name) DO UPDATE SET value = excluded.value
                """
            try pipeline.send(insertion, [.text(name), .text(value)])
        }
        try pipeline.waitForAnswers()
        return changed.compactMap { name, value in
            stored[name].map { DifferentSetting(name: name, own: value, other: $0) }
        }
    }
}
