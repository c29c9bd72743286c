internal import JSON

/// The tokens of the pages of one list.
struct PageTokens {
    /// Far more than things have one name or come from one run.
    private static let mostPages = 10_000

    private var known: Set<String> = []

    /// The token of the page after one; nil after the last one.
    mutating func next(in page: JSONValue) throws(UpstreamFailure) -> String? {
        guard let token = page["next_page_token"]?.string, !token.isEmpty else { return nil }
        guard known.insert(token).inserted else {
            throw .strange("its list does not end: it names the same next page again")
        }
        guard known.count < Self.mostPages else {
            throw .strange("its list does not end: it has more than \(Self.mostPages) pages")
        }
        return token
    }
}
