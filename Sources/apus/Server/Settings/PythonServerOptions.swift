/// The options of a Python server in the value of `--uvicorn-opts` or `--gunicorn-opts`.
struct PythonServerOptions: Sequence {
    struct Option {
        let name: String
        /// Empty if the option has no value.
        let value: String
    }

    private let options: [Option]

    /// - Parameter text: a command line, which is split into words as a shell does, with quotes and backslashes.
    init(_ text: String) {
        var options: [Option] = []
        for word in Self.words(text) {
            if word.hasPrefix("-") {
                let end = word.firstIndex(of: "=") ?? word.endIndex
                options.append(Option(name: String(word[..<end]), value: String(word[end...].dropFirst())))
            } else if let last = options.popLast() {
                options.append(Option(name: last.name, value: last.value.isEmpty ? word : last.value))
            }
        }
        self.options = options
    }

    func makeIterator() -> [Option].Iterator { options.makeIterator() }

    func last(where isWanted: (Option) -> Bool) -> Option? { options.last(where: isWanted) }

    static func isAboutEncryption(_ option: Option) -> Bool {
        option.name.hasPrefix("--ssl")
            || ["--certfile", "--keyfile", "--ca-certs", "--cert-reqs"].contains(option.name)
    }

    private static func words(_ text: String) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var isEscaped = false
        for character in text {
            if isEscaped {
                word = (word ?? "") + String(character)
                isEscaped = false
            } else if character == "\\", quote != "'" {
                isEscaped = true
            } else if character == quote {
                quote = nil
            } else if quote == nil, character == "'" || character == "\"" {
                quote = character
                word = word ?? ""
            } else if quote == nil, character.isWhitespace {
                if let word { words.append(word) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        if let word { words.append(word) }
        return words
    }
}
