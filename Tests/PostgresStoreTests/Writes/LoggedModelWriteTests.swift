import PostgresStore
import TestSupport
import Testing
import Tracking
import TrackingStore

@Suite(.enabled(if: postgresServer != nil, "APUS_TEST_POSTGRES names no server"))
struct LoggedModelWriteTests {
    private let stores: SameWrites

    init() throws {
        stores = try SameWrites()
        try stores.remember("RUN") { session, _ in
            let new = NewRun(experimentID: 0, userID: "", name: "r", startTime: 1, tags: [])
            return try session.createRun(new).info.runID
        }
        try stores.remember("MODEL") { session, id in
            let new = NewLoggedModel(
                experimentID: 0,
                name: "m",
                modelType: "agent",
                sourceRunID: id("RUN"),
                params: [Param(key: "p", value: "1")],
                tags: [Tag(key: "t", value: "1")]
            )
            return try session.createLoggedModel(new).info.modelID
        }
    }

    private func expectSame(_ request: @escaping SameWrites.Request) {
        let answers = stores.write(request)
        #expect(answers.postgres == answers.sqlite)
        let models = stores.read { session, id in "\(try session.loggedModel(id: id("MODEL"), allowsDeleted: true))" }
        #expect(models.postgres == models.sqlite)
    }

    @Test func `a model is changed step by step, as over SQLite`() {
        expectSame { session, id in "\(try session.finalizeLoggedModel(id("MODEL"), status: .ready))" }
        expectSame { session, id in
            try session.logLoggedModelParams(
                [Param(key: "q", value: ""), Param(key: "é", value: "x")],
                modelID: id("MODEL")
            )
            return ""
        }
        expectSame { session, id in
            try session.logLoggedModelParams(
                [Param(key: "new", value: "1"), Param(key: "p", value: "1")],
                modelID: id("MODEL")
            )
            return ""
        }
        expectSame { session, id in
            let tags = [Tag(key: "t", value: "2"), Tag(key: "u", value: "3"), Tag(key: "t", value: "4")]
            try session.setLoggedModelTags(tags, modelID: id("MODEL"))
            return ""
        }
        for _ in 0..<2 {
            expectSame { session, id in
                try session.deleteLoggedModelTag(key: "u", modelID: id("MODEL"))
                return ""
            }
        }
        for _ in 0..<2 {
            expectSame { session, id in
                try session.deleteLoggedModel(id("MODEL"))
                return ""
            }
        }
        let answers = stores.read { session, id in "\(try session.loggedModel(id: id("MODEL"), allowsDeleted: false))" }
        #expect(answers.postgres == answers.sqlite)
    }

    @Test func `unknown models and experiments have the same errors`() {
        expectSame { session, _ in "\(try session.finalizeLoggedModel("gone", status: .ready))" }
        expectSame { session, _ in
            try session.deleteLoggedModelTag(key: "u", modelID: "gone")
            return ""
        }
        expectSame { session, _ in
            try session.logLoggedModelParams([], modelID: "gone")
            return ""
        }
        expectSame { session, _ in
            let new = NewLoggedModel(experimentID: 9, name: "", modelType: "", sourceRunID: "", params: [], tags: [])
            return "\(try session.createLoggedModel(new))"
        }
    }
}
