import Tracking
import Transfer

/// Reads the fuzzer's input as an archive, in pieces of two sizes, and holds what comes against the selection.
///
/// The first byte says what is selected.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzzArchiveReader(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    var selection = TransferSelection()
    if let choice = input.first {
        if choice & 1 != 0 { selection.runs = ["r"] }
        if choice & 2 != 0 { selection.experiments = ["0"] }
        selection.skipsArtifacts = choice & 4 != 0
    }
    let archive = Array(input.dropFirst())
    let whole = read(archive, piece: archive.count + 1, selection)
    precondition(whole == read(archive, piece: 7, selection), "what comes depends on the size of the pieces")
    return 0
}

/// What came, each thing as a text, and how it ended.
private func read(_ archive: [UInt8], piece: Int, _ selection: TransferSelection) -> [String] {
    var rest = archive[...]
    let source = ArchiveSource(title: "archive") {
        defer { rest = rest.dropFirst(piece) }
        return Array(rest.prefix(piece))
    }
    var found: [String] = []
    var folder: String?
    do {
        try source.read(selection) { item in
            switch item {
            case .record(let record):
                folder = location(of: record) ?? folder
                if case .run(let run) = record {
                    precondition(selection.includes(run.run.info), "a run was not selected")
                }
                found.append("\(record)")
            case .archivedFile(let file):
                precondition(!selection.skipsArtifacts, "a file came that was to be left")
                precondition(file.size >= 0, "a file has a size below zero")
                guard let folder else { preconditionFailure("a file came before its owner") }
                let location = "mlflow-artifacts:/\(file.path)"
                precondition(location.utf8.starts(with: "\(folder)/".utf8), "a file is not its owner's")
                found.append("\(file.path) \(file.size)")
            case .skipped(let place, let reason):
                precondition(!reason.isEmpty, "nothing is said about what was left out")
                found.append("\(place): \(reason)")
            case .artifacts, .remoteFile, .hint: preconditionFailure("an archive has no folders and gives no hints")
            }
        }
    } catch {
        precondition(error is SourceFailure, "ended by \(error)")
        found.append("\(error)")
    }
    return found
}

private func location(of record: TransferRecord) -> String? {
    switch record {
    case .run(let run): run.run.info.artifactURI
    case .loggedModel(let model): model.model.info.artifactURI
    default: nil
    }
}
