internal import MLflowClient
internal import PostgreSQL

extension TrackingConnection {
    /// A connection to the server that a person has named, with the credentials and settings of the environment.
    ///
    /// - Parameter agent: the name of the command in the field User-Agent.
    init(_ text: String, agent: String) throws(TrackingURIFault) {
        if let fault = TrackingURIFault(databaseFor: text, agent) { throw fault }
        try self.init(TrackingURI(text), userAgent: "\(agent)/\(apusVersion)") { Environment.process[$0] }
    }

    /// A connection to the server of a data folder of this machine, at the address and with the key that it has written there.
    init(ownerAt place: ReachableOwner, agent: String) throws(TrackingURIFault) {
        let userAgent = "\(agent)/\(apusVersion)"
        self.init(ownerAt: try TrackingURI(place.address), key: place.key, userAgent: userAgent)
    }
}

extension TrackingURIFault {
    /// - Returns: nil unless the text is the address of a database, which some people give where a server is needed.
    fileprivate init?(databaseFor text: String, _ agent: String) {
        guard PostgresAddress.isOne(text) || text.hasPrefix("sqlite:") || text.hasPrefix("sqlite+") else { return nil }
        let advice =
            switch agent {
            case "apus-push", "apus-forward":
                "Into a database of PostgreSQL everything comes by apus import FOLDER --to postgresql://…, and into a new "
                    + "database of MLflow by apus export --format mlflow-db. Or name a server of the database, as "
                    + "http://HOST:PORT."
            case "apus-import":
                "Name a data folder by its path, a database of PostgreSQL as postgresql://…, or a server of Apus as "
                    + "http://HOST:PORT. A new database of MLflow in SQLite is written by apus export --format mlflow-db."
            default:
                "Name a server of the database, as http://HOST:PORT. Commands that work on a database itself take its "
                    + "address with --backend-store-uri."
            }
        self.init(detail: "this is the address of a database, not of a server", advice: advice)
    }
}
