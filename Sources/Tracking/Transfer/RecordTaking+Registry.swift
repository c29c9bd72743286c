internal import Identities

extension RecordTaking {
    func take(_ transferred: TransferredRegisteredModel, _ report: inout TransferReport) throws {
        let model = transferred.model
        guard let stored = try takenRegisteredModel(model.name) else {
            let isPrompt = model.tags.lastOfEachKey.contains(where: \.marksPrompt)
            try requireCreation(of: isPrompt ? .prompt : .registeredModel, named: model.name)
            let key = try add(transferred)
            _ = try complete(model.tags, ofRegisteredModel: key)
            _ = try complete(model.aliases, of: key)
            report.count(.registeredModel) { $0.added += 1 }
            return
        }
        guard stored.creationTime == model.creationTime else {
            report.remark(.registeredModel, model.name, TransferRemark.otherModel)
            return
        }
        _ = try requireChange(ofRegisteredModel: model.name)
        let tags = try complete(model.tags, ofRegisteredModel: stored.key)
        let aliases = try complete(model.aliases, of: stored.key)
        let isRaised = try raiseLastVersion(of: stored.key, to: transferred.lastVersion)
        report.count(.registeredModel) { $0.note(isCompleted: tags.isCompleted || aliases.isCompleted || isRaised) }
        var differences = aliases.conflicts.map { "alias '\(shortened($0))' of another version" }
        if !model.description.isExactly(stored.description) { differences.append("another description") }
        report.remark(.registeredModel, model.name, differences: differences, tags: tags.conflicts)
    }

    func take(_ transferred: TransferredModelVersion, _ report: inout TransferReport) throws {
        let version = transferred.version
        let id = TransferRecord.id(ofVersion: version)
        guard let model = try takenRegisteredModel(version.name) else {
            throw TrackingError.registeredModelNotFound(version.name)
        }
        guard model.creationTime == transferred.modelCreationTime else {
            report.remark(.modelVersion, id, TransferRemark.otherModel)
            return
        }
        let isPrompt = try requireChange(ofRegisteredModel: version.name)
        guard let stored = try takenVersion(version.version, of: model.key) else {
            try requireCreation(of: isPrompt ? .promptVersion : .registeredModelVersion)
            try add(transferred, to: model.key)
            report.count(.modelVersion) { $0.added += 1 }
            return
        }
        guard stored.version.creationTime == version.creationTime else {
            report.remark(.modelVersion, id, TransferRemark.otherVersion)
            return
        }
        try require(
            .update,
            on: .version(ofModel: version.name, isPrompt: isPrompt),
            orThrow: .registeredModelNotFound(version.name)
        )
        let tags = try complete(version.tags, of: stored.key, of: model.key)
        report.count(.modelVersion) { $0.note(isCompleted: tags.isCompleted) }
        report.remark(.modelVersion, id, differences: version.differences(from: stored.version), tags: tags.conflicts)
    }
}
