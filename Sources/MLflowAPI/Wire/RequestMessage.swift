internal import HTTPServer
internal import HTTPWire
internal import JSON
internal import Tracking

/// The parameters of a request, from its JSON body or its query string; or those in a parameter that is a JSON object.
///
/// The JSON is MLflow's protobuf JSON: names in snake_case or camelCase, numbers as numbers or strings, null for an
/// absent value, and unknown names ignored. Handlers read the parameters in the order in which MLflow checks them, so
/// that a request with several errors gets the same message as from MLflow.
struct RequestMessage {
    private enum Source {
        case query([(name: String, value: String)])
        case object(JSONValue)
        case nothing
    }

    private let source: Source
    /// The parameters of the path, in the order of the endpoint's path.
    let pathParameters: [String]
    /// The limits for the number of results; nil for a call without pages.
    let pages: PageLimits?

    /// - Throws: `.invalidParameterValue` for a content type other than JSON, and for a body that is not a JSON object.
    init(_ request: HTTPRequest, _ pages: PageLimits? = nil) throws(TrackingError) {
        pathParameters = request.parameters
        self.pages = pages
        let isGet = request.method == .get || request.method == .head
        if isGet, !request.query.isEmpty {
            source = .query(request.query)
            return
        }
        if !isGet, request.method != .delete { try Self.requireJSON(request.header("content-type")) }
        source = try Self.parse(request.body)
    }

    private init(_ source: Source, _ pages: PageLimits? = nil) {
        self.source = source
        pathParameters = []
        self.pages = pages
    }

    /// Creates a message that is a field of another message.
    ///
    /// - Parameter object: a JSON object.
    fileprivate init(_ object: JSONValue) { self.init(.object(object)) }

    /// Creates a message from JSON that is not the body of a request.
    ///
    /// - Throws: `.invalidParameterValue` if the JSON is not an object.
    init(parsing json: [UInt8], _ pages: PageLimits?) throws(TrackingError) { self.init(try Self.parse(json), pages) }

    private static func requireJSON(_ contentType: String?) throws(TrackingError) {
        guard let contentType else { throw .invalidParameter("Bad Request. Content-Type header is missing.") }
        if contentType == "application/json" { return }
        let type = contentType.prefix { $0 != ";" }
        guard type.lowercased().trimmingSpaces == "application/json" else {
            throw .invalidParameter("Bad Request. Content-Type must be one of ['application/json'].")
        }
    }

    private static func parse(_ sent: [UInt8], isNested: Bool = false) throws(TrackingError) -> Source {
        // RFC 8259 §8.1 allows ignoring a byte order mark, and MLflow ignores it.
        let body = sent.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(sent.dropFirst(3)) : sent
        if body.allSatisfy({ $0 == 0x20 || (0x09...0x0D).contains($0) }) { return .nothing }
        let document: JSONDocument
        do {
            document = try JSONDocument(parsing: body)
        } catch { throw .invalidParameter("The request body is not valid JSON: \(error).") }
        switch document.root.kind {
        case .object: return .object(document.root)
        case .null: return .nothing
        // As in MLflow, an empty list is read as a message without fields, because both are false in Python.
        case .array where document.root.count == 0: return .nothing
        case .string where !isNested:
            // Old clients encode the message twice, so the string contains the JSON object.
            return try parse(Array((document.root.string ?? "").utf8), isNested: true)
        default:
            throw .invalidParameter("The request body must be a JSON object.")
        }
    }

    /// Returns a parameter as it was sent; nil if it is absent or null.
    ///
    /// - Parameter isRequired: whether to look only for the snake_case name, as MLflow does for required parameters.
    func field(_ name: String, isRequired: Bool = false) throws(TrackingError) -> Field? {
        switch source {
        case .nothing: return nil
        case .query(let query):
            return query.first { $0.name == name }.map { .text($0.value) }
        case .object(let object):
            let own = object[name]
            let camel = object.member(inCamelCase: name)
            if own != nil, camel != nil {
                throw .invalidParameter(
                    "Request specifies both '\(name)' and '\(name.camelCased)'; provide only one of them."
                )
            }
            guard let value = own ?? (isRequired ? nil : camel), !value.isNull else { return nil }
            return .json(value)
        }
    }

    /// Returns a member whose name is data, such as a run id, so that it has no camelCase form; nil if it is absent or null.
    func member(_ name: String) -> Field? {
        guard case .object(let object) = source, let value = object[name], !value.isNull else { return nil }
        return .json(value)
    }

    /// The names of all parameters that were sent, known or not.
    var names: [String] {
        switch source {
        case .nothing: []
        case .query(let query): query.map(\.name)
        case .object(let object): object.members.map(\.key)
        }
    }

    /// The number of parameters that were sent, known or not.
    var count: Int {
        switch source {
        case .nothing: 0
        case .query(let query): query.count
        case .object(let object): object.count
        }
    }

    /// Returns the values of a repeated parameter: the elements of a JSON array, or all occurrences in a query string.
    ///
    /// Returns nil if the parameter is absent.
    func elements(_ name: String) throws(TrackingError) -> [Field]? {
        if case .query(let query) = source {
            let values = query.filter { $0.name == name }
            return values.isEmpty ? nil : values.map { .text($0.value) }
        }
        guard let field = try field(name) else { return nil }
        guard case .json(let value) = field, value.kind == .array else { throw field.invalid(name) }
        return value.elements.map { .json($0) }
    }

    /// Returns the values of a repeated parameter whose elements are messages; empty if absent.
    func messages(_ name: String) throws(TrackingError) -> [RequestMessage] {
        var messages: [RequestMessage] = []
        for field in try elements(name) ?? [] {
            guard case .json(let value) = field, value.kind == .object else { throw field.invalid(name) }
            messages.append(RequestMessage(.object(value)))
        }
        return messages
    }

    /// Returns the same as `messages`, for a list whose length Apus limits and MLflow does not.
    func boundedMessages(_ name: String) throws(TrackingError) -> [RequestMessage] {
        try validateListCount(name, try elements(name)?.count ?? 0)
        return try messages(name)
    }

    /// Returns a parameter that is a message; nil if absent.
    func message(_ name: String) throws(TrackingError) -> RequestMessage? {
        guard let field = try field(name) else { return nil }
        guard case .json(let value) = field, value.kind == .object else { throw field.invalid(name) }
        return RequestMessage(.object(value))
    }
}

extension Field {
    /// The value as a message; nil if it is not a message.
    var message: RequestMessage? {
        guard case .json(let value) = self, value.kind == .object else { return nil }
        return RequestMessage(value)
    }
}

/// One parameter as it was sent.
enum Field {
    case json(JSONValue)
    /// The value of a parameter in a query string.
    case text(String)

    /// Returns the error for a value of the wrong type, with MLflow's message.
    func invalid(_ name: String) -> TrackingError {
        .invalidParameter(
            "Invalid value \(echo) for parameter '\(name)' supplied:  Hint: Value was of type '\(typeName)'. "
                + "See the API docs for more information about request parameters."
        )
    }

    /// The number of bytes above which `echo` cuts a value, and the number of Unicode scalars that remain then.
    private static let echoedLength = 2_000

    /// The value as JSON for an error message.
    ///
    /// A long value is cut and ends with "…".
    var echo: String {
        let text: String =
            switch self {
            case .json(let value): value.canonicalText
            case .text(let text): quotedJSON(text)
            }
        // Scalars are counted, because a character may have any number of bytes (such as an "e" with a million accents).
        guard text.utf8.count > Self.echoedLength else { return text }
        return String(Substring(text.unicodeScalars.prefix(Self.echoedLength))) + "…"
    }

    /// The name of the type in Python, as in MLflow's messages.
    private var typeName: String {
        guard case .json(let value) = self else { return "str" }
        return switch value.kind {
        case .null: "NoneType"
        case .true, .false: "bool"
        case .number: value.numberIsInteger ? "int" : "float"
        case .string: "str"
        case .array: "list"
        case .object: "dict"
        }
    }
}

extension StringProtocol {
    /// The text without spaces and tabs at its beginning and end.
    var trimmingSpaces: String {
        let start = drop { $0 == " " || $0 == "\t" }
        return String(start.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}

extension String {
    /// The name of a field in protobuf's JSON mapping: `experiment_id` becomes `experimentId`.
    fileprivate var camelCased: String {
        guard utf8.contains(UInt8(ascii: "_")) else { return self }
        let words = split(separator: "_", omittingEmptySubsequences: false)
        return words.dropFirst().reduce(String(words.first ?? "")) { name, word in
            name + word.prefix(1).uppercased() + word.dropFirst()
        }
    }
}
