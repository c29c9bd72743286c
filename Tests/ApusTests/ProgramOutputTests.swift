import Testing

@testable import apus

@Suite struct ProgramOutputTests {
    private func output(_ command: String, within timeLimit: Duration = .seconds(20)) throws -> ProgramOutput {
        try ProgramOutput(of: ["sh", "-c", command], within: timeLimit, maximumBytes: 10_000)
    }

    @Test func `the output and the status of a program are given`() throws {
        let output = try output("echo one; echo two; exit 3")
        #expect(output.text == "one\ntwo\n" && output.status == 3)
    }

    @Test func `a program that a signal ends has no status`() throws {
        #expect(try output("kill -9 $$").status == nil)
    }

    @Test func `a program gets no input`() throws {
        #expect(try output("cat; echo end").text == "end\n")
    }

    @Test(arguments: ["while :; do :; done", "exec >&-; while :; do :; done", "trap '' TERM; sleep 1000 & wait"])
    func `a program that does not end in time is ended`(command: String) {
        #expect(throws: ProgramOutput.Failure.timedOut) { try output(command, within: .milliseconds(100)) }
    }

    @Test func `a program that prints too much is ended`() {
        #expect(throws: ProgramOutput.Failure.outputTooLong) { try output("while :; do echo text; done") }
    }

    @Test func `a program that is not there is not started`() {
        #expect(throws: ProgramOutput.Failure.notStarted(2)) {
            try ProgramOutput(of: ["no-such-program-of-apus"], within: .seconds(1), maximumBytes: 1)
        }
    }
}
