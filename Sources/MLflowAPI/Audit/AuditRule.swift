internal import Budgets
internal import HTTPServer
internal import Identities
internal import JSON
package import Tracking
package import TrackingStore

/// What a call that may change something leaves in the audit.
package enum AuditRule: Sendable {
    /// Nothing: the call logs values, or changes nothing that is stored.
    case nothing
    /// An entry with each change, in the same transaction.
    case entry(AuditForm)
}

/// How the entries of a call are made.
package struct AuditForm: Sendable {
    /// What an entry says of a thing that the call makes, whose name only the result tells.
    package enum Made: Sendable {
        /// It is the resource of the entry.
        case resource(AuditResource.Kind)
        /// It is a detail with this name.
        case detail(String)
    }

    /// nil if the route says what is done.
    package var action: String?
    package var made: Made?
    /// The fields of the request, or the parameters of its path, that are worth knowing; they hold no values of params and no
    /// secrets.
    package var details: [String]
}

extension Access {
    /// The call leaves an entry in the audit with each change.
    func audited(as action: String? = nil, making made: AuditForm.Made? = nil, _ details: String...) -> Access {
        var access = self
        access.audit = .entry(AuditForm(action: action, made: made, details: details))
        return access
    }

    /// The call leaves nothing in the audit.
    var unaudited: Access {
        var access = self
        access.audit = .nothing
        return access
    }
}

/// Makes the entries of one endpoint.
struct AuditTrail: Sendable {
    private let form: AuditForm
    private let action: String
    private let resources: [Resource]
    /// The names of the parameters in the path, in their order.
    private let parameters: [String]

    /// nil for an endpoint that leaves nothing in the audit.
    init?(_ path: String, _ access: Access) {
        guard case .entry(let form) = access.audit else { return nil }
        self.form = form
        action = form.action ?? path
        resources = access.resources
        parameters = path.split(separator: "/").filter { $0.first == "{" }.map { String($0.dropFirst().dropLast()) }
    }

    /// The entry for a request as far as it is known before the work.
    ///
    /// - Parameter message: nil for a request whose body is no message.
    func draft(by actor: AuditActor, _ request: HTTPRequest, _ message: RequestMessage?) -> AuditDraft {
        var entry = AuditEntry(actor: actor, address: request.caller.peer.name, action: action)
        for resource in resources {
            guard var id = id(of: resource, request, message) else { continue }
            // An id is noted as the server writes it, however many zeros stand in front.
            if resource.kind == .experiment, let number = try? parseExperimentID(id) { id = String(number) }
            entry.resource = AuditResource(resource.kind.audited, id.atMost(AuditEntry.textLimit))
            break
        }
        let details = form.details.compactMap { name in
            text(of: name, request, message).map { (name: name, value: $0) }
        }
        return AuditDraft(entry: entry, details: details, made: form.made)
    }

    /// nil if the request does not name it in this way.
    private func id(of resource: Resource, _ request: HTTPRequest, _ message: RequestMessage?) -> String? {
        switch resource.place {
        case .unnamed, .list: nil
        case .parameter(let index): request.parameters.indices.contains(index) ? request.parameters[index] : nil
        case .fields(let names): names.lazy.compactMap { try? message?.field($0)?.text }.first { !$0.isEmpty }
        }
    }

    private func text(of name: String, _ request: HTTPRequest, _ message: RequestMessage?) -> String? {
        if let index = parameters.firstIndex(of: name), request.parameters.indices.contains(index) {
            return request.parameters[index]
        }
        guard let field = try? message?.field(name) else { return nil }
        guard case .json(let value) = field, value.kind == .object || value.kind == .array else {
            return field.text ?? field.echo
        }
        let texts = value.elements.compactMap(\.string)
        return texts.isEmpty ? nil : texts.joined(separator: ", ")
    }
}

/// An entry of the audit that waits for the result of the work.
struct AuditDraft: Sendable {
    var entry: AuditEntry
    fileprivate(set) var details: [(name: String, value: String)]
    fileprivate let made: AuditForm.Made?

    /// The entry after the work; nil if the work has changed nothing that is audited.
    func entry(after note: AuditNote?) -> AuditEntry? {
        var entry = entry
        var details = details
        switch note {
        case .nothing: return nil
        case .details(let more): details += more
        case .made(let name):
            switch made {
            case .resource(let kind): entry.resource = AuditResource(kind, name.atMost(AuditEntry.textLimit))
            case .detail(let detail): details.append((detail, name))
            case nil: break
            }
        case nil: break
        }
        entry.describe(details)
        return entry
    }
}

/// What the result of a work says for the audit.
package enum AuditNote: Sendable {
    /// The name of what was made.
    case made(String)
    case details([(name: String, value: String)])
    /// Nothing that is audited has changed.
    case nothing
}

extension AuditEntry {
    /// The most characters of one detail.
    private static let detailLimit = 200

    /// Sets the details, in their order.
    package mutating func describe(_ details: [(name: String, value: String)]) {
        guard !details.isEmpty else { return detail = "" }
        var writer = JSONWriter(capacity: 96)
        writer.beginObject()
        for (name, value) in details {
            writer.key(name)
            writer.string(value.atMost(Self.detailLimit))
        }
        writer.endObject()
        detail = String(decoding: writer.takeBytes(), as: UTF8.self)
    }

    /// The same about another resource.
    package func about(_ kind: AuditResource.Kind, _ id: String) -> AuditEntry {
        var entry = self
        entry.resource = AuditResource(kind, id.atMost(Self.textLimit))
        return entry
    }
}

extension RemovalKind {
    var audited: AuditResource.Kind {
        switch self {
        case .run: .run
        case .loggedModel: .loggedModel
        case .experiment: .experiment
        }
    }
}

extension Resource.Kind {
    /// The kind by which the audit knows it.
    fileprivate var audited: AuditResource.Kind {
        switch self {
        case .none, .server, .statistics, .store, .account: .server
        case .experiment, .experimentName: .experiment
        case .run: .run
        case .loggedModel: .loggedModel
        case .registeredModel: .registeredModel
        case .artifact, .upload: .artifact
        }
    }
}

extension String {
    /// The text, cut where it has more characters.
    fileprivate func atMost(_ limit: Int) -> String {
        guard utf8.count > limit else { return self }
        return String(String.UnicodeScalarView(unicodeScalars.prefix(limit)))
    }
}

extension MLflowAPI {
    /// Makes the entries of an endpoint; nil where nothing is audited.
    func auditTrail(_ path: String, _ access: Access) -> AuditTrail? {
        settings.isAudited ? AuditTrail(path, access) : nil
    }

    /// Who sends a request, for the audit.
    func auditActor(_ request: HTTPRequest) -> AuditActor {
        if let identity = request.caller.identity { return AuditActor(of: identity) }
        // A server that asks nobody still knows the commands beside it.
        return settings.access?.isOfOperator(request) == true ? .command : .anyone
    }
}

extension AuditActor {
    init(of identity: Identity) {
        switch identity.kind {
        case .operatorCommand: self = .command
        case .token: self.init(.token, identity.name)
        case .user, .outsider: self.init(.user, identity.name)
        }
    }
}

extension WriteSession {
    /// Stores an entry with what the result of a work says; none if that is nothing.
    package func audit(_ entry: AuditEntry, after note: AuditNote) throws {
        try audit(AuditDraft(entry: entry, details: [], made: nil).entry(after: note))
    }
}
