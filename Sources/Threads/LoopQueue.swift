internal import Dispatch

/// A serial queue of Dispatch whose only piece of work lasts as long as the server, such as an event loop.
///
/// It has a thread of the pace `prompt` from the start, and never asks for another one; see `SystemThread` for why short
/// pieces of work do not go to such queues.
package enum LoopQueue {
    /// Starts the work; false, with nothing started, where the system allows no further thread.
    ///
    /// - Parameter name: the queue's label, and shown by `ps -L`; at most 15 bytes of it there.
    package static func start(name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
        // If no thread can be created, libdispatch would retry for ever, so the creation is tested first.
        guard SystemThread.start(name: name, {}) else { return false }
        DispatchQueue(label: name, qos: .userInitiated).async {
            SystemThread.nameCurrent(name)
            SystemThread.take(.prompt)
            body()
        }
        return true
    }
}
