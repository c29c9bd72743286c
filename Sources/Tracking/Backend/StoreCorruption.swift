/// The database contains something that Apus never writes.
///
/// The server logs this error, and the client gets an internal error.
package struct StoreCorruption: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
