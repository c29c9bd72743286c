internal import Budgets
package import SQLite
package import Tracking

/// What read and write sessions have in common: the database connection, and a client whose permissions are checked.
///
/// The look-ups by id, in extensions of this protocol, have a parameter for the action that the client wants to perform on the
/// object, and throw if the client may not perform it. Searches leave out objects that the client may not read.
package protocol ClientSession: AnyObject, ClientBound {
    var connection: Connection { get }
}

extension ReadSession: ClientSession {}

extension WriteSession: ClientSession {}
