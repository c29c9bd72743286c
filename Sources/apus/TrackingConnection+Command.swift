internal import MLflowClient

extension TrackingConnection {
    /// A connection to the server that a person has named, with the credentials and settings of the environment.
    ///
    /// - Parameter agent: the name of the command in the field User-Agent.
    init(_ text: String, agent: String) throws(TrackingURIFault) {
        try self.init(TrackingURI(text), userAgent: "\(agent)/\(apusVersion)") { Environment.process[$0] }
    }

    /// A connection to the server of a data folder of this machine, at the address and with the key that it has written
    /// there.
    init(ownerAt place: ReachableOwner, agent: String) throws(TrackingURIFault) {
        let userAgent = "\(agent)/\(apusVersion)"
        self.init(ownerAt: try TrackingURI(place.address), key: place.key, userAgent: userAgent)
    }
}
