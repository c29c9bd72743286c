import Budgets
import Dispatch
import MLflowAPI
import Synchronization
import Testing

/// Whose password is checked when many wait for that.
@Suite struct PasswordChecksTests {
    private let checks = PasswordChecks()
    private let ended = DispatchSemaphore(value: 0)

    private func attempt(_ address: String, _ name: String = "ada") -> PasswordAttempt {
        PasswordAttempt(peer: Peer(address: address), name: Array(name.utf8))
    }

    private func run(_ attempt: PasswordAttempt, _ check: @escaping @Sendable () -> Bool?) {
        checks.run(for: attempt, check) { [ended] in ended.signal() }
    }

    /// Makes the other checks wait until the result is called.
    private func holdUp() -> @Sendable () -> Void {
        let (gate, hasBegun) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        run(attempt("192.0.2.1", "first")) {
            hasBegun.signal()
            gate.wait()
            return false
        }
        hasBegun.wait()
        return { gate.signal() }
    }

    private func wait(for count: Int) {
        for _ in 0..<count { ended.wait() }
    }

    @Test func `addresses take turns, and a name that was right at its address comes first`() {
        let known = attempt("192.0.2.9")
        run(known) { true }
        wait(for: 1)
        let order = Order()
        let release = holdUp()
        for name in ["a", "b", "c"] { run(attempt("192.0.2.1", name)) { order.add("\(name) at 1") } }
        run(attempt("192.0.2.2")) { order.add("2") }
        run(known) { order.add("known") }
        release()
        wait(for: 6)
        #expect(order.all == ["known", "2", "a at 1", "b at 1", "c at 1"])
    }

    @Test func `who tries many names that are known at an address keeps others waiting for one check`() throws {
        let known = ["a", "b", "c", "d"].map { attempt("192.0.2.1", $0) }
        for one in known { run(one) { true } }
        wait(for: known.count)
        let order = Order()
        let release = holdUp()
        for one in known { run(one) { order.add("known") } }
        run(attempt("192.0.2.2")) { order.add("other") }
        run(attempt("192.0.2.3")) { order.add("other") }
        release()
        wait(for: known.count + 3)
        #expect(order.all == ["known", "other", "known", "other", "known", "known"])
    }

    @Test func `a name at an address waits for one check of another name there, however many those are`() throws {
        let order = Order()
        let release = holdUp()
        for _ in 0..<3 { run(attempt("192.0.2.1", "first")) { order.add("first") } }
        run(attempt("192.0.2.1", "second")) { order.add("second") }
        release()
        wait(for: 5)
        #expect(order.all == ["second", "first", "first", "first"])
    }

    @Test func `new addresses that keep coming do not overtake one that waits`() throws {
        let order = Order()
        let release = holdUp()
        run(attempt("192.0.2.1", "again")) { order.add("again") }
        comeAgain(2, order)
        release()
        wait(for: 6)
        #expect(order.all == ["new 2", "again", "new 3", "new 4", "new 5"])
    }

    /// Makes a check of a new address, during which the next new address comes.
    private func comeAgain(_ number: Int, _ order: Order) {
        guard number <= 5 else { return }
        run(attempt("192.0.2.\(number)")) {
            comeAgain(number + 1, order)
            return order.add("new \(number)")
        }
    }

    @Test func `who would wait for too many others is refused, but for who is known`() {
        let known = attempt("192.0.2.9")
        run(known) { true }
        wait(for: 1)
        let release = holdUp()
        for number in 0..<PasswordChecks.queueLimit {
            #expect(checks.mayRun(for: attempt("198.51.100.\(number)")))
            run(attempt("198.51.100.\(number)")) { false }
        }
        #expect(!checks.mayRun(for: attempt("192.0.2.2")))
        #expect(checks.mayRun(for: known))
        // Another name at the same address is none that is known.
        #expect(!checks.mayRun(for: attempt("192.0.2.9", "bob")))
        release()
        wait(for: PasswordChecks.queueLimit + 1)
        #expect(checks.mayRun(for: attempt("192.0.2.2")))
    }

    @Test func `all addresses of one network of IPv6 are one`() {
        #expect(attempt("2001:db8::1") == attempt("2001:db8::ffff:2"))
        #expect(attempt("2001:db8::1") != attempt("2001:db8:0:1::1"))
        #expect(attempt("192.0.2.1") != attempt("192.0.2.2"))
        #expect(attempt("192.0.2.1") == attempt("192.0.2.1"))
    }
}

/// The checks in the order in which they ran; all of them fail.
private final class Order: Sendable {
    private let texts = Mutex<[String]>([])

    var all: [String] { texts.withLock { $0 } }

    func add(_ text: String) -> Bool? {
        texts.withLock { $0.append(text) }
        return false
    }
}
