import Glibc
import Testing

@testable import apus

@Suite struct SignalPolicyTests {
    private let plain = SignalPolicy(inheritedAsIgnored: [], isFirstProcess: false)

    @Test func `an interrupt ends a server in the foreground of its terminal`() {
        #expect(plain.reasonToIgnore(signal: SIGINT, isInForeground: true) == nil)
    }

    @Test func `an interrupt without a terminal is no stop`() {
        #expect(plain.reasonToIgnore(signal: SIGINT, isInForeground: false) != nil)
    }

    @Test func `an interrupt ends the first process of a container without a terminal too`() {
        let policy = SignalPolicy(inheritedAsIgnored: [], isFirstProcess: true)
        #expect(policy.reasonToIgnore(signal: SIGINT, isInForeground: false) == nil)
    }

    @Test(arguments: [SIGINT, SIGHUP]) func `what was inherited as ignored stays ignored`(number: Int32) {
        let policy = SignalPolicy(inheritedAsIgnored: [number], isFirstProcess: true)
        #expect(policy.reasonToIgnore(signal: number, isInForeground: true) != nil)
    }

    @Test(arguments: [true, false]) func `SIGTERM always ends the server`(isInForeground: Bool) {
        let policy = SignalPolicy(inheritedAsIgnored: [SIGTERM, SIGINT, SIGHUP], isFirstProcess: false)
        #expect(policy.reasonToIgnore(signal: SIGTERM, isInForeground: isInForeground) == nil)
    }

    @Test func `the end of the terminal ends the server`() {
        #expect(plain.reasonToIgnore(signal: SIGHUP, isInForeground: false) == nil)
    }
}
