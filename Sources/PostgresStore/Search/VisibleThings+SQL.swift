internal import Identities

extension VisibleThings<Int64> {
    /// Returns the condition that a column contains the id of a visible entity; nil if all entities are visible.
    func condition(_ column: String, in statement: inout SearchStatement) -> String? {
        switch self {
        case .except(let ids) where ids.isEmpty: nil
        case .except(let ids): "\(column) <> ALL(\(statement.bind(ids.sorted())))"
        case .only(let ids): "\(column) = ANY(\(statement.bind(ids.sorted())))"
        }
    }
}

extension VisibleThings<[UInt8]> {
    /// Returns the condition that a column contains the name of a visible entity; nil if all entities are visible.
    func condition(_ column: String, in statement: inout SearchStatement) -> String? {
        switch self {
        case .except(let names) where names.isEmpty: nil
        case .except(let names): "\(column) <> ALL(\(statement.bind(Self.texts(names))))"
        case .only(let names): "\(column) = ANY(\(statement.bind(Self.texts(names))))"
        }
    }

    private static func texts(_ names: Set<[UInt8]>) -> [String] { names.map { String(decoding: $0, as: UTF8.self) } }
}
