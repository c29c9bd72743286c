import Dispatch
import Files
import Glibc
import Synchronization

/// A peer that answers each connection with given bytes, whatever they mean, and closes it.
final class ScriptedPeer: Sendable {
    private let descriptor: Descriptor
    let port: Int
    private let requests = Mutex<[String]>([])

    /// - Parameter answers: one for each connection, in order.
    init(_ answers: [String]) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        descriptor = Descriptor(owning: listener)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 16) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard result else { throw TestClient.Failure(message: "listen: \(errno)") }
        port = Int(UInt16(bigEndian: address.sin_port))
        guard !answers.isEmpty else { return }
        DispatchQueue(label: "peer").async { [self] in
            for answer in answers { serve(answer) }
        }
    }

    /// The heads of the requests so far.
    var heads: [String] { requests.withLock { $0 } }

    private func serve(_ answer: String) {
        let connection = Descriptor(owning: accept(descriptor.rawValue, nil, nil))
        // A process that another test starts just now may have inherited the descriptor: to close it does not suffice.
        defer { shutdown(connection.rawValue, Int32(SHUT_RDWR)) }
        var received: [UInt8] = []
        var space = [UInt8](repeating: 0, count: 4_096)
        while !String(decoding: received, as: UTF8.self).contains("\r\n\r\n") {
            let count = recv(connection.rawValue, &space, space.count, 0)
            guard count > 0 else { return }
            received += space[..<count]
        }
        let head = String(decoding: received, as: UTF8.self)
        requests.withLock { $0.append(head) }
        let bytes = Array(answer.utf8)
        _ = Glibc.send(connection.rawValue, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }
}
