internal import MLflowClient
internal import PostgreSQL

extension TrackingConnection {
    /// A connection to the server that the user has named, with the credentials and settings of the environment.
    ///
    /// - Parameter agent: the name of the command in the field User-Agent.
    init(_ text: String, agent: String) throws(TrackingURIFault) {
        if let fault = TrackingURIFault(databaseFor: text, agent) { throw fault }
        try self.init(TrackingURI(text), userAgent: "\(agent)/\(apusVersion)") { Environment.process[$0] }
    }

    /// A connection to the server that has a data folder of this machine open.
    ///
    /// - Parameter owner: the address and the key that the server has written into the folder.
    init(ownerAt owner: ReachableOwner, agent: String) throws(TrackingURIFault) {
        self.init(ownerAt: try TrackingURI(owner.address), key: owner.key, userAgent: "\(agent)/\(apusVersion)")
    }
}

extension TrackingURIFault {
    /// The error for the address of a database, which some users give instead of the address of a server; nil for any other text.
    fileprivate init?(databaseFor text: String, _ agent: String) {
        guard PostgresAddress.hasScheme(text) || text.hasPrefix("sqlite:") || text.hasPrefix("sqlite+") else {
            return nil
        }
        let advice =
            switch agent {
            case "apus-push", "apus-forward":
                "To copy everything into a database of PostgreSQL, use apus import FOLDER --to postgresql://…; into a new "
                    + "database of MLflow, apus export --format mlflow-db. Or name a server of the database, such as "
                    + "http://HOST:PORT."
            case "apus-import":
                "Name a data folder by its path, a database of PostgreSQL as postgresql://…, or a server of Apus as "
                    + "http://HOST:PORT. A new database of MLflow in SQLite is written by apus export --format mlflow-db."
            default:
                "Name a server of the database, such as http://HOST:PORT. Commands that open a database itself have the option "
                    + "--backend-store-uri for its address."
            }
        self.init(detail: "this is the address of a database, not of a server", advice: advice)
    }
}
