internal import CLinux
internal import Glibc

/// A thread of the system, for work that blocks.
///
/// Many short pieces of work must not go to a queue of libdispatch: a serial queue may ask for one more thread with
/// each piece (10,000 reads of one connection made 177), and if the system refuses one, it sleeps and tries again for
/// ever.
package enum SystemThread {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts a thread that ends with its body; false, with nothing started, where the system allows no further one.
    ///
    /// The thread blocks all signals, which are left to the thread that waits for them.
    /// - Parameter name: shown by `ps -L` and debuggers; at most 15 bytes of it.
    package static func start(name: String, pace: Pace = .usual, _ body: @escaping @Sendable () -> Void) -> Bool {
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        // The thread names itself: its body may run before this one goes on.
        let argument = Unmanaged.passRetained(
            Body {
                nameCurrent(name)
                take(pace)
                body()
            }
        )
        var thread = pthread_t()
        let code = pthread_create(&thread, nil, { Self.enter($0) }, argument.toOpaque())
        guard code == 0 else {
            argument.release()
            return false
        }
        pthread_detach(thread)
        return true
    }

    /// Names the calling thread, for `ps -L` and debuggers.
    static func nameCurrent(_ name: String) {
        pthread_setname_np(pthread_self(), String(name.prefix(15)))
    }

    private static func enter(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let argument else { return nil }
        Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
        return nil
    }
}
