import Budgets
import TestSupport
import Testing
import Tracking
import TrackingStore

@Suite struct BackendTests {
    @Test func `the store serves reads and writes through the seam`() throws {
        let fixture = try StoreFixture()
        let backend: any TrackingBackend = fixture.store
        let id = try backend.writeNow { try $0.createExperiment(name: "seam", artifactLocation: nil, tags: []) }
        #expect(try backend.readNow(.cheap) { try $0.experiment(named: "seam").id } == id)
        let failure = #expect(throws: TrackingError.self) {
            try backend.writeNow { try $0.createExperiment(name: "seam", artifactLocation: nil, tags: []) }
        }
        #expect(failure?.code == .resourceAlreadyExists)
        #expect(backend.examine().isSound)
        #expect(backend.writerStatistics.commits > 0)
    }

    @Test func `the sessions of the seam are those of the store`() throws {
        let fixture = try StoreFixture()
        let backend: any TrackingBackend = fixture.store
        #expect(try backend.readNow { try ReadSession.own($0).hasUsers() } == false)
        #expect(try backend.writeNow { $0 is WriteSession })
    }

    @Test func `a page is read in parts through the seam`() throws {
        let fixture = try StoreFixture()
        let backend: any TrackingBackend = fixture.store
        for number in 0..<5 {
            _ = try backend.writeNow { [number] in
                try $0.createExperiment(name: "page \(number)", artifactLocation: nil, tags: [])
            }
        }
        let search = ExperimentSearch(viewType: .all, filter: [], orderings: [], maxResults: 4, pageToken: nil)
        let names = try backend.readNow { session in
            var page = try session.findExperiments(search)
            var names: [[String]] = []
            while page.readCount < page.count { names.append(try page.next(3, in: session).map(\.name)) }
            return names
        }
        #expect(names.map(\.count) == [3, 1])
        #expect(Set(names.joined()).count == 4)
    }
}
