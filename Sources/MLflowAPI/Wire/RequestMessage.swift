internal import HTTPServer
internal import HTTPWire
internal import JSON
internal import Tracking

/// The parameters of a request, from its JSON body or its query string.
///
/// Reads the reference's protobuf JSON: snake_case or camelCase names, numbers as numbers or strings, null as absent,
/// unknown names ignored. A parameter is read in the order in which the reference checks it, so that of several
/// faults the same one is reported.
struct RequestMessage {
    private enum Source {
        case query([(name: String, value: String)])
        case object(JSONValue)
        case nothing
    }

    private let source: Source
    /// The captured path parameters.
    let pathParameters: [String]
    /// How much one answer lists, for calls that page.
    let pages: PageLimits?

    /// - Throws: `.invalidParameterValue` for another content type than JSON and for a body that is no JSON object.
    init(_ request: HTTPRequest, _ pages: PageLimits? = nil) throws(TrackingError) {
        pathParameters = request.parameters
        self.pages = pages
        let isGet = request.method == .get || request.method == .head
        if isGet, !request.query.isEmpty {
            source = .query(request.query)
            return
        }
        if !isGet, request.method != .delete {
            try Self.requireJSON(request.header("content-type"))
        }
        source = try Self.parse(request.body)
    }

    private init(_ source: Source, _ pages: PageLimits? = nil) {
        self.source = source
        pathParameters = []
        self.pages = pages
    }

    /// A message within a message.
    ///
    /// - Parameter object: a JSON object.
    fileprivate init(_ object: JSONValue) {
        self.init(.object(object))
    }

    /// A message that came in another way than as the body of a request.
    ///
    /// - Throws: `.invalidParameterValue` for what is no JSON object.
    init(parsing json: [UInt8], _ pages: PageLimits?) throws(TrackingError) {
        self.init(try Self.parse(json), pages)
    }

    private static func requireJSON(_ contentType: String?) throws(TrackingError) {
        guard let contentType else {
            throw .invalidParameter("Bad Request. Content-Type header is missing.")
        }
        if contentType == "application/json" { return }
        let type = contentType.prefix { $0 != ";" }
        guard type.lowercased().trimmingSpaces == "application/json" else {
            throw .invalidParameter("Bad Request. Content-Type must be one of ['application/json'].")
        }
    }

    private static func parse(_ sent: [UInt8], isNested: Bool = false) throws(TrackingError) -> Source {
        // RFC 8259 §8.1 lets a reader ignore a byte order mark, and the reference does.
        let body = sent.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(sent.dropFirst(3)) : sent
        if body.allSatisfy({ $0 == 0x20 || (0x09...0x0D).contains($0) }) { return .nothing }
        let document: JSONDocument
        do {
            document = try JSONDocument(parsing: body)
        } catch {
            throw .invalidParameter("The request body is not valid JSON: \(error).")
        }
        switch document.root.kind {
        case .object: return .object(document.root)
        case .null: return .nothing
        // As in the reference: to Python an empty list is as empty as a message without fields.
        case .array where document.root.count == 0: return .nothing
        case .string where !isNested:
            // Old clients encode the message twice.
            return try parse(Array((document.root.string ?? "").utf8), isNested: true)
        default:
            throw .invalidParameter("The request body must be a JSON object.")
        }
    }

    /// A parameter as it was sent; nil when it is absent or null.
    ///
    /// - Parameter isRequired: the reference looks for a required parameter under its snake_case name alone.
    func field(_ name: String, isRequired: Bool = false) throws(TrackingError) -> Field? {
        switch source {
        case .nothing: return nil
        case .query(let query):
            return query.first { $0.name == name }.map { .text($0.value) }
        case .object(let object):
            let own = object[name]
            let camel = Self.camelCaseMember(name, of: object)
            if own != nil, camel != nil {
                throw .invalidParameter(
                    "Request specifies both '\(name)' and '\(name.camelCased)'; provide only one of them."
                )
            }
            guard let value = own ?? (isRequired ? nil : camel), !value.isNull else { return nil }
            return .json(value)
        }
    }

    /// The parameter under its camelCase name.
    ///
    /// Clients send snake_case, so in most messages no name has a capital letter and there is nothing to search for.
    private static func camelCaseMember(_ name: String, of object: JSONValue) -> JSONValue? {
        guard name.utf8.contains(UInt8(ascii: "_")) else { return nil }
        let capitals = UInt8(ascii: "A")...UInt8(ascii: "Z")
        guard object.members.contains(where: { $0.key.utf8.contains(where: capitals.contains) }) else { return nil }
        return object[name.camelCased]
    }

    /// A member that is named by what a client stored, and so has no other spelling; nil when it is absent or null.
    func member(_ name: String) -> Field? {
        guard case .object(let object) = source, let value = object[name], !value.isNull else { return nil }
        return .json(value)
    }

    /// The names of the parameters, known ones or not, as calls name them.
    var names: [String] {
        switch source {
        case .nothing: []
        case .query(let query): query.map(\.name)
        case .object(let object): object.members.map(\.key)
        }
    }

    /// The number of parameters, known ones or not.
    var count: Int {
        switch source {
        case .nothing: 0
        case .query(let query): query.count
        case .object(let object): object.count
        }
    }

    /// A repeated parameter: the elements of a JSON array, or every occurrence in a query string.
    func elements(_ name: String) throws(TrackingError) -> [Field]? {
        if case .query(let query) = source {
            let values = query.filter { $0.name == name }
            return values.isEmpty ? nil : values.map { .text($0.value) }
        }
        guard let field = try field(name) else { return nil }
        guard case .json(let value) = field, value.kind == .array else { throw field.invalid(name) }
        return value.elements.map { .json($0) }
    }

    /// A repeated parameter whose elements are messages.
    func messages(_ name: String) throws(TrackingError) -> [RequestMessage] {
        var messages: [RequestMessage] = []
        for field in try elements(name) ?? [] {
            guard case .json(let value) = field, value.kind == .object else { throw field.invalid(name) }
            messages.append(RequestMessage(.object(value)))
        }
        return messages
    }

    /// As `messages`, for a list that the reference does not bound.
    func boundedMessages(_ name: String) throws(TrackingError) -> [RequestMessage] {
        try validateListCount(name, try elements(name)?.count ?? 0)
        return try messages(name)
    }

    /// A parameter that is a message; nil when absent.
    func message(_ name: String) throws(TrackingError) -> RequestMessage? {
        guard let field = try field(name) else { return nil }
        guard case .json(let value) = field, value.kind == .object else { throw field.invalid(name) }
        return RequestMessage(.object(value))
    }
}

extension Field {
    /// The value if it is a message; nil for all others.
    var message: RequestMessage? {
        guard case .json(let value) = self, value.kind == .object else { return nil }
        return RequestMessage(value)
    }
}

/// One parameter as it was sent.
enum Field {
    case json(JSONValue)
    /// From a query string.
    case text(String)

    /// The refusal of a value of the wrong type, in the reference's words: which parameter, which value, which type.
    func invalid(_ name: String) -> TrackingError {
        .invalidParameter(
            "Invalid value \(echo) for parameter '\(name)' supplied:  Hint: Value was of type '\(typeName)'. "
                + "See the API docs for more information about request parameters."
        )
    }

    /// How much of a value a message repeats.
    private static let echoedBytes = 2_000

    /// The value as JSON, cut where it is long.
    var echo: String {
        let text: String =
            switch self {
            case .json(let value): value.canonicalText
            case .text(let text): quotedJSON(text)
            }
        return text.utf8.count <= Self.echoedBytes ? text : text.prefix(Self.echoedBytes) + "…"
    }

    /// The type by the name that Python gives it, which is what users of the client know.
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
    /// Without spaces and tabs at its ends.
    var trimmingSpaces: String {
        let start = drop { $0 == " " || $0 == "\t" }
        return String(start.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}

extension String {
    /// The name of a field as protobuf's JSON mapping writes it: `experiment_id` is `experimentId`.
    fileprivate var camelCased: String {
        guard utf8.contains(UInt8(ascii: "_")) else { return self }
        let words = split(separator: "_", omittingEmptySubsequences: false)
        return words.dropFirst().reduce(String(words.first ?? "")) { name, word in
            name + word.prefix(1).uppercased() + word.dropFirst()
        }
    }
}
