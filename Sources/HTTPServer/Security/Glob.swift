/// A pattern in which each `*` matches any number of bytes, including none.
struct Glob: Sendable, Hashable {
    private let pattern: [UInt8]

    init(_ pattern: some Sequence<UInt8>) { self.pattern = Array(pattern) }

    /// Whether the pattern matches the whole text.
    ///
    /// Costs at most one pass over the pattern for each byte of the text, because after a mismatch only the last star matches
    /// one byte more, from the positions in `retry`.
    func matches(_ text: some Collection<UInt8>) -> Bool {
        let text = Array(text)
        var textIndex = 0
        var patternIndex = 0
        var retry: (text: Int, pattern: Int)?
        while textIndex < text.count {
            if patternIndex < pattern.count, pattern[patternIndex] == UInt8(ascii: "*") {
                patternIndex += 1
                retry = (textIndex, patternIndex)
            } else if patternIndex < pattern.count, pattern[patternIndex] == text[textIndex] {
                patternIndex += 1
                textIndex += 1
            } else if let last = retry {
                retry = (last.text + 1, last.pattern)
                (textIndex, patternIndex) = (last.text + 1, last.pattern)
            } else {
                return false
            }
        }
        return pattern[patternIndex...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
