import Identities
import Testing

/// What grants allow together: the rules of MLflow's roles.
@Suite struct PermissionsTests {
    private func level(
        _ grants: [Grant],
        _ thing: ProtectedThing,
        defaultLevel: PermissionLevel = .none
    ) -> PermissionLevel {
        Permissions(grants, defaultLevel: defaultLevel).level(of: thing)
    }

    @Test func `without a grant the default level decides, and a positive grant never allows less`() {
        #expect(level([], .experiment(1), defaultLevel: .read) == .read)
        #expect(level([], .model("m", isPrompt: false), defaultLevel: .none) == .none)
        #expect(level([Grant(.experiment, "1", .read)], .experiment(1), defaultLevel: .edit) == .edit)
        #expect(level([Grant(.experiment, "1", .manage)], .experiment(1), defaultLevel: .read) == .manage)
    }

    @Test func `the highest of several grants for one thing counts, and a refusal before all`() {
        let grants = [Grant(.experiment, "1", .read), Grant(.experiment, "*", .edit)]
        #expect(level(grants, .experiment(1)) == .edit)
        #expect(level(grants, .experiment(2)) == .edit)
        for refusal in [Grant(.experiment, "1", .denied), Grant(.experiment, "*", .denied)] {
            #expect(level(grants + [refusal], .experiment(1), defaultLevel: .manage) == .denied)
        }
        #expect(level(grants + [Grant(.experiment, "1", .denied)], .experiment(2)) == .edit)
    }

    @Test func `a grant for runs comes before that of their experiment, which must be readable`() {
        let manager = Grant(.experiment, "1", .manage)
        #expect(level([manager], .run(inExperiment: 1)) == .manage)
        #expect(level([manager, Grant(.run, "*", .read)], .run(inExperiment: 1)) == .read)
        #expect(level([manager, Grant(.run, "*", .denied)], .run(inExperiment: 1)) == .denied)
        #expect(level([Grant(.run, "*", .edit)], .run(inExperiment: 1)) == .none)
        #expect(level([Grant(.run, "*", .edit)], .run(inExperiment: 1), defaultLevel: .read) == .edit)
        #expect(level([manager, Grant(.loggedModel, "*", .denied)], .run(inExperiment: 1)) == .manage)
    }

    @Test func `models and prompts of one name have grants of their own, by the bytes of the name`() {
        let grants = [Grant(.registeredModel, "caf\u{e9}", .edit), Grant(.prompt, "p", .denied)]
        #expect(level(grants, .model("caf\u{e9}", isPrompt: false)) == .edit)
        #expect(level(grants, .model("cafe\u{301}", isPrompt: false)) == .none)
        #expect(level(grants, .model("caf\u{e9}", isPrompt: true)) == .none)
        #expect(level(grants, .model("p", isPrompt: true), defaultLevel: .manage) == .denied)
        #expect(level(grants, .version(ofModel: "caf\u{e9}", isPrompt: false)) == .edit)
    }

    @Test func `a deletion needs what is deleted along`() {
        let manager = Grant(.experiment, "1", .manage)
        #expect(Permissions([manager], defaultLevel: .none).allowsDeletion(ofExperiment: 1))
        for type in [GrantedType.run, .loggedModel, .trace] {
            let limited = Permissions([manager, Grant(type, "*", .edit)], defaultLevel: .none)
            #expect(!limited.allowsDeletion(ofExperiment: 1))
        }
        let model = Grant(.registeredModel, "m", .manage)
        #expect(Permissions([model], defaultLevel: .none).allowsDeletion(ofModel: "m", isPrompt: false))
        let limited = Permissions([model, Grant(.registeredModelVersion, "*", .edit)], defaultLevel: .none)
        #expect(!limited.allowsDeletion(ofModel: "m", isPrompt: false))
    }

    @Test func `what is visible is what can be read`() {
        let everyDefaultLevel = PermissionLevel.allCases.filter { $0 != .denied }
        for defaultLevel in everyDefaultLevel {
            for all in [nil] + PermissionLevel.allCases {
                for own in PermissionLevel.allCases {
                    var grants = [Grant(.experiment, "1", own)]
                    if let all { grants.append(Grant(.experiment, "*", all)) }
                    let permissions = Permissions(grants, defaultLevel: defaultLevel)
                    let visible = permissions.visibleExperiments(for: .experiment)
                    for id in [Int64(1), 2] {
                        #expect(visible.contains(id) == permissions.allows(.read, on: .experiment(id)))
                    }
                }
            }
        }
        let denied = Permissions([Grant(.run, "*", .denied)], defaultLevel: .manage)
        #expect(!denied.visibleExperiments(for: .run).contains(1))
        #expect(denied.visibleExperiments(for: .loggedModel).contains(1))
    }

    @Test func `a limit to experiments leaves what was allowed there, and nothing else`() {
        let grants = [
            Grant(.experiment, "1", .edit), Grant(.experiment, "2", .denied), Grant(.registeredModel, "*", .manage),
            Grant(.run, "*", .read),
        ]
        let limited = Permissions(grants, defaultLevel: .read).limited(to: [1, 2, 3])
        #expect(limited.level(ofExperiment: 1) == .edit)
        #expect(limited.level(ofExperiment: 2) == .denied)
        #expect(limited.level(ofExperiment: 3) == .read)
        #expect(limited.level(ofExperiment: 4) == .none)
        #expect(limited.level(of: .run(inExperiment: 1)) == .read)
        #expect(limited.level(ofModel: "m", isPrompt: false) == .none)
    }

    @Test func `grants for types that are not served are folded too`() {
        let grants = [Grant(.scorer, "1/s", .edit), Grant(.scorer, "*", .read)]
        #expect(Permissions.level(of: .scorer, "1/s", in: grants, defaultLevel: .none) == .edit)
        #expect(Permissions.level(of: .scorer, "1/t", in: grants, defaultLevel: .none) == .read)
        #expect(
            Permissions.level(of: .scorer, "1/t", in: [Grant(.workspace, "*", .manage)], defaultLevel: .none) == .manage
        )
    }
}
