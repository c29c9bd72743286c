import Testing
import Tracking

@Suite struct ExperimentIDTests {
    @Test(
        arguments: [
            ("0", 0), ("7", 7), ("007", 7), ("9223372036854775807", .max), ("-1", -1), ("-0", 0),
        ] as [(String, Int64)]
    )
    func `reads plain decimal digits`(text: String, id: Int64) throws {
        #expect(try parseExperimentID(text) == id)
    }

    @Test(arguments: ["", " ", "abc", "-", "--1", "+1", " 1", "1 ", "1.0", "1_0", "٣", "-٣", "0x1"])
    func `refuses everything else`(text: String) {
        #expect(
            throws: TrackingError.invalidParameter(
                "Invalid experiment ID '\(text)'. Experiment ID must be a valid integer."
            )
        ) { try parseExperimentID(text) }
    }

    @Test(arguments: ["9223372036854775808", "-99999999999999999999"])
    func `finds no experiment by a number that is too large`(text: String) {
        #expect(throws: TrackingError.doesNotExist("No Experiment with id=\(text) exists")) {
            try parseExperimentID(text)
        }
    }

    @Test func `refuses any number of nines`() {
        #expect(throws: TrackingError.self) { try parseExperimentID(String(repeating: "9", count: 100_000)) }
    }
}

@Suite struct RunIDTests {
    @Test(arguments: ["a", "0", "A_b-c", "aé", String(repeating: "a", count: 256)])
    func `accepts a legal id`(text: String) throws {
        try validateRunID(text)
    }

    @Test(arguments: ["", "_a", "-a", "é", "a b", "a/b", "a.b", "a\n", "..", String(repeating: "a", count: 257)])
    func `refuses an illegal id`(text: String) {
        #expect(throws: TrackingError.self) { try validateRunID(text) }
    }

    @Test func `shows the id and the parameter`() {
        #expect(throws: TrackingError.invalidParameter("Invalid value \"a b\" for parameter 'run_id' supplied.")) {
            try validateRunID("a b")
        }
    }

    @Test func `a client may choose 32 lower-case hexadecimal digits for a new run, and nothing else`() throws {
        try validateNewRunID("0123456789abcdef0123456789abcdef")
        for text in [
            "", "0123456789ABCDEF0123456789abcdef", String(repeating: "0", count: 31),
            "../" + String(repeating: "0", count: 29),
        ] {
            #expect(throws: TrackingError.self) { try validateNewRunID(text) }
        }
    }

    @Test func `makes ids of 32 hexadecimal digits that differ`() throws {
        let ids = Set((0..<1_000).map { _ in makeRunID() })
        #expect(ids.count == 1_000)
        for id in ids {
            #expect(id.utf8.count == 32)
            #expect(id.allSatisfy { $0.isHexDigit && !$0.isUppercase })
            #expect(id.dropFirst(12).first == "4")
            try validateRunID(id)
        }
    }
}

@Suite struct RunNameTests {
    @Test func `makes names of an adjective, a noun and a number`() throws {
        var distinct: Set<String> = []
        for _ in 0..<500 {
            let name = makeRunName()
            let parts = name.split(separator: "-")
            #expect(parts.count == 3)
            #expect(parts.prefix(2).allSatisfy { $0.allSatisfy { $0.isASCII && $0.isLowercase } })
            #expect((0..<1_000).contains(Int(parts.last ?? "") ?? -1))
            distinct.insert(name)
        }
        #expect(distinct.count > 480)
    }

    @Test(
        arguments: [("a", nil, "a"), (nil, "b", "b"), ("a", "a", "a"), ("", "b", "b"), ("a", "", "a")]
            as [(String?, String?, String)]
    )
    func `takes the argument or the tag`(argument: String?, tag: String?, expected: String) throws {
        #expect(try resolvedRunName(argument: argument, tag: tag) == expected)
    }

    @Test func `generates a name when none is given`() throws {
        #expect(try resolvedRunName(argument: "", tag: nil).split(separator: "-").count == 3)
    }

    @Test func `refuses two different names`() {
        let expected =
            "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values "
            + "(run_name='y', mlflow.runName='z')."
        #expect(throws: TrackingError.invalidParameter(expected)) { try resolvedRunName(argument: "y", tag: "z") }
    }
}

@Suite struct StatusTests {
    @Test func `reads names and digits as protobuf does`() {
        #expect(RunStatus(wireName: "FINISHED") == .finished)
        #expect(RunStatus(wireName: "3") == .finished)
        #expect(ViewType(wireName: "DELETED_ONLY") == .deletedOnly)
        #expect(LifecycleStage(wireName: "deleted") == .deleted)
        #expect(RunStatus.allCases.map(\.wireNumber) == [1, 2, 3, 4, 5])
    }

    @Test(arguments: ["finished", "", "0", "6", "03", "2.5", " 3", "\u{212A}ILLED"])
    func `knows no other spelling`(text: String) {
        #expect(RunStatus(wireName: text) == nil)
    }
}
