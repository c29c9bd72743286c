internal import Coding
internal import HTTPClient
internal import HTTPWire
internal import JSON

/// Whether a call may be repeated if it is not known whether the server carried it out.
enum Repetition {
    /// Carrying out the call twice has the same effect as once.
    case repeatable
    /// A second call would create a second item, or fail although the first one succeeded.
    case notRepeatable
}

/// One request to MLflow's REST API.
struct TrackingCall {
    /// The prefix of the routes of MLflow's REST API 2.0.
    static let base = "/api/2.0/mlflow/"
    /// The longest answer that is read: 512 MiB.
    static let maximumBytes = 512 << 20

    let method: HTTPMethod
    /// The path after the prefix of the tracking URI, with its query.
    let path: String
    var body: [UInt8]?
    let repetition: Repetition

    /// A `GET` call.
    ///
    /// - Parameter query: the names and values of parameters; a parameter with the value nil is left out.
    static func get(_ route: String, _ query: [(name: String, value: String?)] = []) -> TrackingCall {
        TrackingCall(method: .get, path: base + route + Self.query(query), repetition: .repeatable)
    }

    /// A call with a JSON object as its body.
    static func send(
        _ method: HTTPMethod,
        _ route: String,
        _ repetition: Repetition,
        _ members: (inout JSONWriter) -> Void
    ) -> TrackingCall {
        var writer = JSONWriter()
        writer.beginObject()
        members(&writer)
        writer.endObject()
        return send(method, route, repetition, json: writer.takeBytes())
    }

    /// A call whose body is the given JSON object.
    static func send(_ method: HTTPMethod, _ route: String, _ repetition: Repetition, json: [UInt8]) -> TrackingCall {
        TrackingCall(method: method, path: base + route, body: json, repetition: repetition)
    }

    static func query(_ parts: [(name: String, value: String?)]) -> String {
        let text = parts.compactMap { part in part.value.map { "\(part.name)=\(PercentCoding.encode($0))" } }
            .joined(separator: "&")
        return text.isEmpty ? "" : "?\(text)"
    }
}
