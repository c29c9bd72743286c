internal import Budgets
package import SQLite
package import Tracking

/// What read and write sessions have in common: the database connection, and a client whose permissions are checked.
///
/// Look-ups by id, in extensions of this protocol, get the action for which an object is looked up, and fail if the client may
/// not carry it out. Searches leave out objects that the client may not read.
package protocol ClientSession: AnyObject, ClientBound {
    var connection: Connection { get }
}

extension ReadSession: ClientSession {}

extension WriteSession: ClientSession {}
