package import Files

/// An answer: status, fields and body.
///
/// The server adds `Date`, `Server`, framing and connection fields; fields given here win over its common ones.
package struct HTTPResponse: Sendable {
    package var status: Int
    /// Names as they go on the wire.
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

    /// An answer of bytes with a content type.
    package init(status: Int = 200, contentType: String, bytes: [UInt8]) {
        self.init(status: status, headers: [("Content-Type", contentType)], body: .bytes(bytes))
    }

    /// The first field of a name, compared without case.
    package func header(_ lowercasedName: String) -> String? {
        headers.first { ASCII.matches($0.name, lowercasedName) }?.value
    }
}

/// Where the bytes of an answer come from.
package enum HTTPResponseBody: Sendable {
    /// Sent with `Content-Length`; gzip when the client accepts it, the type is text-like and it is above 1 KiB.
    case bytes([UInt8])
    /// Part of a file, sent with `sendfile` on a worker queue; never compressed.
    case file(HTTPFileBody)
    /// Pulled piece by piece on a worker queue; chunked, or ended by closing for HTTP/1.0. Compressed as `bytes` are.
    case stream(any HTTPBodyProducer)
    /// Memory that lives as long as the process, such as embedded pages; never copied, otherwise as `bytes`.
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
    /// A file that turns out shorter cuts the connection, so that the client notices.
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
    /// Called on a worker queue, never concurrently, and only after the piece before has left for the network. It may
    /// block. A piece of some 64 KiB is a good size; an empty one sends nothing. A producer that is released before it returned false was cut off.
    /// - Returns: whether more pieces follow.
    /// - Throws: anything; the connection is then cut, so that the client cannot take the body for complete.
    func next(into buffer: inout [UInt8]) throws -> Bool

    /// What it holds between two pieces, and its longest piece, in bytes: this much of the budget for answers is taken
    /// for it until its answer has left.
    var memoryBytes: Int { get }
}

extension HTTPBodyProducer {
    package var memoryBytes: Int { 192 * 1_024 }
}

/// Takes the body of a streamed request piece by piece.
///
/// All three methods are called on worker queues, one after the other, never concurrently.
package protocol HTTPBodyReceiver: AnyObject, Sendable {
    /// Takes the next piece; may block on the disk. The next bytes are read only after it has returned.
    ///
    /// - Throws: `HTTPRefusal` to choose the answer, anything else is answered 500, unless the receiver has answered
    ///   already. `abort` follows.
    func receive(_ bytes: UnsafeRawBufferPointer) throws
    /// The whole body has arrived; the receiver answers through its responder, now or later.
    func finish()
    /// The peer vanished, the framing broke, time ran out, or `receive` threw: nothing may stay behind.
    func abort()
}
