internal import JSON

/// The output of `apus doctor`: a line when a step ends, or one JSON object at the end.
struct CheckupReport {
    private let asJSON: Bool
    private let checksOnlyHealth: Bool
    private var uri: String?
    private var steps: [CheckedStep] = []

    init(asJSON: Bool, checksOnlyHealth: Bool) {
        self.asJSON = asJSON
        self.checksOnlyHealth = checksOnlyHealth
    }

    var succeeded: Bool { steps.allSatisfy(\.succeeded) }

    /// Sets the address of the checked server for the overall result; the address must contain no secrets.
    mutating func setServer(_ uri: String) { self.uri = uri }

    mutating func add(_ step: CheckedStep) {
        steps.append(step)
        guard !asJSON else { return }
        let verdict = step.succeeded ? "ok  " : "FAIL"
        let name = step.name + String(repeating: " ", count: max(0, 11 - step.name.count))
        let time = step.time.millisecondText
        let padding = String(repeating: " ", count: max(0, 8 - time.count))
        StandardStream.output.write("\(verdict)  \(name) \(padding)\(time) ms\(step.detail.map { "  \($0)" } ?? "")")
        if let advice = step.advice { StandardStream.output.write("      \(advice)") }
    }

    /// Prints the overall result.
    func end() {
        guard asJSON else {
            let success = checksOnlyHealth ? "There is a server at" : "All is fine: a training can use"
            let verdict = succeeded ? success : "Not ready for a training:"
            StandardStream.output.write("\(verdict) \(uri ?? "no server given").")
            return
        }
        let object = JSONWriter.objectText { writer in
            writer.key("uri")
            if let uri { writer.string(uri) } else { writer.null() }
            writer.member("ok", succeeded)
            writer.memberArray("steps") { writer in for step in steps { step.write(to: &writer) } }
        }
        StandardStream.output.write(object)
    }
}

extension CheckedStep {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("name", name)
        writer.member("ok", succeeded)
        writer.member("milliseconds", Double(time.microseconds) / 1_000)
        writer.member("detail", ifPresent: detail)
        writer.member("advice", ifPresent: advice)
        writer.endObject()
    }
}

extension Duration {
    fileprivate var microseconds: Int64 { Int64((self / .microseconds(1)).rounded()) }

    /// Milliseconds with one decimal.
    fileprivate var millisecondText: String {
        let tenths = Int64((self / .microseconds(100)).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
