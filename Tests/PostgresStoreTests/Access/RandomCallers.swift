import Budgets
import Identities
import TestSupport

/// Clients with random rights: users, and holders of tokens that may be limited to experiments.
struct RandomCallers {
    private var generator: SeededGenerator
    private let experiments: [Int64]
    private let models: [String]
    private let unlimited: Int

    /// - Parameters:
    ///   - experiments: those that grants name.
    ///   - models: the registered models and prompts that grants name.
    ///   - unlimited: how many percent of the clients may do everything.
    init(seed: UInt64, experiments: [Int64], models: [String], unlimited: Int = 10) {
        self.unlimited = unlimited
        generator = SeededGenerator(seed: seed)
        self.experiments = experiments
        self.models = models
    }

    private mutating func one<Element>(of elements: [Element]) -> Element {
        elements[Int.random(in: elements.indices, using: &generator)]
    }

    /// A client, and what it may do for messages.
    mutating func next() -> (Caller, String) {
        let grants = (0..<Int.random(in: 0...6, using: &generator)).map { _ in grant() }
        let defaultLevel = one(of: [PermissionLevel.none, .read, .edit, .manage])
        let limits = experiments.filter { _ in Bool.random(using: &generator) }
        let permissions = Permissions(grants, defaultLevel: defaultLevel)
        let identities = [
            Identity(.user, name: "ana", permissions: permissions),
            Identity(.outsider, name: "eve", permissions: permissions),
            Identity(.user, name: "bo", permissions: permissions.limited(to: limits), hidesUnreadable: true),
            Identity(.token, name: "ci", permissions: Permissions(within: limits), hidesUnreadable: true),
        ]
        let isUnlimited = Int.random(in: 0..<100, using: &generator) < unlimited
        let identity = isUnlimited ? nil : one(of: identities)
        let shown = grants.map { "\($0.type) \($0.pattern) \($0.level)" }.joined(separator: ", ")
        let caller = Caller(peer: Peer(address: "192.0.2.1"), identity: identity)
        return (caller, "\(identity?.name ?? "nobody") \(defaultLevel) [\(shown)] \(limits)")
    }

    private mutating func grant() -> Grant {
        let type = one(of: [
            GrantedType.experiment, .experiment, .registeredModel, .registeredModel, .prompt, .run, .loggedModel,
            .registeredModelVersion, .promptVersion,
        ])
        let names = type == .experiment ? experiments.map(String.init) : models
        let pattern =
            type.allowsSingleObjects && !names.isEmpty && Int.random(in: 0..<4, using: &generator) > 0
            ? one(of: names) : Grant.everything
        return Grant(type, pattern, one(of: [.denied, .read, .read, .edit, .manage, .manage]))
    }
}
