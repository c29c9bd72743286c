internal import Identities

extension RecordImporting {
    func importRegisteredModel(_ transferred: TransferredRegisteredModel, _ report: inout TransferReport) throws {
        let model = transferred.model
        guard let stored = try storedRegisteredModel(named: model.name) else {
            let isPrompt = model.tags.lastOfEachKey.contains(where: \.marksPrompt)
            try requireCreation(of: isPrompt ? .prompt : .registeredModel, named: model.name)
            let handle = try add(transferred)
            _ = try addMissing(model.tags, toRegisteredModel: handle)
            _ = try addMissing(model.aliases, to: handle)
            report.count(.registeredModel) { $0.added += 1 }
            return
        }
        guard stored.creationTime == model.creationTime else {
            report.remark(.registeredModel, model.name, TransferRemark.otherModel)
            return
        }
        _ = try requireChange(ofRegisteredModel: model.name)
        let tags = try addMissing(model.tags, toRegisteredModel: stored.handle)
        let aliases = try addMissing(model.aliases, to: stored.handle)
        let isRaised = try raiseLastVersion(of: stored.handle, to: transferred.lastVersion)
        let hasAdditions = tags.hasAdditions || aliases.hasAdditions || isRaised
        report.count(.registeredModel) { $0.countExisting(hasAdditions: hasAdditions) }
        var differences = aliases.conflicts.map { "alias '\(shortened($0))' points to another version" }
        if !model.description.isExactly(stored.description) { differences.append("different description") }
        report.remark(.registeredModel, model.name, differences: differences, tags: tags.conflicts)
    }

    func importVersion(_ transferred: TransferredModelVersion, _ report: inout TransferReport) throws {
        let version = transferred.version
        let id = TransferRecord.id(ofVersion: version)
        guard let model = try storedRegisteredModel(named: version.name) else {
            throw TrackingError.registeredModelNotFound(version.name)
        }
        guard model.creationTime == transferred.modelCreationTime else {
            report.remark(.modelVersion, id, TransferRemark.otherModel)
            return
        }
        let isPrompt = try requireChange(ofRegisteredModel: version.name)
        guard let stored = try storedVersion(number: version.version, of: model.handle) else {
            try requireCreation(of: isPrompt ? .promptVersion : .registeredModelVersion)
            try add(transferred, to: model.handle)
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
        let tags = try addMissing(version.tags, to: stored.handle, of: model.handle)
        report.count(.modelVersion) { $0.countExisting(hasAdditions: tags.hasAdditions) }
        report.remark(.modelVersion, id, differences: version.differences(from: stored.version), tags: tags.conflicts)
    }
}
