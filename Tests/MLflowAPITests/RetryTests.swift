import Budgets
import JSON
import MLflowAPI
import TestSupport
import Testing
import Tracking
import TrackingStore

/// The answers to a creation that a client sends twice.
@Suite struct RetryTests {
    /// A route, a body, and the answer's member that identifies the created thing; nil if the second request fails.
    struct Route: Sendable, CustomTestStringConvertible {
        var path: String
        var body: String
        var isRefusedAgain = false

        var testDescription: String { path }
    }

    private static let routes: [Route] = [
        Route(path: "runs/create", body: #"{"experiment_id":"0","start_time":7,"tags":[{"key":"a","value":"b"}]}"#),
        Route(path: "model-versions/create", body: #"{"name":"m","source":"s3://b/x"}"#),
        Route(path: "logged-models", body: #"{"experiment_id":"0","name":"l"}"#),
        Route(path: "experiments/create", body: #"{"name":"e"}"#, isRefusedAgain: true),
        Route(path: "registered-models/create", body: #"{"name":"r"}"#, isRefusedAgain: true),
    ]

    private let fixture: APIFixture
    private let peer = Peer(address: "192.0.2.1")

    init() throws {
        fixture = try APIFixture()
        #expect(try fixture.post("registered-models/create", #"{"name":"m"}"#).status == 200)
    }

    @Test(arguments: routes)
    func `a creation whose answer was lost is answered with what it made`(route: Route) throws {
        let broken = Caller(peer: peer)
        let first = try fixture.post(route.path, route.body, from: broken)
        broken.leave()
        for _ in 0..<2 {
            let again = try fixture.post(route.path, route.body, from: Caller(peer: peer))
            #expect(again.status == 200)
            #expect(again.text == first.text)
        }
    }

    @Test(arguments: routes)
    func `a creation whose answer arrived is made anew`(route: Route) throws {
        let caller = Caller(peer: peer)
        let first = try fixture.post(route.path, route.body, from: caller)
        caller.didReceiveAnswer()
        try expectAnother(than: first, route, from: caller)
        caller.didReceiveAnswer()
        caller.leave()
        try expectAnother(than: first, route, from: Caller(peer: peer))
    }

    @Test(arguments: routes)
    func `a creation that another client asks for meanwhile is made anew`(route: Route) throws {
        let first = try fixture.post(route.path, route.body, from: Caller(peer: peer))
        try expectAnother(than: first, route, from: Caller(peer: peer))
    }

    @Test(arguments: routes)
    func `a creation is another's from another address and with another body`(route: Route) throws {
        let broken = Caller(peer: peer)
        let first = try fixture.post(route.path, route.body, from: broken)
        broken.leave()
        try expectAnother(than: first, route, from: Caller(peer: Peer(address: "192.0.2.2")))
        var other = route
        other.body = route.body + " "
        try expectAnother(than: first, other, from: Caller(peer: peer))
    }

    @Test func `a run without a time is made anew`() throws {
        let route = Route(path: "runs/create", body: #"{"experiment_id":"0"}"#)
        let broken = Caller(peer: peer)
        let first = try fixture.post(route.path, route.body, from: broken)
        broken.leave()
        try expectAnother(than: first, route, from: Caller(peer: peer))
    }

    @Test(arguments: routes)
    func `nothing is recognised where that is switched off`(route: Route) throws {
        let fixture = try APIFixture { settings, _ in settings.recognizesRetries = false }
        #expect(try fixture.post("registered-models/create", #"{"name":"m"}"#).status == 200)
        let broken = Caller(peer: peer)
        let first = try fixture.post(route.path, route.body, from: broken)
        broken.leave()
        let again = try fixture.post(route.path, route.body, from: Caller(peer: peer))
        #expect(again.status == (route.isRefusedAgain ? 400 : 200))
        #expect(again.text != first.text)
    }

    @Test func `many lost answers do not hide a new one, and are forgotten from the oldest on`() throws {
        func body(_ number: Int) -> String { #"{"experiment_id":"0","start_time":\#(number)}"# }
        var answers: [String] = []
        for number in 1...600 {
            let broken = Caller(peer: peer)
            answers.append(try fixture.post("runs/create", body(number), from: broken).text)
            broken.leave()
        }
        #expect(try fixture.post("runs/create", body(600), from: Caller(peer: peer)).text == answers[599])
        #expect(try fixture.post("runs/create", body(1), from: Caller(peer: peer)).text != answers[0])
    }

    @Test func `what a failed commit made is not answered`() throws {
        let broken = Caller(peer: peer)
        broken.leave()
        let body = Array(#"{"experiment_id":"0","start_time":1}"#.utf8)
        let creation = try #require(Creation("run", body: body, caller: broken))
        let new = NewRun(experimentID: 0, userID: "", name: "n", startTime: 1, tags: [])
        struct Failure: Error {}
        let stored = fixture.stored
        #expect(throws: Failure.self) {
            try stored.write { session in
                _ = try session.creations.answer(to: creation, canReturn: { _ in true }) { try session.createRun(new) }
                throw Failure()
            }
        }
        let runID = try stored.write { session in
            try session.creations.answer(to: creation, canReturn: { _ in true }) {
                try session.createRun(new).info.runID
            }
        }
        #expect(try stored.read { try $0.runInfo(id: runID) }.startTime == 1)
    }

    private func expectAnother(than first: Reply, _ route: Route, from caller: Caller) throws {
        let again = try fixture.post(route.path, route.body, from: caller)
        if route.isRefusedAgain {
            #expect(again.error.hasPrefix("400 RESOURCE_ALREADY_EXISTS"))
        } else {
            #expect(again.status == 200)
            #expect(again.text != first.text)
        }
    }
}

/// Runs with ids that the clients chose.
@Suite struct ChosenRunIDTests {
    private let fixture: APIFixture
    private static let id = "0123456789abcdef0123456789abcdef"

    init() throws {
        fixture = try APIFixture()
    }

    private func create(_ members: String, id: String = id) throws -> Reply {
        try fixture.post("runs/create", #"{"run_id":"\#(id)","experiment_id":"0",\#(members)}"#)
    }

    @Test func `the run has the id, and the same request finds it`() throws {
        let members = #""start_time":1,"user_id":"u","run_name":"n","tags":[{"key":"a","value":"b"}]"#
        let first = try create(members)
        #expect(try first.member("run", "info", "run_id").string == Self.id)
        #expect(try first.member("run", "info", "artifact_uri").string == "mlflow-artifacts:/0/\(Self.id)/artifacts")
        let again = try create(members)
        #expect(again.status == 200)
        #expect(try again.member("run", "info").canonicalText == first.member("run", "info").canonicalText)
        #expect(try fixture.stored.read { try $0.runCount() } == 1)
    }

    @Test(arguments: [
        #""start_time":2,"user_id":"u","run_name":"n""#, #""start_time":1,"user_id":"v","run_name":"n""#,
        #""start_time":1,"user_id":"u","run_name":"o""#,
        #""start_time":1,"user_id":"u","run_name":"n","tags":[{"key":"a","value":"c"}]"#,
    ])
    func `another request finds the id taken`(members: String) throws {
        _ = try create(#""start_time":1,"user_id":"u","run_name":"n","tags":[{"key":"a","value":"b"}]"#)
        #expect(try create(members).error.hasPrefix("400 RESOURCE_ALREADY_EXISTS Another run has the id"))
    }

    @Test func `the id of a deleted run is taken`() throws {
        _ = try create(#""start_time":1"#)
        _ = try fixture.post("runs/delete", #"{"run_id":"\#(Self.id)"}"#)
        #expect(try create(#""start_time":1"#).error.hasPrefix("400 RESOURCE_ALREADY_EXISTS"))
    }

    @Test(arguments: ["x", "0123456789ABCDEF0123456789ABCDEF", "../../../../../../../../etc/passw"])
    func `an id of another form is refused`(id: String) throws {
        #expect(try create(#""start_time":1"#, id: id).error.hasPrefix("400 INVALID_PARAMETER_VALUE Invalid value"))
    }
}
