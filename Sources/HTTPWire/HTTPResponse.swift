package import Files

/// A response: status, header fields and body.
///
/// The server adds `Date`, `Server`, the fields for framing and the connection, and the common fields of its configuration.
/// A field in `headers` replaces a common field of the same name.
package struct HTTPResponse: Sendable {
    package var status: Int
    /// The header fields, which are sent in this order; CR, LF and NUL in a name or value are sent as spaces.
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

    /// The value of the first field with a name, which is compared without regard to case; nil if there is no such field.
    package func header(_ lowercasedName: String) -> String? {
        headers.first { ASCII.matches($0.name, lowercasedName) }?.value
    }
}

/// The source of the bytes of a response body.
package enum HTTPResponseBody: Sendable {
    /// Bytes sent with `Content-Length`; compressed with gzip if the client accepts it, the content type is JSON or
    /// text, and there is more than 1 KiB.
    case bytes([UInt8])
    /// A part of a file, sent with `sendfile` on a worker thread; never compressed.
    case file(HTTPFileBody)
    /// A body that is made in pieces on a worker thread.
    ///
    /// The body is sent chunked; with HTTP/1.0, the end of the connection ends the body. The body is compressed under the
    /// same conditions as `bytes`, except for the size.
    case stream(any HTTPBodyProducer)
    /// A body of a known length that a producer makes in pieces on a worker thread; never compressed.
    ///
    /// The producer must make exactly `length` bytes. If it throws, the connection is closed, and the client sees that the
    /// body is incomplete.
    case sizedStream(any HTTPBodyProducer, length: Int)
    /// Memory that lives as long as the process, such as embedded pages; handled like `bytes`, but copied only to compress it.
    case staticBytes(HTTPStaticBytes)
}

/// A range of memory that is never freed.
package struct HTTPStaticBytes: @unchecked Sendable {
    // Unchecked because a pointer is not Sendable; the memory is immutable and lives as long as the process.
    package let pointer: UnsafeRawBufferPointer

    /// - Parameter pointer: immutable memory with static lifetime, such as an embedded file.
    package init(_ pointer: UnsafeRawBufferPointer) { self.pointer = pointer }
}

/// A part of an open file that is sent as a body.
package struct HTTPFileBody: Sendable {
    /// The file, which stays open until the answer has been sent.
    package let descriptor: Descriptor
    /// The offset in the file at which the body begins, in bytes.
    package let offset: Int
    /// The number of bytes to send; if the file is shorter, the connection is closed early, so that the client notices.
    package let length: Int

    /// - Parameter descriptor: an open regular file.
    package init(_ descriptor: Descriptor, offset: Int, length: Int) {
        precondition(offset >= 0 && length >= 0, "offset and length must not be negative, got \(offset) and \(length)")
        self.descriptor = descriptor
        self.offset = offset
        self.length = length
    }
}

/// Makes the pieces of a body while the body is sent.
package protocol HTTPBodyProducer: AnyObject, Sendable {
    /// Appends the next piece to the buffer, which is empty when this method is called.
    ///
    /// Called on a worker thread, never concurrently, and only after the previous piece has been sent. It may block. A
    /// good size for a piece is about 64 KiB; an empty piece sends nothing. If the producer is deallocated before it
    /// has returned false, the answer was not sent completely.
    /// - Returns: whether more pieces follow.
    /// - Throws: any error. The connection is then closed early, so that the client notices that the body is incomplete.
    func next(into buffer: inout [UInt8]) throws -> Bool

    /// The largest amount of memory that the producer needs at a time, including its longest piece; 192 KiB by default.
    ///
    /// The budget for answers is charged with this size until the answer has been sent.
    var memoryBytes: Int { get }
}

extension HTTPBodyProducer {
    package var memoryBytes: Int { 192 * 1_024 }
}

/// Receives the body of a streamed request in pieces.
///
/// All three methods are called on worker threads, one after the other, never concurrently.
package protocol HTTPBodyReceiver: AnyObject, Sendable {
    /// Processes the next piece; may block on the disk. No more bytes are read from the connection until this method returns.
    ///
    /// - Throws: `HTTPRefusal` to choose the answer; any other error is answered with 500, unless the receiver has
    ///   already answered. `abort` is called next.
    func receive(_ bytes: UnsafeRawBufferPointer) throws
    /// Called when the whole body has arrived; the receiver answers through its responder, at once or later.
    func finish()
    /// Removes everything that the receiver has stored.
    ///
    /// Called if the client disconnected, the framing was broken, a time limit passed, `receive` threw, or the request was
    /// answered before its body had ended.
    func abort()
}
