internal import Tracking

/// A message of TensorBoard's plugin for hyperparameters: the params and group at a run's start, or the status at its end.
struct HyperparameterMessage {
    /// The hyperparameters in the order of the message; a key may occur twice.
    private(set) var hyperparameters: [Param] = []
    /// The name that related runs share; nil if the message has none.
    private(set) var group: String?
    private(set) var status: RunStatus?

    init(_ message: UnsafeRawBufferPointer) throws(BrokenMessage) {
        var fields = WireFields(message)
        while let (number, value) = try fields.next() {
            switch number {
            case 3: try readStart(value.message())
            case 4: try readEnd(value.message())
            default: break
            }
        }
    }

    private mutating func readStart(_ message: UnsafeRawBufferPointer) throws(BrokenMessage) {
        var fields = WireFields(message)
        while let (number, value) = try fields.next() {
            switch number {
            case 1: hyperparameters.append(try Self.hyperparameter(value.message()))
            case 4:
                let text = try value.text()
                group = text.isEmpty ? nil : text
            default: break
            }
        }
    }

    private mutating func readEnd(_ message: UnsafeRawBufferPointer) throws(BrokenMessage) {
        var fields = WireFields(message)
        while let (number, value) = try fields.next() {
            if number == 1 { status = try value.number() == 2 ? .failed : .finished }
        }
    }

    private static func hyperparameter(_ entry: UnsafeRawBufferPointer) throws(BrokenMessage) -> Param {
        var param = Param(key: "", value: "None")
        var fields = WireFields(entry)
        while let (number, value) = try fields.next() {
            switch number {
            case 1: param.key = try value.text()
            case 2: param.value = try text(ofValue: value.message())
            default: break
            }
        }
        return param
    }

    /// The text that MLflow's Python client would log for a value.
    private static func text(ofValue message: UnsafeRawBufferPointer) throws(BrokenMessage) -> String {
        var text = "None"
        var fields = WireFields(message)
        while let (number, value) = try fields.next() {
            switch number {
            case 1: text = "None"
            case 2: text = Self.text(ofNumber: try value.double())
            case 3: text = try value.text()
            case 4: text = try value.number() == 0 ? "False" : "True"
            // No known program writes lists or structures as hyperparameters.
            default: throw BrokenMessage()
            }
        }
        return text
    }

    /// The text of a number: whole numbers below 10^15 as integers, because TensorBoard stores all numbers as floating-point.
    private static func text(ofNumber number: Double) -> String {
        Int64(exactly: number).map { abs(number) < 1e15 ? String($0) : "\(number)" } ?? "\(number)"
    }
}
