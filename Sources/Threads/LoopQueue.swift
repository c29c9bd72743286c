internal import Dispatch

/// Runs one long piece of work, such as an event loop, on a serial queue of libdispatch.
///
/// The queue has one thread, of the pace `prompt`, until the work ends. The comment on `SystemThread` says why short pieces of
/// work must not run on such queues.
package enum LoopQueue {
    /// Starts the work; returns false, and starts nothing, if the system allows no further thread.
    ///
    /// - Parameter name: the label of the queue. Its first 15 characters are the thread's name in `ps -L`.
    package static func start(name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
        // If no thread can be created, libdispatch tries again without end, so another thread is started first as a test.
        guard SystemThread.start(name: name, {}) else { return false }
        DispatchQueue(label: name, qos: .userInitiated).async {
            SystemThread.nameCurrent(name)
            SystemThread.setPace(.prompt)
            body()
        }
        return true
    }
}
