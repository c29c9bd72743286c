import Glibc
import HTTPServer
import HTTPWire

/// A blocking client that sends bytes unchanged and reads the answers.
final class TestClient {
    struct Answer {
        var status: Int
        var headers: [(name: String, value: String)]
        var body: [UInt8]
        var isComplete = true

        var text: String { String(decoding: body, as: UTF8.self) }

        func header(_ name: String) -> String? {
            headers.first { $0.name.lowercased() == name }?.value
        }
    }

    struct Failure: Error {
        let message: String
    }

    let descriptor: Int32
    private var buffered: [UInt8] = []
    /// Retains the server, which must outlive this client.
    var server: TestServer?

    init(port: Int, receiveBuffer: Int32? = nil) throws {
        // A process that another test starts meanwhile must not hold the connection beyond this client's end.
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(message: "socket") }
        if var receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<Int32>.size))
        }
        // If the server never answers, the test fails and does not hang.
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failure(message: "connect: \(errno)") }
    }

    deinit {
        close(descriptor)
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        guard trySend(bytes) else { throw Failure(message: "send: \(errno)") }
    }

    /// Sends bytes; false if the server has closed or reset the connection.
    func trySend(_ bytes: [UInt8]) -> Bool {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress?.advanced(by: offset), bytes.count - offset, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return false }
            offset += count
        }
        return true
    }

    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Closes the connection with a TCP reset.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Reads once; nil if the server has closed the connection.
    ///
    /// Throws on a TCP reset, which may have discarded an answer.
    func read() throws -> [UInt8]? {
        var space = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &space, space.count, 0)
        let code = errno
        if count == 0 { return nil }
        if count < 0 {
            throw Failure(message: code == ECONNRESET ? "reset" : "recv: \(code)")
        }
        return Array(space[..<count])
    }

    private func fill() throws -> Bool {
        guard let more = try read() else { return false }
        buffered.append(contentsOf: more)
        return true
    }

    /// Whether the server closes the connection without a reset and without a further byte.
    func isClosedByServer() throws -> Bool {
        if !buffered.isEmpty { return false }
        return try read() == nil
    }

    /// Whether the server closes or resets the connection, whatever it sent before.
    func isCutByServer() throws -> Bool {
        do {
            while try read() != nil {}
            return true
        } catch let failure as Failure where failure.message == "reset" {
            return true
        }
    }

    func line() throws -> String? {
        while true {
            if let end = buffered.firstIndex(of: 0x0A) {
                let text = String(decoding: buffered[..<end], as: UTF8.self)
                buffered.removeSubrange(...end)
                return text.hasSuffix("\r") ? String(text.dropLast()) : text
            }
            if try !fill() { return nil }
        }
    }

    private func take(_ count: Int) throws -> [UInt8]? {
        while buffered.count < count {
            if try !fill() { return nil }
        }
        defer { buffered.removeSubrange(..<count) }
        return Array(buffered[..<count])
    }

    /// Reads one whole answer; set `isHead` for an answer without a body.
    func answer(isHead: Bool = false) throws -> Answer {
        guard let first = try line(), first.hasPrefix("HTTP/1.1 "), let status = Int(first.dropFirst(9).prefix(3))
        else { throw Failure(message: "no status line") }
        var answer = Answer(status: status, headers: [], body: [])
        while let line = try line(), !line.isEmpty {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { throw Failure(message: "field: \(line)") }
            answer.headers.append((String(parts[0]), String(parts[1].drop { $0 == " " })))
        }
        if isHead || status == 204 || status == 304 || status < 200 { return answer }
        if let length = answer.header("content-length").flatMap({ Int($0) }) {
            guard let body = try take(length) else { throw Failure(message: "body cut short") }
            answer.body = body
        } else if answer.header("transfer-encoding") == "chunked" {
            try readChunks(into: &answer)
        } else {
            while try fill() {}
            answer.body = buffered
            buffered = []
        }
        return answer
    }

    private func readChunks(into answer: inout Answer) throws {
        while true {
            guard let line = try line(), let size = Int(line, radix: 16), let data = try take(size),
                try self.line() == ""
            else {
                answer.isComplete = false
                return
            }
            if size == 0 { return }
            answer.body.append(contentsOf: data)
        }
    }
}
