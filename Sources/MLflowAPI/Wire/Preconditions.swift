internal import Coding
internal import Glibc
internal import HTTPServer

/// Evaluates the conditions of a GET or HEAD request for the content that would be sent (RFC 9110 §13).
struct Preconditions {
    enum Outcome: Equatable {
        /// The conditions hold, so the content is sent.
        case proceed
        /// The client already has the content, so the answer is 304.
        case notModified
        /// The client wants another version of the content, so the answer is 412.
        case failed
    }

    private let request: HTTPRequest
    private let tag: String
    private let modified: Int64

    /// - Parameters:
    ///   - tag: the strong entity tag with its quotes.
    ///   - modified: the time of the last change, in seconds since 1970.
    init(_ request: HTTPRequest, tag: String, modified: Int64) {
        self.request = request
        self.tag = tag
        self.modified = modified
    }

    /// The outcome of the conditions, which are checked in the order of RFC 9110 §13.2.2.
    ///
    /// A date is ignored if the request has the field with tags that belongs to it (If-Match or If-None-Match), or if it cannot
    /// be parsed.
    var outcome: Outcome {
        if let ifMatch = request.header("if-match") {
            guard EntityTags(ifMatch).matchStrongly(tag) else { return .failed }
        } else if let date = request.header("if-unmodified-since").flatMap(HTTPDate.seconds) {
            guard modified <= date else { return .failed }
        }
        if let ifNoneMatch = request.header("if-none-match") {
            return EntityTags(ifNoneMatch).matchWeakly(tag) ? .notModified : .proceed
        }
        if let date = request.header("if-modified-since").flatMap(HTTPDate.seconds) {
            return modified <= date ? .notModified : .proceed
        }
        return .proceed
    }

    /// Whether a range may be sent: `If-Range` is absent, or equals the strong tag or the exact date (§13.1.5).
    ///
    /// A date is not accepted for a file that changed about a second ago, because the file could change again within
    /// the same second.
    var allowsRange: Bool {
        guard let condition = request.header("if-range") else { return true }
        if condition.utf8.contains(UInt8(ascii: "\"")) { return condition == tag }
        return HTTPDate.seconds(condition) == modified && Int64(time(nil)) > modified + 1
    }
}

/// The value of `If-Match` or `If-None-Match`: `*`, or a list of entity tags (RFC 9110 §8.8.3, §13.1.1).
struct EntityTags {
    private var isAny = false
    private var tags: [(text: Substring, isWeak: Bool)] = []

    /// Reads the tags up to the first text that is not an entity tag.
    init(_ field: String) {
        if field == "*" {
            isAny = true
            return
        }
        let quote = UInt8(ascii: "\"")
        var rest = field[...]
        while true {
            rest = rest.drop { $0 == " " || $0 == "\t" || $0 == "," }
            let isWeak = rest.hasPrefix("W/")
            if isWeak { rest = rest.dropFirst(2) }
            guard rest.utf8.first == quote, let end = rest.utf8.dropFirst().firstIndex(of: quote) else { return }
            let next = rest.utf8.index(after: end)
            let tag = rest[..<next]
            rest = rest[next...].drop { $0 == " " || $0 == "\t" }
            guard rest.isEmpty || rest.hasPrefix(",") else { return }
            tags.append((tag, isWeak))
        }
    }

    /// Whether one of the tags equals `tag` by strong comparison: a weak tag is never equal.
    func matchStrongly(_ tag: String) -> Bool {
        isAny || tags.contains { !$0.isWeak && $0.text.utf8.elementsEqual(tag.utf8) }
    }

    /// Whether one of the tags equals `tag` by weak comparison, which ignores `W/`.
    func matchWeakly(_ tag: String) -> Bool { isAny || tags.contains { $0.text.utf8.elementsEqual(tag.utf8) } }
}
