/// An object of the store, with the properties on which the access to it depends.
package enum ProtectedThing: Sendable, Equatable {
    case experiment(Int64)
    case run(inExperiment: Int64)
    case loggedModel(inExperiment: Int64)
    /// A registered model or, as MLflow keeps prompts in the same place, a prompt.
    case model(String, isPrompt: Bool)
    case version(ofModel: String, isPrompt: Bool)
}

/// The permissions of one user by the rules of MLflow's roles; needs no access to a store.
///
/// All grants with the same type and pattern are first combined: a refusal wins, otherwise the highest level. For a run
/// in a readable experiment, a grant for all runs decides; if there is none, the level on the experiment does, which is that of
/// its grants or the default for everybody.
package struct Permissions: Sendable {
    /// The level for everybody on objects for which there is no grant.
    package let defaultLevel: PermissionLevel
    /// The combined grants for all objects of a type; the other dictionaries contain those for single objects.
    private var levelsOfTypes: [GrantedType: PermissionLevel] = [:]
    private var models: [[UInt8]: PermissionLevel] = [:]
    private var prompts: [[UInt8]: PermissionLevel] = [:]
    private var experiments: [Int64: PermissionLevel] = [:]

    package init(_ grants: some Sequence<Grant>, defaultLevel: PermissionLevel) {
        self.defaultLevel = defaultLevel
        for grant in grants {
            if grant.pattern == Grant.everything {
                levelsOfTypes[grant.type] = Self.combined(levelsOfTypes[grant.type], grant.level)
            } else if grant.type == .experiment, let id = Self.experimentID(grant.pattern) {
                experiments[id] = Self.combined(experiments[id], grant.level)
            } else if grant.type == .registeredModel {
                models[Array(grant.pattern.utf8)] = Self.combined(models[Array(grant.pattern.utf8)], grant.level)
            } else if grant.type == .prompt {
                prompts[Array(grant.pattern.utf8)] = Self.combined(prompts[Array(grant.pattern.utf8)], grant.level)
            }
        }
    }

    /// Returns the id of the experiment that a pattern names; nil if the server would write the number differently.
    package static func experimentID(_ pattern: String) -> Int64? {
        Int64(pattern).flatMap { String($0).utf8.elementsEqual(pattern.utf8) ? $0 : nil }
    }

    /// Creates permissions for everything in the given experiments, and for nothing else.
    package init(within experiments: some Sequence<Int64>) {
        self.init(experiments.map { Grant(.experiment, String($0), .manage) }, defaultLevel: .none)
    }

    /// Returns these permissions, restricted to the given experiments.
    package func limited(to experiments: some Sequence<Int64>) -> Permissions {
        var limited = Permissions([], defaultLevel: .none)
        limited.levelsOfTypes = levelsOfTypes.filter { !$0.key.allowsSingleObjects }
        for id in experiments { limited.experiments[id] = level(ofExperiment: id) }
        return limited
    }

    /// Returns the level that grants give on an object of any type, including types that Apus does not serve.
    package static func level(
        of type: GrantedType,
        _ pattern: String,
        in grants: some Sequence<Grant>,
        defaultLevel: PermissionLevel
    ) -> PermissionLevel {
        var level: PermissionLevel?
        for grant in grants {
            if grant == Grant(.workspace, Grant.everything, .manage) { return .manage }
            let matches = grant.pattern == Grant.everything || grant.pattern.utf8.elementsEqual(pattern.utf8)
            if grant.type == type, matches { level = combined(level, grant.level) }
        }
        return level?.raised(to: defaultLevel) ?? defaultLevel
    }

    /// Combines two grants for the same object; nil if there is none.
    private static func combined(_ one: PermissionLevel?, _ other: PermissionLevel?) -> PermissionLevel? {
        guard let one, let other else { return one ?? other }
        return one == .denied || other == .denied ? .denied : max(one, other)
    }

    /// Returns the level of the grants for all objects of a type; nil if there is no such grant.
    private func level(ofAll type: GrantedType) -> PermissionLevel? { levelsOfTypes[type]?.raised(to: defaultLevel) }

    /// Returns the level on an experiment itself, not on its contents.
    package func level(ofExperiment id: Int64) -> PermissionLevel {
        Self.combined(experiments[id], levelsOfTypes[.experiment])?.raised(to: defaultLevel) ?? defaultLevel
    }

    /// Returns the level on a registered model or a prompt itself, not on its versions.
    package func level(ofModel name: String, isPrompt: Bool) -> PermissionLevel {
        let named = isPrompt ? prompts[Array(name.utf8)] : models[Array(name.utf8)]
        return Self.combined(named, levelsOfTypes[isPrompt ? .prompt : .registeredModel])?.raised(to: defaultLevel)
            ?? defaultLevel
    }

    package func level(of thing: ProtectedThing) -> PermissionLevel {
        switch thing {
        case .experiment(let id): return level(ofExperiment: id)
        case .model(let name, let isPrompt): return level(ofModel: name, isPrompt: isPrompt)
        case .run(let id): return level(within: level(ofExperiment: id), level(ofAll: .run))
        case .loggedModel(let id): return level(within: level(ofExperiment: id), level(ofAll: .loggedModel))
        case .version(let name, let isPrompt):
            let versions = level(ofAll: isPrompt ? .promptVersion : .registeredModelVersion)
            return level(within: level(ofModel: name, isPrompt: isPrompt), versions)
        }
    }

    /// Returns `own` or, if it is nil, the level on the container; an object in an unreadable container is unreadable too.
    private func level(within container: PermissionLevel, _ own: PermissionLevel?) -> PermissionLevel {
        container < .read ? container : own ?? container
    }

    package func allows(_ action: PermittedAction, on thing: ProtectedThing) -> Bool {
        level(of: thing) >= action.level
    }

    /// Whether no grant forbids creating an object of the type; the caller checks the permission on its container.
    package func allowsCreation(of type: GrantedType, named name: String? = nil) -> Bool {
        switch (type, name) {
        case (.registeredModel, let name?): Self.combined(models[Array(name.utf8)], levelsOfTypes[type]) != .denied
        case (.prompt, let name?): Self.combined(prompts[Array(name.utf8)], levelsOfTypes[type]) != .denied
        default: levelsOfTypes[type] != .denied
        }
    }

    /// Whether an experiment may be deleted or restored, with all that it contains.
    package func allowsDeletion(ofExperiment id: Int64) -> Bool {
        let contained: [GrantedType] = [.run, .trace, .loggedModel, .assessment, .reviewQueue, .scorer, .scorerVersion]
        return level(ofExperiment: id) >= .manage && contained.allSatisfy { level(ofAll: $0) ?? .manage >= .manage }
    }

    /// Whether a registered model or prompt may be deleted, with its versions.
    package func allowsDeletion(ofModel name: String, isPrompt: Bool) -> Bool {
        let versions = level(ofAll: isPrompt ? .promptVersion : .registeredModelVersion)
        return level(ofModel: name, isPrompt: isPrompt) >= .manage && versions ?? .manage >= .manage
    }

    /// Returns the experiments that can be read and whose objects of a type, such as runs, can be read too.
    package func visibleExperiments(for type: GrantedType) -> VisibleThings<Int64> {
        if type != .experiment, levelsOfTypes[type] == .denied { return .only([]) }
        return visible(experiments, levelsOfTypes[.experiment])
    }

    /// Returns the names of the registered models that can be read.
    ///
    /// - Parameter type: the type of the objects that are listed: the models themselves or their versions.
    package func visibleModels(for type: GrantedType) -> VisibleThings<[UInt8]> {
        if type != .registeredModel, levelsOfTypes[type] == .denied { return .only([]) }
        return visible(models, levelsOfTypes[.registeredModel])
    }

    /// Returns the names of the prompts that can be read.
    package func visiblePrompts(for type: GrantedType) -> VisibleThings<[UInt8]> {
        if type != .prompt, levelsOfTypes[type] == .denied { return .only([]) }
        return visible(prompts, levelsOfTypes[.prompt])
    }

    private func visible<ID>(_ named: [ID: PermissionLevel], _ all: PermissionLevel?) -> VisibleThings<ID> {
        func isVisible(_ level: PermissionLevel?) -> Bool {
            (Self.combined(level, all)?.raised(to: defaultLevel) ?? defaultLevel) >= .read
        }
        let others = isVisible(nil)
        let exceptions = Set(named.filter { isVisible($0.value) != others }.keys)
        return others ? .except(exceptions) : .only(exceptions)
    }
}

/// The set of the objects that can be read.
package enum VisibleThings<ID: Hashable & Sendable>: Sendable {
    case only(Set<ID>)
    case except(Set<ID>)

    package func contains(_ id: ID) -> Bool {
        switch self {
        case .only(let ids): ids.contains(id)
        case .except(let ids): !ids.contains(id)
        }
    }
}
