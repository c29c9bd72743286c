internal import JSON

/// The page tokens of one list, by which a list without an end is detected.
struct PageTokens {
    /// Far more pages than any list that forwarding reads can have.
    private static let mostPages = 10_000

    private var seenTokens: Set<String> = []

    /// Returns the token of the page that follows `page`; nil if it is the last page.
    ///
    /// - Throws: if a token occurs twice or the list has too many pages.
    mutating func next(in page: JSONValue) throws(UpstreamFailure) -> String? {
        guard let token = page["next_page_token"]?.string, !token.isEmpty else { return nil }
        guard seenTokens.insert(token).inserted else {
            throw .invalidAnswer("its list does not end: it names the same next page again")
        }
        guard seenTokens.count < Self.mostPages else {
            throw .invalidAnswer("its list does not end: it has more than \(Self.mostPages) pages")
        }
        return token
    }
}
