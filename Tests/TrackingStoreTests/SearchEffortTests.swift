import Budgets
import Filter
import TestSupport
import Testing
import Tracking
import TrackingStore

/// A search that takes too long is stopped, with a message that suggests what to change.
@Suite struct SearchEffortTests {
    private let fixture: StoreFixture
    private let filter = [
        Comparison(entity: .attribute, key: "name", comparisonOperator: .like, value: .text("%a%"))
    ]

    init() throws {
        fixture = try StoreFixture()
        let model = NewLoggedModel(
            experimentID: 0,
            name: "a",
            modelType: "",
            sourceRunID: "",
            params: [],
            tags: []
        )
        for number in 0..<300 {
            _ = try fixture.write { try $0.createLoggedModel(model) }
            _ = try fixture.write { try $0.createRegisteredModel(name: "a\(number)", description: "", tags: []) }
        }
    }

    @Test func `logged models`() throws {
        let search = LoggedModelSearch(
            experimentIDs: [0],
            filter: filter,
            datasets: [],
            orderings: [],
            maxResults: 1_000,
            pageToken: nil
        )
        try check { try $0.findLoggedModels(search).count }
    }

    @Test func `registered models`() throws {
        let search = RegistrySearch(filter: filter, orderings: [], maxResults: 1_000, pageToken: nil)
        try check { try $0.searchRegisteredModels(search).items.count }
    }

    private func check(_ search: @escaping @Sendable (ReadSession) throws -> Int) throws {
        #expect(try fixture.read(search) == 300)
        fixture.store.close()
        var limits = BudgetLimits()
        limits.readProcessorTime = .zero
        let limited = try StoreFixture(in: fixture.folder, limits: limits)
        let error = #expect(throws: TrackingError.self) { try limited.read(search) }
        #expect(error?.code == .invalidParameterValue)
        #expect(error?.message.contains("Use fewer LIKE and ILIKE patterns (now 1)") == true, "\(error?.message ?? "")")
    }
}
