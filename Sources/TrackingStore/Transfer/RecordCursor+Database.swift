package import SQLite
package import Tracking

extension RecordCursor {
    /// Calls `body` with each record of a database, all read in one transaction.
    ///
    /// A server may use the database at the same time.
    /// - Parameter connection: a connection to a database of Apus that has all migrations.
    package static func readAll(of connection: Connection, _ body: (TransferRecord) throws -> Void) throws {
        let session = ReadSession(connection: connection)
        try connection.readTransaction {
            var cursor = RecordCursor(.everything)
            while let records = try cursor.next(session) {
                for record in records { try body(record) }
            }
        }
    }
}
