package import Identities

extension ExperimentSearch {
    /// The same search, restricted to entities that the permissions allow the client to read.
    package func within(_ permissions: Permissions) -> ExperimentSearch {
        var search = self
        search.scope = permissions.visibleExperiments(for: .experiment)
        return search
    }
}

extension RunSearch {
    /// The same search, restricted to entities that the permissions allow the client to read.
    package func within(_ permissions: Permissions) -> RunSearch {
        let visible = permissions.visibleExperiments(for: .run)
        var search = self
        search.experimentIDs.removeAll { !visible.contains($0) }
        return search
    }
}

extension LoggedModelSearch {
    /// The same search, restricted to entities that the permissions allow the client to read.
    package func within(_ permissions: Permissions) -> LoggedModelSearch {
        let visible = permissions.visibleExperiments(for: .loggedModel)
        var search = self
        search.experimentIDs.removeAll { !visible.contains($0) }
        return search
    }
}
