internal import Budgets
internal import HTTPServer
internal import Identities
internal import JSON
package import Tracking

/// Whether a call that may change data writes an entry to the audit log, and which entry.
package enum AuditRule: Sendable {
    /// No entry: the call logs values, uploads artifacts (which the artifact journal records), or changes nothing that is stored.
    case nothing
    /// An entry for each change, in the transaction of the change.
    case entry(AuditForm)
}

/// How the entries of a call are made.
package struct AuditForm: Sendable {
    /// Where the entry records the name of an object that the call creates.
    ///
    /// The name is known after the call has succeeded.
    package enum CreatedName: Sendable {
        /// The created object becomes the entry's resource, of this kind.
        case resource(AuditResource.Kind)
        /// The created object's name is added to the entry's details with this key.
        case detail(String)
    }

    /// The action that the entry names; if nil, the entry names the endpoint's path.
    package var action: String?
    package var createdName: CreatedName?
    /// The names of the request fields and path parameters that are copied into the entry.
    ///
    /// A field that holds a secret, or the values of a run's params, must not be named.
    package var details: [String]
}

extension Access {
    /// Returns the access of a call that writes an entry to the audit log for each change.
    func audited(as action: String? = nil, creating: AuditForm.CreatedName? = nil, _ details: String...) -> Access {
        var access = self
        access.audit = .entry(AuditForm(action: action, createdName: creating, details: details))
        return access
    }

    /// The access of a call that writes nothing to the audit log.
    var unaudited: Access {
        var access = self
        access.audit = .nothing
        return access
    }
}

/// Makes the entries of one endpoint.
struct AuditEntryMaker: Sendable {
    private let form: AuditForm
    private let action: String
    private let resources: [Resource]
    /// The names of the parameters in the path, in their order.
    private let parameters: [String]

    /// Returns nil for an endpoint that writes nothing to the audit log.
    init?(_ path: String, _ access: Access) {
        guard case .entry(let form) = access.audit else { return nil }
        self.form = form
        action = form.action ?? path
        resources = access.resources
        parameters = path.split(separator: "/").filter { $0.first == "{" }.map { String($0.dropFirst().dropLast()) }
    }

    /// Makes the part of a request's entry that is known before the operation is carried out.
    ///
    /// - Parameter message: the parsed body; nil if the request has no JSON body, such as the upload of an artifact.
    func draft(by actor: AuditActor, _ request: HTTPRequest, _ message: RequestMessage?) -> AuditDraft {
        var entry = AuditEntry(actor: actor, address: request.caller.peer.name, action: action)
        for resource in resources {
            guard var id = id(of: resource, request, message) else { continue }
            // Leading zeros are removed, so that all entries about an experiment have the same id.
            if resource.kind == .experiment, let number = try? parseExperimentID(id) { id = String(number) }
            entry.resource = AuditResource(resource.kind.auditKind, id.atMost(AuditEntry.textLimit))
            break
        }
        let details = form.details.compactMap { name in
            text(of: name, request, message).map { (name: name, value: $0) }
        }
        return AuditDraft(entry: entry, details: details, createdName: form.createdName)
    }

    /// The id of a resource, from the part of the request that `resource` declares; nil if the request has no id there.
    private func id(of resource: Resource, _ request: HTTPRequest, _ message: RequestMessage?) -> String? {
        switch resource.naming {
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

/// An audit entry that waits for the result of its operation.
struct AuditDraft: Sendable {
    var entry: AuditEntry
    fileprivate(set) var details: [(name: String, value: String)]
    fileprivate let createdName: AuditForm.CreatedName?

    /// The finished entry; nil if the operation has changed nothing that is audited.
    ///
    /// - Parameter note: nil if the operation reports nothing more; the entry then is as drafted.
    func entry(after note: AuditNote?) -> AuditEntry? {
        var entry = entry
        var details = details
        switch note {
        case .unchanged: return nil
        case .details(let more): details += more
        case .created(let name):
            switch createdName {
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

/// What an operation reports, after it is done, for its audit entry.
package enum AuditNote: Sendable {
    /// The name of the created object.
    case created(String)
    case details([(name: String, value: String)])
    /// Nothing that is audited has changed.
    case unchanged
}

extension AuditEntry {
    /// The maximum size of the value of a detail, in bytes of UTF-8.
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

    /// Returns a copy of this entry that names another resource.
    package func about(_ kind: AuditResource.Kind, _ id: String) -> AuditEntry {
        var entry = self
        entry.resource = AuditResource(kind, id.atMost(Self.textLimit))
        return entry
    }
}

extension RemovalKind {
    /// The kind that audit entries use for a removed object of this kind.
    var auditKind: AuditResource.Kind {
        switch self {
        case .run: .run
        case .loggedModel: .loggedModel
        case .experiment: .experiment
        }
    }
}

extension Resource.Kind {
    /// The kind that audit entries use for a resource of this kind.
    fileprivate var auditKind: AuditResource.Kind {
        switch self {
        case .none, .server, .statistics, .store, .account, .token, .grant: .server
        case .experiment, .experimentName: .experiment
        case .run: .run
        case .loggedModel: .loggedModel
        case .registeredModel: .registeredModel
        case .artifact, .upload: .artifact
        }
    }
}

extension String {
    /// Returns the text, cut to at most `limit` bytes of UTF-8, without half a character at its end.
    fileprivate func atMost(_ limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var bytes = 0
        let kept = unicodeScalars.prefix { scalar in
            bytes += UTF8.width(scalar)
            return bytes <= limit
        }
        return String(String.UnicodeScalarView(kept))
    }
}

extension MLflowAPI {
    /// Returns the value that makes the entries of an endpoint; nil if the endpoint is not audited.
    func auditEntryMaker(_ path: String, _ access: Access) -> AuditEntryMaker? {
        settings.isAudited ? AuditEntryMaker(path, access) : nil
    }

    /// The sender of a request, as audit entries name it.
    func auditActor(_ request: HTTPRequest) -> AuditActor {
        if let identity = request.caller.identity { return AuditActor(of: identity) }
        // Even if the server requires no authentication, it recognizes the requests of Apus commands on its own machine.
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

extension ChangingAccessTables {
    /// Completes an entry with what the operation has reported, and stores the entry; stores nothing after `.unchanged`.
    package func audit(_ entry: AuditEntry, after note: AuditNote) throws {
        try audit(AuditDraft(entry: entry, details: [], createdName: nil).entry(after: note))
    }
}
