import CLinux
import Files
import Glibc

/// An epoll instance that reports edge-triggered events.
///
/// An edge-triggered descriptor reports a hung-up peer once. A level-triggered one reports EPOLLHUP on every wait even
/// if all its events are masked, so that the loop would spin while a handler is busy (epoll_ctl(2)).
struct Epoll: ~Copyable {
    struct Event {
        let token: UInt64
        let bits: UInt32

        var isReadable: Bool { bits & EPOLLIN.rawValue != 0 }
        var isWritable: Bool { bits & EPOLLOUT.rawValue != 0 }
        /// The peer has sent its last byte; it may still be reading.
        var isPeerFinished: Bool { bits & EPOLLRDHUP.rawValue != 0 }
        /// Both directions are closed, or the connection is broken.
        var isHungUp: Bool { bits & (EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 }
        /// The connection is broken: the peer has reset it.
        var isReset: Bool { bits & EPOLLERR.rawValue != 0 }
    }

    static let batchSize = 64
    private let descriptor: Descriptor

    init() throws(HTTPServerError) {
        let created = epoll_create1(Int32(EPOLL_CLOEXEC))
        let code = errno
        guard created >= 0 else { throw HTTPServerError(call: "epoll_create1", code: code) }
        descriptor = Descriptor(owning: created)
    }

    /// Makes `poll` report the events of a descriptor until it is closed; false if the system cannot.
    func add(_ watched: Int32, token: UInt64) -> Bool {
        var event = epoll_event()
        event.events = EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
        event.data.u64 = token
        return epoll_ctl(descriptor.rawValue, EPOLL_CTL_ADD, watched, &event) == 0
    }

    /// Waits for events, at most for the given time, and handles up to `batchSize` of them.
    /// - Parameters:
    ///   - milliseconds: -1 for no limit.
    ///   - awake: called when the wait is over, before the first event is handled.
    ///   - handle: called for each event.
    func poll(waiting milliseconds: Int32, awake: () -> Void, _ handle: (Event) -> Void) {
        withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: Self.batchSize) { events in
            let count = epoll_wait(descriptor.rawValue, events.baseAddress, Int32(Self.batchSize), milliseconds)
            awake()
            guard count > 0 else { return }
            for index in 0..<Int(count) { handle(Event(token: events[index].data.u64, bits: events[index].events)) }
        }
    }
}
