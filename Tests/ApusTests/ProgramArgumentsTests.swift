import Testing

@testable import apus

@Suite struct ProgramArgumentsTests {
    private static func fault(_ arguments: [[UInt8]], _ variables: [[UInt8]] = []) -> String? {
        ProgramArguments.fault(in: arguments, variables)
    }

    private static let broken: [UInt8] = Array("caf".utf8) + [0xE9, 0x0A]

    @Test(arguments: [["import"], ["server", "--data-dir"], ["run"], []])
    func `an argument that is not UTF-8 is a fault, shown by its bytes`(before: [String]) throws {
        let fault = try #require(Self.fault(before.map { Array($0.utf8) } + [Self.broken]))
        #expect(fault.contains(#"The argument 'caf\xe9\x0a' is not UTF-8"#), "\(fault)")
    }

    @Test func `what apus run passes on to its command may be any bytes`() {
        let own = ["run", "--data-dir", "x", "--"].map { Array($0.utf8) }
        #expect(Self.fault(own + [Self.broken]) == nil)
        #expect(Self.fault([Array("import".utf8), Array("--".utf8), Self.broken]) != nil)
    }

    @Test func `a variable that is read must be UTF-8, and others need not`() {
        #expect(Self.fault([], [Array("APUS_DATA_DIR=/".utf8) + Self.broken])?.contains("'APUS_DATA_DIR'") == true)
        #expect(Self.fault([], [Array("HOME=".utf8) + Self.broken]) != nil)
        #expect(Self.fault([], [Array("OTHER=".utf8) + Self.broken, Array("HOMER=".utf8) + Self.broken]) == nil)
    }

    @Test func `names in any script are taken`() {
        #expect(Self.fault(["import", "größe 🦩", ""].map { Array($0.utf8) }) == nil)
    }
}
