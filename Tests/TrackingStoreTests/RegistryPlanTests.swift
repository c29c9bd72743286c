import Filter
import SQLite
import TestSupport
import Testing
import Tracking
import TrackingStore

/// Tests the query plans of the statements that searches of the registry really run.
@Suite struct RegistryPlanTests {
    @Test(
        arguments: [
            ("", "", "model_versions_by_update"),
            ("", "version_number", "model_versions_by_version "),
            ("", "version_number DESC", "model_versions_by_version_descending"),
            ("", "name", "model_versions_by_name"),
            ("name = 'm1'", "", "model_versions_by_model"),
            ("name = 'm1'", "version_number DESC", "model_versions_by_name"),
            ("run_id = 'r1'", "", "model_versions_by_run"),
            ("version_number > 0", "", "model_versions_by_update"),
            ("name LIKE 'm%'", "", "model_versions_by_update"),
            ("tags.common = 'x'", "", "model_versions_by_update"),
        ]
    )
    func `a search of versions walks the index of its order and sorts nothing`(
        filter: String,
        order: String,
        index: String
    ) throws {
        let plan = try Self.plan(Self.fixture(), of: .modelVersions, filter, order) { session, search in
            _ = try session.findModelVersions(search)
        }
        #expect((plan + " ").contains("INDEX \(index)"), "\(plan)")
        #expect(!plan.contains("TEMP B-TREE"), "\(plan)")
    }

    @Test(
        arguments: [
            ("creation_timestamp", "model_versions_by_creation"),
            ("creation_timestamp DESC", "model_versions_by_creation"),
            ("last_updated_timestamp", "model_versions_by_update"), ("name DESC", "model_versions_by_name"),
        ]
    )
    func `a search of versions by another order sorts only those that are equal in its first term`(
        order: String,
        index: String
    ) throws {
        let plan = try Self.plan(Self.fixture(), of: .modelVersions, "", order) { session, search in
            _ = try session.findModelVersions(search)
        }
        #expect(plan.contains("INDEX \(index)") && !plan.contains("B-TREE FOR ORDER BY"), "\(plan)")
    }

    @Test func `a later page begins where the last one ended`() throws {
        let fixture = try Self.fixture()
        let first = RegistrySearch(filter: [], orderings: [], maxResults: 2, pageToken: nil)
        let token = try fixture.read { try $0.findModelVersions(first).nextPageToken }
        let plan = try Self.plan(fixture, of: .modelVersions, "", "", pageToken: token) {
            session,
            search in
            _ = try session.findModelVersions(search)
        }
        #expect(plan.contains("last_updated_time<") && !plan.contains("TEMP B-TREE"), "\(plan)")
    }

    @Test func `a rare tag is looked up`() throws {
        let plan = try Self.plan(Self.fixture(), of: .modelVersions, "tags.rare = 'x'", "") { session, search in
            let page = try session.findModelVersions(search)
            #expect(page.count == 1)
        }
        #expect(plan.contains("INDEX model_version_tags_by_value"), "\(plan)")
    }

    @Test(
        arguments: [
            ("", "", "registered_models_by_name"), ("", "timestamp DESC", "registered_models_by_update"),
            ("tags.`mlflow.prompt.is_prompt` = 'true'", "", "registered_models_by_name"),
        ]
    )
    func `a search of models walks the index of its order and sorts nothing`(
        filter: String,
        order: String,
        index: String
    ) throws {
        let plan = try Self.plan(Self.fixture(), of: .registeredModels, filter, order) { session, search in
            _ = try session.findRegisteredModels(search)
        }
        #expect(plan.contains("INDEX \(index)") && !plan.contains("TEMP B-TREE"), "\(plan)")
    }

    @Test func `a model and its versions are read by indexes`() throws {
        let fixture = try Self.fixture()
        let key = try ModelVersionKey(name: "m1", version: "1")
        let plans = try fixture.read { session in
            _ = try session.registeredModel(named: "m1")
            _ = try session.modelVersion(key)
            _ = try session.latestVersions(ofModel: "m1")
            return try queryPlans(of: session.connection)
        }
        #expect(plans.contains { $0.contains("model_versions_by_stage") }, "\(plans)")
        #expect(!plans.contains { $0.contains("SCAN latest") || $0.contains("SCAN version") }, "\(plans)")
    }

    /// The plans of the statements that found the rows of the pages.
    private static func plan(
        _ fixture: StoreFixture,
        of subject: SearchSubject,
        _ filter: String,
        _ order: String,
        pageToken: String? = nil,
        _ work: @escaping @Sendable (ReadSession, RegistrySearch) throws -> Void
    ) throws -> String {
        let search = RegistrySearch(
            filter: try parseFilter(filter, for: subject),
            orderings: try parseOrderBy(order.isEmpty ? [] : [order], for: subject),
            maxResults: 2,
            pageToken: pageToken
        )
        return try fixture.read { session in
            try work(session, search)
            let statements = try session.connection
                .prepare("SELECT sql FROM sqlite_stmt WHERE sql LIKE 'SELECT%' AND sql NOT LIKE '%sqlite_stmt%'")
                .map { $0.string(0) }
            return try statements.flatMap { sql in
                try session.connection.prepare("EXPLAIN QUERY PLAN \(sql)").map { $0.string(3) }
            }
            .joined(separator: "\n")
        }
    }

    /// Creates thirty prompts, and two models with six versions each, one of which has a rare tag.
    private static func fixture() throws -> StoreFixture {
        let fixture = try StoreFixture()
        try fixture.write { session in
            for number in 1...30 {
                let mark = Tag(key: Tag.isPromptKey, value: "true")
                _ = try session.createRegisteredModel(name: "p\(number)", description: "", tags: [mark])
            }
            for name in ["m1", "m2"] {
                _ = try session.createRegisteredModel(name: name, description: "", tags: [])
                for number in 1...6 {
                    let isRare = name == "m1" && number == 1
                    let tags = [Tag(key: "common", value: "x")] + (isRare ? [Tag(key: "rare", value: "x")] : [])
                    let new = NewModelVersion.sample(of: name, runID: "r\(number)", tags: tags)
                    _ = try session.createModelVersion(new, workingDirectory: "/")
                }
            }
        }
        return fixture
    }
}
