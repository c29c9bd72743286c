package import HTTPServer
package import HTTPWire

/// A method, a path pattern, and what answers.
package struct Endpoint: Sendable {
    package var method: HTTPMethod
    /// Segments in braces are parameters; one that ends with `...` takes the rest of the path.
    package var path: String
    package var handling: HTTPHandling
}
