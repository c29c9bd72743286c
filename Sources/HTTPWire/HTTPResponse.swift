package import Files

/// A response: status, header fields and body.
///
/// The server adds `Date`, `Server`, framing and connection fields. Fields given here replace the server's common
/// fields.
package struct HTTPResponse: Sendable {
    package var status: Int
    /// Names are sent as they are given.
    ///
    /// CR, LF and NUL in a value become spaces.
    package var headers: [(name: String, value: String)]
    package var body: HTTPResponseBody

    package init(
        status: Int = 200,
        headers: [(name: String, value: String)] = [],
        body: HTTPResponseBody = .bytes([])
    ) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A response whose body is the given bytes, with a content type.
    package init(status: Int = 200, contentType: String, bytes: [UInt8]) {
        self.init(status: status, headers: [("Content-Type", contentType)], body: .bytes(bytes))
    }

    /// The first field of a name, compared without case.
    package func header(_ lowercasedName: String) -> String? {
        headers.first { ASCII.matches($0.name, lowercasedName) }?.value
    }
}

/// The source of the bytes of a response body.
package enum HTTPResponseBody: Sendable {
    /// Sent with `Content-Length`; gzip when the client accepts it, the type is text-like and it is above 1 KiB.
    case bytes([UInt8])
    /// Part of a file, sent with `sendfile` on a worker thread; never compressed.
    case file(HTTPFileBody)
    /// Made in pieces on a worker thread.
    ///
    /// It is sent chunked; for HTTP/1.0 its end is the end of the connection. It is compressed under the same
    /// conditions as `bytes`.
    case stream(any HTTPBodyProducer)
    /// Made in pieces on a worker thread, and sent with this length; never compressed.
    ///
    /// The producer makes exactly as many bytes, or throws, so that the client notices.
    case sizedStream(any HTTPBodyProducer, length: Int)
    /// Memory that lives as long as the process, such as embedded pages; it is never copied, but otherwise handled
    /// like `bytes`.
    case staticBytes(HTTPStaticBytes)
}

/// A range of memory that is never freed.
package struct HTTPStaticBytes: @unchecked Sendable {
    // Unchecked because a pointer is not Sendable; the memory is immutable and lives as long as the process.
    package let pointer: UnsafeRawBufferPointer

    /// - Parameter pointer: immutable memory with static lifetime, such as an embedded file.
    package init(_ pointer: UnsafeRawBufferPointer) {
        self.pointer = pointer
    }
}

/// A part of an open file that is sent as a body.
package struct HTTPFileBody: Sendable {
    /// Stays open until the answer is done.
    package let descriptor: Descriptor
    /// Where in the file the body begins, in bytes.
    package let offset: Int
    /// Bytes to send.
    ///
    /// If the file turns out to be shorter, the connection is closed early, so that the client notices.
    package let length: Int

    /// - Parameter descriptor: of a regular file.
    package init(_ descriptor: Descriptor, offset: Int, length: Int) {
        precondition(offset >= 0 && length >= 0, "offset and length must not be negative, got \(offset) and \(length)")
        self.descriptor = descriptor
        self.offset = offset
        self.length = length
    }
}

/// A body that is made as it is sent.
package protocol HTTPBodyProducer: AnyObject, Sendable {
    /// Appends the next piece to the buffer, which is empty when called.
    ///
    /// Called on a worker thread, never concurrently, and only after the previous piece has been sent. It may block.
    /// About 64 KiB is a good size; an empty piece sends nothing. When the producer is released before it returned
    /// false, the answer was cut off.
    /// - Returns: whether more pieces follow.
    /// - Throws: any error; the connection is then closed early, so that the client does not take the body for
    ///   complete.
    func next(into buffer: inout [UInt8]) throws -> Bool

    /// The bytes that the producer holds between two pieces plus its longest piece.
    ///
    /// The server takes this much of the budget for answers until the answer has been sent.
    var memoryBytes: Int { get }
}

extension HTTPBodyProducer {
    package var memoryBytes: Int { 192 * 1_024 }
}

/// Receives the body of a streamed request in pieces.
///
/// All three methods are called on worker threads, one after the other, never concurrently.
package protocol HTTPBodyReceiver: AnyObject, Sendable {
    /// Takes the next piece; may block on the disk. The next bytes are read only after it has returned.
    ///
    /// - Throws: `HTTPRefusal` to choose the answer; any other error is answered with 500, unless the receiver has
    ///   already answered. `abort` is called next.
    func receive(_ bytes: UnsafeRawBufferPointer) throws
    /// The whole body has arrived; the receiver answers through its responder, now or later.
    func finish()
    /// The client disconnected, the framing was broken, a time limit passed, or `receive` threw.
    ///
    /// The receiver must remove everything it has stored.
    func abort()
}
