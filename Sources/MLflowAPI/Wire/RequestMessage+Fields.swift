internal import JSON
internal import Tracking

extension RequestMessage {
    /// A parameter that must be there and not be empty.
    ///
    /// - Throws: `.invalidParameterValue` when it is missing, null, empty, or no string.
    func requiredString(_ name: String) throws(TrackingError) -> String {
        guard let field = try field(name, isRequired: true) else { throw Self.missing(name) }
        let text = try field.string(name)
        guard !text.isEmpty else { throw Self.missing(name) }
        return text
    }

    /// The run that a request is about; `run_uuid` is its old name.
    ///
    /// - Throws: `.invalidParameterValue` when neither is there.
    func requiredRunID() throws(TrackingError) -> String {
        if try field("run_id", isRequired: true) == nil, try field("run_uuid", isRequired: true) != nil {
            return try requiredString("run_uuid")
        }
        return try requiredString("run_id")
    }

    /// A text parameter; nil when absent.
    func string(_ name: String) throws(TrackingError) -> String? {
        try field(name)?.string(name)
    }

    /// A text parameter of a length that the reference does not bound; nil when absent.
    func boundedString(
        _ name: String,
        limit: Int = OpenFieldLimits.textLength
    ) throws(TrackingError) -> String? {
        try string(name)?.checked(name, limit: limit)
    }

    /// The description of a registered model or of a version; nil when absent.
    func description() throws(TrackingError) -> String? {
        try boundedString("description", limit: OpenFieldLimits.descriptionLength)
    }

    /// An integer parameter; nil when absent.
    func integer(_ name: String) throws(TrackingError) -> Int64? {
        try field(name)?.integer(name)
    }

    /// An integer parameter that must be there.
    func requiredInteger(_ name: String) throws(TrackingError) -> Int64 {
        guard let field = try field(name, isRequired: true) else { throw Self.missing(name) }
        if case .text("") = field { throw Self.missing(name) }
        return try field.integer(name)
    }

    /// A number that must be there.
    func requiredDouble(_ name: String) throws(TrackingError) -> Double {
        guard let field = try field(name, isRequired: true), !field.isEmptyText else { throw Self.missing(name) }
        return try field.double(name)
    }

    /// A truth value; nil when absent.
    func boolean(_ name: String) throws(TrackingError) -> Bool? {
        guard let field = try field(name) else { return nil }
        guard case .json(let value) = field, value.kind == .true || value.kind == .false else {
            throw field.invalid(name)
        }
        return value.kind == .true
    }

    /// A list of texts; nil when absent.
    func strings(_ name: String) throws(TrackingError) -> [String]? {
        guard let elements = try elements(name) else { return nil }
        var texts: [String] = []
        texts.reserveCapacity(elements.count)
        for element in elements {
            guard let text = element.text else { throw try field(name)?.invalid(name) ?? Self.missing(name) }
            texts.append(text)
        }
        return texts
    }

    /// A value of an enumeration by name or number; nil when absent, and for a name that nobody knows, as in the
    /// reference.
    func enumeration<Value: WireEnumeration>(_ name: String, as type: Value.Type) throws(TrackingError) -> Value? {
        guard let field = try field(name) else { return nil }
        switch field {
        case .text(let text): return Value(wireName: text)
        case .json(let value):
            if let text = value.string { return Value(wireName: text) }
            guard let known = Value(wireNumber: try field.integer(name)) else { throw field.invalid(name) }
            return known
        }
    }

    /// One of a few words; nil when absent.
    func choice<Value: RawRepresentable & CaseIterable>(
        _ name: String,
        of type: Value.Type
    ) throws(TrackingError) -> Value? where Value.RawValue == String {
        guard let field = try field(name) else { return nil }
        if let value = field.text.flatMap({ Value(rawValue: $0) }) { return value }
        let words = Value.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
        throw .invalidParameter(
            "Invalid value \(field.echo) for parameter '\(name)' supplied. It must be one of \(words)."
        )
    }

    static func missing(_ name: String) -> TrackingError {
        .invalidParameter(
            "Missing value for required parameter '\(name)'. "
                + "See the API docs for more information about request parameters."
        )
    }
}

extension Field {
    /// The value if it is a text.
    var text: String? {
        switch self {
        case .text(let text): text
        case .json(let value): value.string
        }
    }

    func string(_ name: @autoclosure () -> String) throws(TrackingError) -> String {
        guard let text else { throw invalid(name()) }
        return text
    }

    /// Whether the value is the empty text, which counts as missing where a value is required.
    var isEmptyText: Bool {
        switch self {
        case .text(let text): text.isEmpty
        case .json(let value): value.isString("")
        }
    }

    /// A whole number: as a number (also 2.0 and 1e3), or as a text of one.
    func integer(_ name: @autoclosure () -> String) throws(TrackingError) -> Int64 {
        let text: String
        switch self {
        case .text(let queryText): text = queryText
        case .json(let value):
            if let number = value.int64 { return number }
            guard let literal = value.string ?? value.numberText else { throw invalid(name()) }
            text = literal
        }
        if let number = Int64(text) { return number }
        // Plain digits that get here do not fit `Int64`; a double would round them to another number.
        guard Self.isNumber(text), text.contains(where: { ".eE".contains($0) }), let number = Double(text),
            let whole = Int64(exactly: number)
        else {
            throw invalid(name())
        }
        return whole
    }

    /// A number, as a number or as a text of one; NaN and the infinities by every name that Python reads.
    func double(_ name: @autoclosure () -> String) throws(TrackingError) -> Double {
        let text: String
        switch self {
        case .text(let queryText): text = queryText
        case .json(let value):
            if let number = value.double { return number }
            guard let literal = value.string else { throw invalid(name()) }
            text = literal
        }
        let bare = text.trimmingSpaces
        if Self.isNumber(bare), let number = Double(bare) { return number }
        guard let named = Self.namedNumber(bare) else { throw invalid(name()) }
        return named
    }

    /// NaN or an infinity, perhaps with a sign, in any case of its letters.
    private static func namedNumber(_ text: String) -> Double? {
        let isNegative = text.hasPrefix("-")
        let word = isNegative || text.hasPrefix("+") ? String(text.dropFirst()) : text
        switch word.lowercased() {
        case "nan": return .nan
        case "inf", "infinity": return isNegative ? -.infinity : .infinity
        default: return nil
        }
    }

    /// Whether only characters of a decimal number occur; Swift alone would also read "nan" and "0x1p3".
    private static func isNumber(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "+-.eE".utf8.contains(byte)
            }
    }
}

func quotedJSON(_ text: String) -> String {
    var writer = JSONWriter()
    writer.string(text)
    return String(decoding: writer.takeBytes(), as: UTF8.self)
}
