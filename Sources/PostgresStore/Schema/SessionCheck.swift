internal import PostgreSQL

/// Checks that each connection has a database session of its own, with the connection's settings and prepared statements.
///
/// A connection pooler may give a session to another client after each transaction. The settings of one client then affect the
/// other client, or are lost.
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
            let marker = "\(UInt64.random(in: .min ... .max))"
            _ = try pipeline.rows("SELECT set_config('apus.session', $1, false)", [.text(marker)], isPrepared: false)
            let other = try connector.open(.reader)
            defer { other.close() }
            let isOwn = try Self.marker(of: other) != marker && Self.marker(of: pipeline) == marker
            guard isOwn else { throw sharedSession }
        } catch let error as PostgresError where error.hasOutdatedStatements {
            throw sharedSession
        }
    }

    private static func marker(of pipeline: PostgresPipeline) throws -> String? {
        try pipeline.rows("SELECT current_setting('apus.session', true)", isPrepared: false).first { $0.string(0) }
    }

    private var sharedSession: UnfitDatabase {
        UnfitDatabase(
            "\(pipeline.displayURI) is a connection pooler that gives a session to another client after each transaction. "
                + "This server needs sessions of its own: set pool_mode = session in PgBouncer, or give the address of "
                + "PostgreSQL itself."
        )
    }
}
