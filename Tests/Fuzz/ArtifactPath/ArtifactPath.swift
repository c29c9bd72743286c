import ArtifactStore
import Coding

/// Decodes the fuzzer's input as the server decodes a path, and checks that what is accepted names something beneath the
/// root for every program that may read the path after it.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzzArtifactPath(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let text = bytes.withUnsafeBytes({ PercentCoding.decode($0) }) else { return 0 }
    precondition(!text.utf8.contains(0), "a NUL was decoded")
    let encoded = PercentCoding.encode(text)
    precondition(PercentCoding.decode(encoded).map { Array($0.utf8) } == Array(text.utf8), "encoded and read otherwise")
    guard let path = try? ArtifactPath(text) else { return 0 }
    check(path)
    guard let again = try? ArtifactPath(path.description) else { preconditionFailure("its own text is refused") }
    precondition(again == path, "its own text names something else")
    guard let base = try? ArtifactPath("0/run/artifacts") else { preconditionFailure("a usual folder is refused") }
    if let whole = try? base.appending(path) {
        precondition(whole.components.starts(with: base.components), "it left the folder that it was put into")
        check(whole)
    }
    return 0
}

private func check(_ path: ArtifactPath) {
    precondition(path.components.count <= ArtifactPath.maximumDepth, "too deep")
    precondition(path.description.utf8.count <= ArtifactPath.maximumBytes, "too long")
    for component in path.components {
        precondition((1...ArtifactPath.maximumComponentBytes).contains(component.utf8.count), "a component's length")
        var bytes = Array(component.utf8)
        precondition(!bytes.contains { "/\0#\t\n\r".utf8.contains($0) }, "a separator in a component")
        // Neither as it is nor after any number of further decodings does it lead upwards or to another root.
        for _ in 0...10 {
            let parts = bytes.split(omittingEmptySubsequences: false) { "/\\".utf8.contains($0) }
            precondition(parts.first?.isEmpty == false, "it begins at a root")
            precondition(!parts.contains { Array($0) == Array(".".utf8) || Array($0) == Array("..".utf8) }, "dots")
            precondition(!bytes.starts(with: "file:".utf8), "a scheme")
            bytes = PercentCoding.decodeLeniently(bytes).filter { !"\t\n\r".utf8.contains($0) }
        }
    }
}
