import Dispatch
import Files
import Glibc
import Synchronization
import TestSupport

/// A server that answers each request as its script says, and keeps what it was asked.
final class StandInServer: Sendable {
    enum Answer: Sendable {
        case status(Int, fields: [String] = [], body: String = "{}")
        /// Takes the request and closes the connection without a word.
        case cut
        /// Takes the request and says nothing until the client gives up.
        case silence
    }

    struct Request: Sendable {
        let line: String
        let fields: [String]
        let body: String

        func field(_ name: String) -> String? {
            fields.first { $0.lowercased().hasPrefix("\(name): ") }.map { String($0.dropFirst(name.utf8.count + 2)) }
        }
    }

    private struct State {
        var requests: [Request] = []
        var answers: ArraySlice<Answer>
    }

    private let descriptor: Descriptor
    let uri: String
    private let state: Mutex<State>
    /// Signalled with each request.
    let hasRequest = DispatchSemaphore(value: 0)

    /// - Parameter answers: one for each request, in order; the last one is given again and again.
    init(_ answers: Answer...) throws {
        state = Mutex(State(answers: answers[...]))
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        descriptor = Descriptor(owning: listener)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 16) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard isListening else { throw TestFailure("listen: \(errno)") }
        uri = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
        let (descriptor, weakly) = (descriptor, WeakServer(self))
        DispatchQueue(label: "stand-in").async {
            while true {
                let raw = accept(descriptor.rawValue, nil, nil)
                guard raw >= 0, let server = weakly.server else { return }
                server.serve(Descriptor(owning: raw))
            }
        }
    }

    deinit {
        // Wakes the thread in accept.
        shutdown(descriptor.rawValue, Int32(SHUT_RDWR))
    }

    var requests: [Request] { state.withLock { $0.requests } }

    /// Waits for one more request, also in a task, which the semaphore itself does not allow; false if none comes within a
    /// minute.
    func awaitRequest() -> Bool { hasRequest.wait(timeout: .now() + .seconds(60)) == .success }

    private func serve(_ connection: Descriptor) {
        // A process that another test starts just now may have inherited the descriptor: to close it does not suffice.
        defer { shutdown(connection.rawValue, Int32(SHUT_RDWR)) }
        guard let request = Self.receive(connection) else { return }
        let answer = state.withLock { state in
            state.requests.append(request)
            let answer = state.answers.first ?? .cut
            if state.answers.count > 1 { state.answers.removeFirst() }
            return answer
        }
        hasRequest.signal()
        switch answer {
        case .cut: return
        case .silence:
            var byte: UInt8 = 0
            _ = recv(connection.rawValue, &byte, 1, 0)
        case .status(let status, let fields, let body):
            // A script may announce more than it sends.
            let isFramed = fields.contains { $0.hasPrefix("Content-Length: ") }
            let framing = isFramed ? [] : ["Content-Length: \(body.utf8.count)"]
            let head = ["HTTP/1.1 \(status) Scripted", "Connection: close"] + framing + fields
            let bytes = Array((head.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
            _ = send(connection.rawValue, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        }
    }

    private static func receive(_ connection: Descriptor) -> Request? {
        var received: [UInt8] = []
        var space = [UInt8](repeating: 0, count: 65_536)
        while true {
            let text = String(decoding: received, as: UTF8.self)
            if let end = text.firstRange(of: "\r\n\r\n") {
                let lines = text[..<end.lowerBound].split(separator: "\r\n").map { String($0) }
                let request = Request(
                    line: lines[0],
                    fields: Array(lines.dropFirst()),
                    body: String(text[end.upperBound...])
                )
                let length = request.field("content-length").flatMap { Int($0) } ?? 0
                if request.body.utf8.count >= length { return request }
            }
            let count = recv(connection.rawValue, &space, space.count, 0)
            guard count > 0 else { return nil }
            received += space[..<count]
        }
    }

    private final class WeakServer: Sendable {
        private let kept: Mutex<Weakly>
        private struct Weakly { weak var server: StandInServer? }
        init(_ server: StandInServer) { kept = Mutex(Weakly(server: server)) }
        var server: StandInServer? { kept.withLock { $0.server } }
    }
}
