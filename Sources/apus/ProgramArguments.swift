internal import Glibc

/// The arguments and variables with which the program was started, as bytes.
///
/// A `String` contains replacements for bytes that are not UTF-8, so a path with such bytes would name a different file.
enum ProgramArguments {
    /// The beginnings of the variables that this program reads, or their whole names with `=`.
    private static let prefixes = ["APUS_", "MLFLOW_", "AWS_", "HOME=", "TMPDIR="]

    /// The error message for the first argument or variable that is not UTF-8; nil if there is none.
    ///
    /// - Parameter arguments: the arguments without the name of the program.
    /// - Parameter variables: the environment, each variable in the form `NAME=VALUE`.
    static func fault(in arguments: [[UInt8]], _ variables: [[UInt8]]) -> String? {
        let isRun = arguments.first == Array("run".utf8)
        for argument in arguments {
            // The arguments after `--` are passed to the command unchanged, so they may contain any bytes.
            if isRun, argument == Array("--".utf8) { break }
            guard isText(argument) else { return sentence("argument", argument) }
        }
        for variable in variables where prefixes.contains(where: { variable.starts(with: $0.utf8) }) {
            guard isText(variable) else { return sentence("variable", variable.split(separator: 0x3D)[0]) }
        }
        return nil
    }

    private static func isText(_ bytes: [UInt8]) -> Bool { String(validating: bytes, as: UTF8.self) != nil }

    private static func sentence(_ kind: String, _ bytes: some Collection<UInt8>) -> String {
        let shown = HiddenPasswords.masked(Array(bytes)).prefix(200).map { byte in
            (0x20...0x7E).contains(byte)
                ? String(Unicode.Scalar(byte)) : "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
        return
            "The \(kind) '\(shown)' is not UTF-8, which Apus does not accept: rename the file, or use a symbolic link to it."
    }

    /// The error message for the arguments and variables of this process; nil if all are UTF-8.
    static var fault: String? {
        fault(in: (1..<max(1, Int(CommandLine.argc))).map { bytes(CommandLine.unsafeArgv[$0]) }, variables)
    }

    /// The values of the variables that are settings of this program.
    static var settings: [String] {
        let settings = variables.filter { variable in prefixes.prefix(2).contains { variable.starts(with: $0.utf8) } }
        return settings.compactMap { variable in
            variable.firstIndex(of: 0x3D).map { String(decoding: variable[($0 + 1)...], as: UTF8.self) }
        }
    }

    private static var variables: [[UInt8]] {
        var found: [[UInt8]] = []
        var next = environ
        while let entry = next.pointee {
            found.append(bytes(entry))
            next += 1
        }
        return found
    }

    private static func bytes(_ text: UnsafePointer<CChar>?) -> [UInt8] {
        guard let text else { return [] }
        return UnsafeBufferPointer(start: text, count: strlen(text)).map { UInt8(bitPattern: $0) }
    }

    private static func bytes(_ text: UnsafeMutablePointer<CChar>?) -> [UInt8] { bytes(text.map { UnsafePointer($0) }) }

    /// The last arguments of this process, as unchanged bytes.
    static func last(_ count: Int) -> [UnsafePointer<CChar>] {
        (Int(CommandLine.argc) - count..<Int(CommandLine.argc)).compactMap { index in
            index > 0 ? CommandLine.unsafeArgv[index].map { UnsafePointer($0) } : nil
        }
    }
}
