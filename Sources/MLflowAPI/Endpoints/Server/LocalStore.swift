internal import Tracking
internal import TrackingStore

extension MLflowAPI {
    /// The store in SQLite.
    ///
    /// - Throws: `.notImplemented` if the server stores its data elsewhere.
    var localStore: TrackingStore {
        get throws(TrackingError) {
            guard let local else { throw .onlyInSQLite }
            return local
        }
    }
}
