internal import Tracking

/// The numbers of results that one answer may list, and the message for a request with a number outside of these limits.
package final class PageLimits: Sendable {
    /// The number of results if the request does not contain `max_results`.
    package let defaultSize: Int64
    /// The numbers of results that a request may ask for.
    package let sizes: ClosedRange<Int64>
    /// The treatment of a request for more results than `sizes` allows.
    fileprivate enum Excess {
        /// The answer is a page of the largest size.
        case cut
        /// The request fails with the message that `refusal` returns, after all fields have been read.
        case refused
        /// The request fails with the message for a value of the wrong type, before later fields are read.
        case invalid
    }
    fileprivate let excess: Excess
    fileprivate let refusal: @Sendable (Int64) -> String

    private init(
        _ defaultSize: Int64,
        _ sizes: ClosedRange<Int64>,
        _ excess: Excess,
        refusal: @escaping @Sendable (Int64) -> String
    ) {
        self.defaultSize = defaultSize
        self.sizes = sizes
        self.excess = excess
        self.refusal = refusal
    }

    private static func invalidValue(_ size: Int64, mustBe rule: String) -> String {
        "Invalid value \(size) for parameter 'max_results' supplied. It must be \(rule)"
    }

    private static func modelRegistry(_ defaultSize: Int64, atMost largest: Int64) -> PageLimits {
        PageLimits(defaultSize, 1...largest, .invalid) {
            "Invalid value for max_results. It must be a positive integer, but got \($0)"
        }
    }

    /// As in MLflow, a request must contain `max_results`: an absent value counts as 0, which is refused.
    static let experiments = PageLimits(0, 1...50_000, .refused) {
        invalidValue($0, mustBe: $0 < 1 ? "a positive integer" : "at most 50000")
    }
    static let runs = PageLimits(1_000, 1...50_000, .invalid) { invalidValue($0, mustBe: "a positive integer") }
    /// As in MLflow, a request without `max_results` gets 50 models; for a request with 0, `searchLoggedModels` uses 100.
    ///
    /// MLflow has no maximum. Apus answers a request for more than 50,000 models with the first 50,000 and a page token.
    static let loggedModels = PageLimits(50, 0...50_000, .cut) { invalidValue($0, mustBe: "a positive integer") }
    static let registeredModels = modelRegistry(100, atMost: 1_000)
    static let modelVersions = modelRegistry(200_000, atMost: 200_000)
    static let history = PageLimits(.max, 1 ... .max, .cut) { invalidValue($0, mustBe: "a positive integer.") }
    /// The number of points of all runs together in an answer of `metrics/get-history-bulk`.
    static let bulkHistory = PageLimits(25_000, 0...25_000, .cut) { invalidValue($0, mustBe: "a positive integer.") }
    /// The number of points of each run in an answer of `metrics/get-history-bulk-interval`, which thins longer histories.
    static let samples = PageLimits(2_500, 1...2_500, .refused) { _ in
        "max_results must be between 1 and 2500. See the API docs for more information about request parameters."
    }
    static let runTable = PageLimits(100, 1...10_000, .refused) { invalidValue($0, mustBe: "from 1 to 10000.") }
    /// The number of entries in an answer about the artifact journal or the audit log.
    static let journal = PageLimits(100, 1...1_000, .refused) { invalidValue($0, mustBe: "from 1 to 1000.") }
    /// The number of files and folders in an answer of `runs/artifacts/tree`.
    static let tree = PageLimits(100_000, 1...100_000, .refused) {
        invalidValue($0, mustBe: "at least 1 and at most 100000.")
    }
}

extension RequestMessage {
    /// Returns the page size that the request contains, or the default page size if it contains none.
    ///
    /// Does not check the limits, except for `Excess.invalid`. MLflow checks them after it has read all fields, so a
    /// handler calls `checkedPageSize` later, and a request with several errors gets the same message as from MLflow.
    func pageSize() throws(TrackingError) -> Int64 {
        guard let pages else { preconditionFailure("an endpoint that answers in pages must declare its page limits") }
        guard let field = try field("max_results") else { return pages.defaultSize }
        let size = try field.integer("max_results")
        if size > pages.sizes.upperBound, pages.excess == .invalid { throw field.invalid("max_results") }
        return size
    }

    /// Returns the number of results that the answer may list.
    ///
    /// - Parameter size: the result of `pageSize`.
    /// - Throws: `.invalidParameterValue` for a size outside of the limits.
    func checkedPageSize(_ size: Int64) throws(TrackingError) -> Int {
        guard let pages else { preconditionFailure("an endpoint that answers in pages must declare its page limits") }
        if size > pages.sizes.upperBound, pages.excess == .cut { return Int(pages.sizes.upperBound) }
        guard pages.sizes.contains(size) else { throw .invalidParameter(pages.refusal(size)) }
        return Int(size)
    }
}
