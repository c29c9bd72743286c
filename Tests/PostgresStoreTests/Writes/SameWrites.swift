import Budgets
import PostgresStore
import TestSupport
import Tracking
import TrackingStore

/// Sends the same requests to a store over SQLite and to one over PostgreSQL, and compares what they answer.
final class SameWrites {
    let sqlite: StoreFixture
    let postgres: PostgresStoreFixture
    /// The ids that the stores have generated, which differ, with a name that both have in common.
    private var names: [(name: String, sqlite: String, postgres: String)] = []

    /// - Parameter hasAccounts: whether the store over PostgreSQL has users, tokens and an audit too.
    init(hasAccounts: Bool = false) throws {
        sqlite = try StoreFixture()
        postgres = try PostgresStoreFixture { if hasAccounts { $0.ownTables = ownTables } }
    }

    /// A request that names what `remember` has named.
    typealias Request = @Sendable (any TrackingWriting, @Sendable (String) -> String) throws -> String
    typealias Question = @Sendable (any TrackingReading, @Sendable (String) -> String) throws -> String

    /// Carries out a request of a client in both stores.
    ///
    /// - Returns: what they answer, or the error; without times, and with names instead of ids.
    func write(for caller: Caller = .server, _ request: @escaping Request) -> (sqlite: String, postgres: String) {
        let (ofSQLite, ofPostgres) = lookups
        let (first, second): (any TrackingBackend, any TrackingBackend) = (sqlite.store, postgres.store)
        return (
            shown(sqlite: answer { try first.writeNow(for: caller) { try request($0, ofSQLite) } }),
            shown(postgres: answer { try second.writeNow(for: caller) { try request($0, ofPostgres) } })
        )
    }

    func read(for caller: Caller = .server, _ question: @escaping Question) -> (sqlite: String, postgres: String) {
        let (ofSQLite, ofPostgres) = lookups
        let (first, second): (any TrackingBackend, any TrackingBackend) = (sqlite.store, postgres.store)
        return (
            shown(sqlite: answer { try first.readNow(for: caller) { try question($0, ofSQLite) } }),
            shown(postgres: answer { try second.readNow(for: caller) { try question($0, ofPostgres) } })
        )
    }

    /// Carries out a request that answers a new id, and gives the id a name.
    func remember(_ name: String, _ request: @escaping Request) throws {
        let (ofSQLite, ofPostgres) = lookups
        let ids = (try sqlite.write { try request($0, ofSQLite) }, try postgres.write { try request($0, ofPostgres) })
        names.append((name, ids.0, ids.1))
    }

    /// Functions that return the id of a name in each store; for another text, the text.
    private var lookups: (@Sendable (String) -> String, @Sendable (String) -> String) {
        let names = names
        return (
            { name in names.last { $0.name == name }?.sqlite ?? name },
            { name in names.last { $0.name == name }?.postgres ?? name }
        )
    }

    private func answer(_ body: () throws -> String) -> String {
        do { return try body() } catch let error as TrackingError { return "\(error.code): \(error.message)" } catch {
            return "\(error)"
        }
    }

    private func shown(sqlite text: String) -> String {
        names.reduce(withoutTimes(text)) { $0.replacing($1.sqlite, with: $1.name) }
    }

    private func shown(postgres text: String) -> String {
        names.reduce(withoutTimes(text)) { $0.replacing($1.postgres, with: $1.name) }
    }

    private func withoutTimes(_ text: String) -> String {
        text.replacing(#/Time: [0-9]{10,}/#, with: "Time: now")
    }
}
