internal import CLinux
internal import Glibc

/// Starts threads of the system, for work that blocks.
///
/// Many short pieces of work must not run on a queue of libdispatch. Each piece may make a serial queue start another thread:
/// 10,000 reads of one connection started 177. If the system refuses a thread, libdispatch sleeps and tries again without end.
package enum SystemThread {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts a thread that runs `body` and ends; returns false, and starts nothing, if the system allows no further thread.
    ///
    /// The thread blocks all signals, because another thread of the program waits for them.
    /// - Parameter name: its first 15 characters are the thread's name in `ps -L` and debuggers.
    package static func start(name: String, pace: Pace = .usual, _ body: @escaping @Sendable () -> Void) -> Bool {
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        // The thread sets its own name, because its body may run before `pthread_create` returns.
        let argument = Unmanaged.passRetained(
            Body {
                nameCurrent(name)
                setPace(pace)
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

    /// Sets the name of the calling thread that `ps -L` and debuggers show.
    static func nameCurrent(_ name: String) { pthread_setname_np(pthread_self(), String(name.prefix(15))) }

    private static func enter(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let argument else { return nil }
        Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
        return nil
    }
}
