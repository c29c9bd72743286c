internal import Budgets
package import SQLite
package import Tracking

/// What read and write sessions have in common: the database connection, and a client whose permissions are checked.
///
/// The look-ups by id, which stand in extensions of this protocol, are told what a thing is looked up for and fail for what the
/// client may not do with it, and searches leave out what it may not read.
package protocol ClientSession: AnyObject, ClientBound {
    var connection: Connection { get }
}

extension ReadSession: ClientSession {}

extension WriteSession: ClientSession {}
