internal import Coding
internal import HTTPClient
internal import HTTPWire
internal import JSON

/// Whether a call may be made again when it is unclear whether the server has carried it out.
enum Repetition {
    /// It changes nothing, or nothing more when it is carried out twice.
    case harmless
    /// It would create a second thing, or report an error that is none.
    case harmful
}

/// One request of the REST interface.
struct TrackingCall {
    /// What stands before the routes of MLflow's second version.
    static let base = "/api/2.0/mlflow/"
    /// The longest answer that is read.
    static let maximumBytes = 512 << 20

    let method: HTTPMethod
    let path: String
    var body: [UInt8]?
    let repetition: Repetition

    /// A call that reads.
    ///
    /// - Parameter query: names and values; a value of nil is left out.
    static func get(_ route: String, _ query: [(name: String, value: String?)] = []) -> TrackingCall {
        TrackingCall(method: .get, path: base + route + Self.query(query), repetition: .harmless)
    }

    /// A call with a JSON object.
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

    /// A call with bytes that are a JSON object.
    static func send(
        _ method: HTTPMethod,
        _ route: String,
        _ repetition: Repetition,
        json: [UInt8]
    ) -> TrackingCall {
        TrackingCall(method: method, path: base + route, body: json, repetition: repetition)
    }

    static func query(_ parts: [(name: String, value: String?)]) -> String {
        let text = parts.compactMap { part in part.value.map { "\(part.name)=\(PercentCoding.encode($0))" } }
            .joined(separator: "&")
        return text.isEmpty ? "" : "?\(text)"
    }
}
