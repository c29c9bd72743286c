internal import JSON
internal import Tracking

extension RequestMessage {
    /// Returns a text parameter that must be present and not empty.
    ///
    /// - Throws: `.invalidParameterValue` if the parameter is missing, null, empty, or not a string.
    func requiredString(_ name: String) throws(TrackingError) -> String {
        guard let field = try field(name, isRequired: true) else { throw Self.missing(name) }
        let text = try field.string(name)
        guard !text.isEmpty else { throw Self.missing(name) }
        return text
    }

    /// Returns the value of `run_id` or, if it is absent, of `run_uuid`, the old name of the parameter.
    ///
    /// - Throws: `.invalidParameterValue` if neither is present.
    func requiredRunID() throws(TrackingError) -> String {
        if try field("run_id", isRequired: true) == nil, try field("run_uuid", isRequired: true) != nil {
            return try requiredString("run_uuid")
        }
        return try requiredString("run_id")
    }

    /// Returns a text parameter; nil if absent.
    func string(_ name: String) throws(TrackingError) -> String? { try field(name)?.string(name) }

    /// Returns a text parameter whose length Apus limits and MLflow does not; nil if absent.
    func boundedString(_ name: String, limit: Int = OpenFieldLimits.textLength) throws(TrackingError) -> String? {
        try string(name)?.checked(name, limit: limit)
    }

    /// Returns the description of a registered model or of a version; nil if absent.
    func description() throws(TrackingError) -> String? {
        try boundedString("description", limit: OpenFieldLimits.descriptionLength)
    }

    /// Returns an integer parameter; nil if absent.
    func integer(_ name: String) throws(TrackingError) -> Int64? { try field(name)?.integer(name) }

    /// Returns an integer parameter that must be present.
    func requiredInteger(_ name: String) throws(TrackingError) -> Int64 {
        guard let field = try field(name, isRequired: true) else { throw Self.missing(name) }
        if case .text("") = field { throw Self.missing(name) }
        return try field.integer(name)
    }

    /// Returns a number that must be present.
    func requiredDouble(_ name: String) throws(TrackingError) -> Double {
        guard let field = try field(name, isRequired: true), !field.isEmptyText else { throw Self.missing(name) }
        return try field.double(name)
    }

    /// Returns a Boolean parameter; nil if absent.
    func boolean(_ name: String) throws(TrackingError) -> Bool? {
        guard let field = try field(name) else { return nil }
        guard case .json(let value) = field, value.kind == .true || value.kind == .false else {
            throw field.invalid(name)
        }
        return value.kind == .true
    }

    /// Returns a list of texts; nil if absent.
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

    /// Returns a value of an enumeration, which is sent as a name or number; nil if absent and, as in MLflow, for an
    /// unknown name.
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

    /// Returns a parameter that must be one of a few words; nil if absent.
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

    /// Whether the value is the empty text, which counts as missing if a value is required.
    var isEmptyText: Bool {
        switch self {
        case .text(let text): text.isEmpty
        case .json(let value): value.isString("")
        }
    }

    /// Returns a whole number, which is sent as a number (2.0 and 1e3 are allowed) or as a text that contains a number.
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
        // A text without ".", "e" and "E" that is not an `Int64` is too large; a double would round its number to another one.
        guard Self.isNumber(text), text.contains(where: { ".eE".contains($0) }), let number = Double(text),
            let whole = Int64(exactly: number)
        else { throw invalid(name()) }
        return whole
    }

    /// Returns a number, which is sent as a number or as a text that contains a number.
    ///
    /// NaN and the infinities may have any name that Python's `float` accepts.
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

    /// Parses the name of NaN or of an infinity, with an optional sign and in upper or lower case; nil for other texts.
    private static func namedNumber(_ text: String) -> Double? {
        let isNegative = text.hasPrefix("-")
        let word = isNegative || text.hasPrefix("+") ? String(text.dropFirst()) : text
        switch word.lowercased() {
        case "nan": return .nan
        case "inf", "infinity": return isNegative ? -.infinity : .infinity
        default: return nil
        }
    }

    /// Whether the text consists only of characters of decimal numbers.
    ///
    /// Swift's `Double` would also accept "0x1p3".
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
