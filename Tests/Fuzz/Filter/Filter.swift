import Coding
import Filter
import TestSupport
import Tracking
import TrackingStore

/// Reads the fuzzer's input as a search: its subject, a filter, orders, and what becomes of a page token.
///
/// The first byte names the subject. The filter, the orders (one a comma) and the changes of the token are parted by
/// NUL. What the parser accepts is compiled and run on a small store. The pages of a search are the search in one
/// piece, and a token that was changed is refused or begins a page; nothing but an error that the client can understand
/// comes out.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzzFilter(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = UnsafeBufferPointer(start: start, count: count)
    guard let first = bytes.first else { return 0 }
    let parts = bytes.dropFirst().split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false).map { Array($0) }
    let filter = String(decoding: parts.first ?? [], as: UTF8.self)
    let orderText = String(decoding: parts.dropFirst().first ?? [], as: UTF8.self)
    let orders = orderText.split(separator: ",").map { String($0) }
    let changes = parts.count > 2 ? parts[2] : []
    let subjects = Search.all
    let search = subjects.first { $0.letter == first } ?? subjects[Int(first) % subjects.count]
    let wanted: Wanted
    do throws(FilterError) {
        wanted = Wanted(
            filter: try parseFilter(filter, for: search.subject),
            orders: try parseOrderBy(orders, for: search.subject)
        )
    } catch {
        precondition(!error.message.isEmpty, "a refusal says nothing")
        return 0
    }
    precondition(wanted.filter.count <= FilterLimits.comparisonCount, "too many comparisons are accepted")
    guard let whole = found(search, wanted, 100, nil, in: world) else { return 0 }
    precondition(whole.next == nil, "a page with everything has a next one")
    var ids: [String] = []
    var token: String?
    repeat {
        guard let page = found(search, wanted, 2, token, in: world) else { preconditionFailure("a page is refused") }
        precondition(page.ids.count <= 2, "a page is too long")
        ids += page.ids
        if token == nil, let next = page.next { _ = found(search, wanted, 2, changed(next, changes), in: world) }
        token = page.next
    } while token != nil && ids.count <= 100
    precondition(ids == whole.ids, "pages: \(ids), whole: \(whole.ids)")
    return 0
}

private struct Wanted: Sendable {
    let filter: [Comparison]
    let orders: [Ordering]
}

private struct Found {
    let ids: [String]
    let next: String?
}

/// One kind of search.
private struct Search: Sendable {
    let letter: UInt8
    let subject: SearchSubject
    let run: @Sendable (Wanted, Int, String?, ReadSession) throws -> (ids: [String], next: String?)

    static let all = [
        Search(letter: UInt8(ascii: "r"), subject: .runs) { wanted, limit, token, session in
            let search = RunSearch(
                experimentIDs: world.experiments,
                viewType: .all,
                filter: wanted.filter,
                orderings: wanted.orders,
                maxResults: limit,
                pageToken: token
            )
            let page = try session.searchRuns(search)
            return (page.items.map(\.info.runID), page.nextPageToken)
        },
        Search(letter: UInt8(ascii: "e"), subject: .experiments) { wanted, limit, token, session in
            let search = ExperimentSearch(
                viewType: .all,
                filter: wanted.filter,
                orderings: wanted.orders,
                maxResults: limit,
                pageToken: token
            )
            let page = try session.searchExperiments(search)
            return (page.items.map { "\($0.id)" }, page.nextPageToken)
        },
        Search(letter: UInt8(ascii: "m"), subject: .registeredModels) { wanted, limit, token, session in
            let page = try session.searchRegisteredModels(registry(wanted, limit, token))
            return (page.items.map(\.name), page.nextPageToken)
        },
        Search(letter: UInt8(ascii: "v"), subject: .modelVersions) { wanted, limit, token, session in
            let page = try session.searchModelVersions(registry(wanted, limit, token))
            return (page.items.map { "\($0.name) \($0.version)" }, page.nextPageToken)
        },
        Search(letter: UInt8(ascii: "l"), subject: .loggedModels) { wanted, limit, token, session in
            let search = LoggedModelSearch(
                experimentIDs: [0],
                filter: wanted.filter,
                datasets: [],
                orderings: wanted.orders.map { LoggedModelSearch.Clause(ordering: $0, dataset: nil) },
                maxResults: limit,
                pageToken: token
            )
            let page = try session.searchLoggedModels(search)
            return (page.items.map(\.info.modelID), page.nextPageToken)
        },
    ]

    private static func registry(_ wanted: Wanted, _ limit: Int, _ token: String?) -> RegistrySearch {
        RegistrySearch(filter: wanted.filter, orderings: wanted.orders, maxResults: limit, pageToken: token)
    }
}

/// What a search finds; nil where it is refused, which must be the client's fault.
private func found(_ search: Search, _ wanted: Wanted, _ limit: Int, _ token: String?, in world: World) -> Found? {
    do {
        let (ids, next) = try world.fixture.read { try search.run(wanted, limit, token, $0) }
        return Found(ids: ids, next: next)
    } catch {
        guard let error = error as? TrackingError, error.code == .invalidParameterValue else {
            preconditionFailure("the search ended by \(error)")
        }
        precondition(!error.message.isEmpty, "a refusal says nothing")
        return nil
    }
}

/// A page token whose bytes behind the digest of its query are changed, replaced or followed by others.
private func changed(_ token: String, _ changes: [UInt8]) -> String {
    guard var bytes = Base64.decode(token) else { preconditionFailure("a token cannot be read") }
    guard let way = changes.first else { return token }
    let begin = 9
    switch way % 3 {
    case 0: for (place, byte) in zip(begin..<bytes.count, changes.dropFirst()) { bytes[place] ^= byte }
    case 1: bytes = Array(bytes[..<begin]) + changes.dropFirst()
    default: bytes = Array(changes.dropFirst())
    }
    return Base64.encode(bytes)
}

/// A small store with things of each kind, so that filters can distinguish them.
private final class World: Sendable {
    let fixture: StoreFixture
    let experiments: [Int64]

    init() throws {
        fixture = try StoreFixture()
        experiments = try fixture.write { session in
            let other = try session.createExperiment(
                name: "other",
                artifactLocation: nil,
                tags: [Tag(key: "a", value: "b")]
            )
            for number in 0..<6 {
                let someTags = [Tag(key: "t", value: "x\(number)"), Tag(key: "a b", value: "\u{E5}x")]
                let new = NewRun(
                    experimentID: number % 2 == 0 ? 0 : other,
                    userID: "u\(number % 2)",
                    name: "run \(number % 3)",
                    startTime: Int64(number % 3),
                    tags: number % 2 == 0 ? someTags : []
                )
                let runID = try session.createRun(new).info.runID
                let values = [Double(number), .nan, .infinity, 0.5]
                let metric = Metric(key: "m1", value: values[number % 4], timestamp: 1, step: 0)
                try session.logMetrics([metric], runID: runID)
                try session.logParam(Param(key: "p", value: "\(number % 2)"), runID: runID)
                _ = try session.createRegisteredModel(
                    name: "m\(number)",
                    description: "",
                    tags: [Tag(key: "k", value: "v\(number % 2)")]
                )
                for _ in 0..<(number % 3) {
                    let version = NewModelVersion.sample(of: "m\(number)")
                    _ = try session.createModelVersion(version, workingDirectory: "/")
                }
                let model = NewLoggedModel(
                    experimentID: 0,
                    name: "model \(number % 3)",
                    modelType: "",
                    sourceRunID: "",
                    params: [Param(key: "lr", value: "\(number % 2)")],
                    tags: []
                )
                _ = try session.createLoggedModel(model)
            }
            return [0, other]
        }
    }
}

private let world: World = {
    do { return try World() } catch { preconditionFailure("no store can be made: \(error)") }
}()
