internal import Coding
internal import Glibc

/// Reads a password from the terminal, a variable or standard input, and not from an argument, which all users could see.
enum NewPassword {
    private static let variable = "APUS_USER_PASSWORD"
    private static let longestLine = 4_096

    static let help = """
        On a terminal, the command asks for the password. A script sets the variable \(variable), or writes the password as \
        the first line of standard input. A password has at least 12 characters.
        """

    static func read(for user: String) throws(StartFailure) -> String {
        if let password = Environment.process[variable] { return password }
        guard isatty(STDIN_FILENO) == 1 else { return try lineOfInput() }
        let first = try ask("Password of '\(user.printable(limit: 60))': ")
        guard try ask("Once more: ") == first else {
            throw StartFailure("The two passwords differ; nothing was changed.")
        }
        return first
    }

    private static func ask(_ prompt: String) throws(StartFailure) -> String {
        guard let typed = getpass(prompt) else {
            throw StartFailure("The terminal gave no password: \(String(cString: strerror(errno))).")
        }
        defer { memset(typed, 0, strlen(typed)) }
        return String(cString: typed)
    }

    private static func lineOfInput() throws(StartFailure) -> String {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while line.count < longestLine, Glibc.read(STDIN_FILENO, &byte, 1) == 1, byte != UInt8(ascii: "\n") {
            line.append(byte)
        }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        guard !line.isEmpty else {
            throw StartFailure(
                "No password was given. Set \(variable), or write the password as the first line of standard input."
            )
        }
        return String(decoding: line, as: UTF8.self)
    }
}
