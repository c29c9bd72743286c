internal import PostgreSQL

/// Finds out whether each connection has a session of the server for itself, with its settings and prepared statements.
///
/// A pooler of connections may give one session to several clients, a transaction each. Then a setting of one client is there
/// for another one, or is gone.
struct SessionCheck {
    private let pipeline: PostgresPipeline
    private let connector: Connector

    init(_ pipeline: PostgresPipeline, _ connector: Connector) {
        self.pipeline = pipeline
        self.connector = connector
    }

    /// - Throws: `UnfitDatabase` if sessions are shared; `PostgresError`.
    func requireSession() throws {
        do {
            let word = "\(UInt64.random(in: .min ... .max))"
            _ = try pipeline.rows("SELECT set_config('apus.session', $1, false)", [.text(word)], isPrepared: false)
            let other = try connector.open(.reader)
            defer { other.close() }
            guard try Self.word(of: other) != word, try Self.word(of: pipeline) == word else { throw sharedSession }
        } catch let error as PostgresError where error.isOfPreparation {
            throw sharedSession
        }
    }

    private static func word(of pipeline: PostgresPipeline) throws -> String? {
        try pipeline.rows("SELECT current_setting('apus.session', true)", isPrepared: false).first { $0.string(0) }
    }

    private var sharedSession: UnfitDatabase {
        UnfitDatabase(
            "\(pipeline.place) is a pooler that gives a session of the server to another client after each transaction. This server "
                + "needs sessions of its own: set pool_mode = session in PgBouncer, or name the address of PostgreSQL itself."
        )
    }
}
