internal import Coding

/// The source of a model version, classified by its text alone.
///
/// Follows `_validate_source_run`, `_validate_source_model` and `_resolve_registered_model_source_lineage` in
/// `handlers.py` of MLflow 3.17.2. The source of a prompt is one of two constant placeholders, which refer to no file.
package struct ModelVersionSource: Sendable {
    package enum Kind: Sendable, Equatable {
        /// One of the constant texts that prompts have instead of a source.
        case placeholder
        /// A path or a `file:` URI of this machine. The path is absolute, percent-decoded once and free of `.` and `..`.
        case local(path: String)
        /// `runs:/<run id>/…`
        case run(id: String)
        /// `models:/<model id>`
        case loggedModel(id: String)
        /// `models:/<name>/<version>`, where a stage or `latest` may replace the version, or `models:/<name>@<alias>`.
        case registeredModel(RegisteredModelReference)
        /// Artifacts that are read through an MLflow server.
        case proxied
        /// Any other location, such as an object store; the server never connects to it.
        case elsewhere
    }

    package let text: String
    package let kind: Kind

    /// Parses a source, and throws if it must be refused whatever run or model the request names.
    ///
    /// - Parameters:
    ///   - isPrompt: whether the request registers a version of a prompt.
    ///   - workingDirectory: the folder that a relative path starts from.
    ///   - trustedRoots: the artifact roots that the operator configured; a source may name their hosts.
    /// - Throws: `.invalidParameterValue`; the message shows the source and says what is wrong with it.
    package init(
        _ text: String,
        isPrompt: Bool,
        workingDirectory: String,
        trustedRoots: [String]
    ) throws(TrackingError) {
        self.text = text
        if isPrompt {
            guard Self.promptPlaceholders.contains(where: { $0.isExactly(text) }) else {
                throw Self.refusal(text, "Prompt sources must use an MLflow placeholder.", entity: "prompt")
            }
            kind = .placeholder
            return
        }
        _ = try text.checked("source", limit: TrackingLimits.artifactLocationLength)
        let cleaned = Self.cleaned(text)
        let parts = LocationParts(cleaned)
        try parts.requireTrustedHost(field: "source", trustedRoots: trustedRoots)
        guard parts.hasBalancedBrackets else { throw Self.refusal(text, "The brackets around the host do not match.") }
        // MLflow's `is_local_uri` in `uri.py` does not count the text `databricks` as a path.
        if parts.scheme == "models" {
            kind = try Self.model(parts, in: text)
        } else if Self.isLocal(cleaned), !text.isExactly("databricks") {
            kind = .local(path: try Self.localPath(parts, in: text, workingDirectory: workingDirectory))
        } else {
            try Self.requireAbsolutePath(text)
            kind = try Self.remote(parts, in: text)
        }
    }

    private static let promptPlaceholders = ["dummy-source", "prompt-template"]

    // MARK: Refusals

    private static func refusal(_ source: String, _ reason: String, entity: String = "model version") -> TrackingError {
        .invalidParameter("Invalid \(entity) source: '\(shortened(source))'. \(reason)")
    }

    /// The error for a source that is not inside the run or model that the request names.
    package func notContained(inResourceOf parameter: String) -> TrackingError {
        Self.notContained(text, inResourceOf: parameter)
    }

    private static func notContained(_ text: String, inResourceOf parameter: String) -> TrackingError {
        refusal(text, "The \(parameter) request parameter must identify the resource that contains the source.")
    }

    /// The error for a local path, if it is outside of the artifact folder of the run or model that the request names, or if
    /// the request names neither.
    package func localPathNotContained(inFolderOf parameter: String, resolvedPath: String?) -> TrackingError {
        Self.refusal(
            resolvedPath ?? text,
            "To use a local path as a model version source, the \(parameter) request parameter has to be specified and "
                + "the local path has to be contained within the artifact directory of the run specified by the "
                + "\(parameter)."
        )
    }

    /// The error for a request whose source is another model version, if the request names a logged model, or a run that is not
    /// the run of that version.
    package var originMismatch: TrackingError {
        Self.refusal(text, "The run_id and model_id request parameters must match the referenced model version.")
    }

    /// The error for a prompt version that is used as the source of a model version.
    package var promptVersionNotAllowed: TrackingError {
        Self.refusal(text, "Prompt versions cannot be used as model version sources.")
    }

    /// Throws `.invalidParameterValue` unless the path, percent-decoded until it no longer changes, is absolute, has at least one
    /// segment, and contains no NUL and no segment `.` or `..`.
    package static func requireAbsolutePath(_ source: String) throws(TrackingError) {
        let decoded = decodedWithPluses(cleaned(source))
        let path = LocationParts(String(decoding: decoded, as: UTF8.self)).path.utf8
        let slash = UInt8(ascii: "/")
        let isAbsolute = path.first == slash && path.contains { $0 != slash }
        let isPlain =
            !decoded.contains(0)
            && !decoded.split(separator: slash).contains { $0.elementsEqual("..".utf8) }
            && !path.split(separator: slash).contains { $0.elementsEqual(".".utf8) }
        guard isAbsolute, isPlain else {
            throw refusal(
                source,
                "If supplying a source as an http, https, local file path, ftp, objectstore, or mlflow-artifacts uri, "
                    + "an absolute path must be provided without relative path references present. "
                    + "Please provide an absolute path."
            )
        }
    }
}

// MARK: - Kinds

extension ModelVersionSource {
    private static func model(_ parts: LocationParts, in text: String) throws(TrackingError) -> Kind {
        guard parts.authority.isEmpty else {
            throw refusal(text, "Registered model sources must use the active model registry.")
        }
        guard let model = ModelReference(path: parts.path) else { throw notContained(text, inResourceOf: "model_id") }
        switch model {
        case .loggedModel(let id):
            try requireAbsolutePath(text)
            return .loggedModel(id: id)
        case .registeredModel(let reference): return .registeredModel(reference)
        }
    }

    private static func remote(_ parts: LocationParts, in text: String) throws(TrackingError) -> Kind {
        if parts.scheme == "runs" {
            guard let (id, _) = runAndPath(of: cleaned(text)) else { throw notContained(text, inResourceOf: "run_id") }
            return .run(id: id)
        }
        return isProxied(text) ? .proxied : .elsewhere
    }

    private static func localPath(
        _ parts: LocationParts,
        in text: String,
        workingDirectory: String
    ) throws(TrackingError) -> String {
        if parts.scheme == "file" {
            let host = parts.authority.lowercased()
            guard host.isEmpty || host == "." || host.hasPrefix("localhost") || host.hasPrefix("127.0.0.1") else {
                throw refusal(text, "The source names another host; use a file: URI without a host.")
            }
        }
        return absoluteLocalPath(of: text, workingDirectory: workingDirectory)
    }

    /// Returns the absolute path of a local location, percent-decoded once and without `.` and `..`; does not resolve
    /// symbolic links.
    package static func absoluteLocalPath(of location: String, workingDirectory: String) -> String {
        let parts = LocationParts(location)
        let encoded = parts.scheme == "file" ? String(parts.path) : location
        let path = String(decoding: PercentCoding.decodeLeniently(Array(encoded.utf8)), as: UTF8.self)
        return normalisedPath(path.utf8.first == UInt8(ascii: "/") ? path : workingDirectory + "/" + path)
    }

    /// Whether a location is a path or a `file:` URI.
    package static func isLocal(_ location: String) -> Bool {
        let scheme = LocationParts(location).scheme
        return scheme.isEmpty || scheme == "file"
    }
}

/// A registered model and a choice of one of its versions.
package struct RegisteredModelReference: Sendable, Equatable {
    package enum Choice: Sendable, Equatable {
        case version(String)
        case stage(String)
        case latest
        case alias(String)
    }

    package let name: String
    package let choice: Choice
}

/// The model that a `models:` URI refers to (`_parse_model_uri` in `models.py`).
enum ModelReference: Equatable {
    case loggedModel(id: String)
    case registeredModel(RegisteredModelReference)

    /// Parses `/<model id>`, `/<name>/<version, stage or latest>` or `/<name>@<alias>`; returns nil for any other path.
    init?(path: some StringProtocol) {
        let slash = UInt8(ascii: "/")
        let bytes = Array(path.utf8)
        guard bytes.first == slash else { return nil }
        let segments = bytes.drop { $0 == slash }.split(separator: slash, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard let first = segments.first, segments.count <= 2, !segments.contains(where: \.isBlank) else { return nil }
        guard segments.count == 1 else {
            self = .registeredModel(RegisteredModelReference(name: first, choice: Self.choice(segments[1])))
            return
        }
        guard let at = first.unicodeScalars.lastIndex(of: "@") else {
            self = .loggedModel(id: first)
            return
        }
        let alias = String(first[first.unicodeScalars.index(after: at)...])
        guard !alias.isBlank else { return nil }
        self = .registeredModel(RegisteredModelReference(name: String(first[..<at]), choice: .alias(alias)))
    }

    private static func choice(_ suffix: String) -> RegisteredModelReference.Choice {
        if suffix.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) { return .version(suffix) }
        return isLatestAlias(suffix) ? .latest : .stage(suffix)
    }
}

extension String {
    fileprivate var isBlank: Bool { unicodeScalars.allSatisfy(\.properties.isWhitespace) }
}
