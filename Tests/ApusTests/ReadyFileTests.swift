import TestSupport
import Testing

@testable import apus

@Suite struct ReadyFileTests {
    private let folder: TemporaryFolder
    private var path: String { folder.path + "/ready" }

    init() throws {
        folder = try TemporaryFolder()
    }

    private func content() -> String? {
        let bytes = contents(ofFile: path)
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }

    @Test func `it holds the address as one line, and the last one that was written`() throws {
        let file = try ReadyFile(path)
        try file.write("http://127.0.0.1:5000")
        try file.write("http://127.0.0.1:6000")
        #expect(content() == "http://127.0.0.1:6000\n")
        file.remove()
        #expect(content() == nil)
        file.remove()
    }

    @Test func `a place where no file can be made is refused before the start`() {
        #expect(refusal { try ReadyFile("") } != nil)
        #expect(refusal { try ReadyFile(folder.path) }?.contains(folder.path) == true)
        #expect(refusal { try ReadyFile(path + "/") }?.contains("does not name a file") == true)
        #expect(refusal { try ReadyFile(folder.path + "/absent/ready") }?.contains("there is no folder") == true)
    }
}
