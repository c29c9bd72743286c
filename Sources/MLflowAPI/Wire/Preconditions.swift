internal import Coding
internal import Glibc
internal import HTTPServer

/// The conditions of a GET or HEAD request, evaluated for the content that would be sent (RFC 9110 §13).
struct Preconditions {
    enum Outcome: Equatable {
        case goOn
        /// 304: the client has it already.
        case notModified
        /// 412: the client asked for another state.
        case failed
    }

    private let request: HTTPRequest
    private let tag: String
    private let modified: Int64

    /// - Parameters:
    ///   - tag: the strong entity tag with its quotes.
    ///   - modified: seconds since 1970.
    init(_ request: HTTPRequest, tag: String, modified: Int64) {
        self.request = request
        self.tag = tag
        self.modified = modified
    }

    /// In the order of RFC 9110 §13.2.2: a tag is checked before a date, and a date that cannot be parsed is ignored.
    var outcome: Outcome {
        if let wanted = request.header("if-match") {
            guard EntityTags(wanted).holdStrongly(tag) else { return .failed }
        } else if let date = request.header("if-unmodified-since").flatMap(HTTPDate.seconds) {
            guard modified <= date else { return .failed }
        }
        if let known = request.header("if-none-match") {
            return EntityTags(known).holdWeakly(tag) ? .notModified : .goOn
        }
        if let date = request.header("if-modified-since").flatMap(HTTPDate.seconds) {
            return modified <= date ? .notModified : .goOn
        }
        return .goOn
    }

    /// Whether a range may be sent: `If-Range` names this very state, by its strong tag or its exact date (§13.1.5).
    ///
    /// A date says nothing about a file that changed within the last second: it may change once more in that second.
    var allowsRange: Bool {
        guard let condition = request.header("if-range") else { return true }
        if condition.utf8.contains(UInt8(ascii: "\"")) { return condition == tag }
        return HTTPDate.seconds(condition) == modified && Int64(time(nil)) > modified + 1
    }
}

/// The list of `If-Match` and `If-None-Match`: `*`, or entity tags (RFC 9110 §8.8.3, §13.1.1).
struct EntityTags {
    private var isAny = false
    private var tags: [(text: Substring, isWeak: Bool)] = []

    /// Reads up to the first thing that is no entity tag.
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

    /// Strong comparison: a weak tag is never equal.
    func holdStrongly(_ tag: String) -> Bool {
        isAny || tags.contains { !$0.isWeak && $0.text.utf8.elementsEqual(tag.utf8) }
    }

    /// Weak comparison: `W/` is left out of account.
    func holdWeakly(_ tag: String) -> Bool {
        isAny || tags.contains { $0.text.utf8.elementsEqual(tag.utf8) }
    }
}
