internal import Coding
internal import HTTPClient
internal import MLflowClient
internal import TLS

/// One line about a failure, and one line of advice.
struct Diagnosis {
    let detail: String
    let advice: String

    private init(_ detail: String, _ advice: String) {
        self.detail = detail
        self.advice = advice
    }

    init(of failure: CheckFailure, calls: TrackingCalls, timeout: Duration) {
        let client = calls.connection
        switch failure {
        case .client(let error):
            switch error.cause {
            case .call(let failure): self = Self.diagnosis(of: failure, uri: client.uri, timeout: timeout)
            case .answer(let reply): self = Self.diagnosis(of: reply, client: client)
            case .client: self = Self.contradiction(error.message, client)
            }
        case .contradiction(let detail): self = Self.contradiction(detail, client)
        case .experimentDeleted(let id):
            let remedy = id.map { "restore it: mlflow experiments restore --experiment-id \(client.quoted($0))" }
            self.init(
                "the experiment '\(calls.experimentName.printable(limit: 100))' is deleted, but still keeps its name",
                "Choose another with --experiment NAME, or \(remedy ?? "restore it on the server")."
            )
        }
    }
}

extension Diagnosis {
    private static func contradiction(_ detail: String, _ client: TrackingConnection) -> Diagnosis {
        Diagnosis(
            client.credentials.redacted(detail).printable(limit: 200),
            "The server answers, but not as MLflow does: look at its log; do several servers share the address?"
        )
    }
}

extension TrackingConnection {
    /// Returns text from the server for display: without secrets, as one line, and cut if it is long.
    fileprivate func quoted(_ text: String) -> String { credentials.redacted(text).printable(limit: 200) }
}

extension TrackingURI {
    /// The command that starts a server at the checked address.
    fileprivate var startCommand: String {
        var command = "apus server --port \(port)"
        if isSecure { command += " --ssl-certfile FILE --ssl-keyfile FILE" }
        if !isLoopback {
            command += " --host \(isIPv6 ? "::" : "0.0.0.0") --allowed-hosts '\(hostField)'"
        } else if isIPv6 || host.hasPrefix("127.") && host != "127.0.0.1" {
            command += " --host \(host)"
        }
        return prefix.isEmpty ? command : command + " --static-prefix '\(prefix)'"
    }

    /// The machine on which to run the command, as a phrase; empty for this machine.
    fileprivate var machine: String { isLoopback ? "" : " on the machine that \(host) names" }
}

extension Diagnosis {
    private static func diagnosis(of failure: CallFailure, uri: TrackingURI, timeout: Duration) -> Diagnosis {
        let server = uri.hostField
        switch failure {
        case .refused:
            return Diagnosis(
                "connection refused: nothing listens on port \(uri.port) of \(uri.host)",
                "Is the server running, and on this port? Start it\(uri.machine): \(uri.startCommand)"
            )
        case .unresolved(let reason):
            return Diagnosis(
                "the host name \(uri.host) cannot be resolved: \(reason)",
                "Check its spelling. In a Docker Compose network, use the name of the service; on the same machine, 127.0.0.1."
            )
        case .unreachable(let reason):
            return Diagnosis(
                "cannot reach \(server): \(reason)",
                "Check the address, the network and the firewall; is the server running? Start it\(uri.machine): "
                    + uri.startCommand
            )
        case .timedOut(let phase):
            return diagnosis(ofTimeOut: phase, uri: uri, timeout: timeout)
        case .disconnected:
            return Diagnosis(
                "\(server) closed the connection without an answer",
                "Another program may own the port, or a proxy whose server is down: look at its log. Or the port expects https: "
                    + "give https://\(server)."
            )
        case .notHTTP(let reason):
            return Diagnosis(
                "\(server) does not answer in valid HTTP/1.1: \(reason)",
                "Another program owns the port; check the port in the URI, or choose another for the server: "
                    + "apus server --port 0 picks a free one."
            )
        case .tooManyRedirects:
            return Diagnosis(
                "\(server) does not answer: \(failure.phrase)",
                "Check the path in the URI, and the redirects of the server and of proxies in front of it."
            )
        case .brokenAnswer, .longAnswer:
            return Diagnosis(
                "\(server) does not answer in valid HTTP/1.1: \(failure.phrase)",
                "Try again. If it fails again, look at the log of the server, and of proxies in front of it."
            )
        case .proxy(let reason):
            return Diagnosis(
                reason,
                "Correct the variable, or put \(uri.host) into NO_PROXY if it is reached without the proxy."
            )
        case .brokenBody(let reason):
            return Diagnosis("the data that is to be sent cannot be read: \(reason)", "Try again.")
        case .interrupted:
            return Diagnosis(failure.phrase, "Try again.")
        case .speaksTLS:
            return Diagnosis(
                "\(server) expects https",
                "Write https:// instead of http:// in the URI, here and in MLFLOW_TRACKING_URI."
            )
        case .tls(let failure):
            return Diagnosis("no https connection to \(server): \(failure)", advice(for: failure, uri: uri))
        }
    }

    private static func diagnosis(
        ofTimeOut phase: CallFailure.Phase,
        uri: TrackingURI,
        timeout: Duration
    ) -> Diagnosis {
        let limit = "within \(timeout / .seconds(1)) s"
        switch phase {
        case .lookingUp:
            return Diagnosis(
                "the host name \(uri.host) was not resolved \(limit)",
                "Check the name server of this machine, or put a numeric address into the URI."
            )
        case .connecting:
            return Diagnosis(
                "no connection to \(uri.hostField) was made \(limit)",
                "A firewall may drop the packets, or the host is down: check the address, and that the server listens "
                    + "on more than 127.0.0.1 (--host 0.0.0.0)."
            )
        case .encrypting:
            return Diagnosis(
                "connected to \(uri.hostField), but no encrypted connection \(limit)",
                "The server hangs, or the port does not speak https: look at its log, try http://, or allow more time with "
                    + "--timeout SECONDS."
            )
        case .sending, .answering:
            return Diagnosis(
                "connected to \(uri.hostField), but no answer \(limit)",
                "The server hangs or is overloaded, or another program owns the port: look at its log, restart it, or "
                    + "allow more time with --timeout SECONDS."
            )
        }
    }
}

extension Diagnosis {
    private static func diagnosis(of reply: HTTPReply, client: TrackingConnection) -> Diagnosis {
        var detail = "the answer is \(reply.status)"
        if let code = reply.errorCode { detail += " \(client.quoted(code))" }
        if reply.isHTML { detail += " in HTML" }
        if let server = reply.field("server") { detail += " from \(client.quoted(server))" }
        if let message = reply.message { detail += ": \(client.quoted(message))" }
        return Diagnosis(detail, advice(for: reply, client: client))
    }

    private static func advice(for reply: HTTPReply, client: TrackingConnection) -> String {
        if reply.message?.contains("keeps artifacts in object storage") == true {
            return
                "The server works, but its storage of artifacts does not: whoever runs the server must do what the message says."
        }
        return switch reply.status {
        case 401: advice(for: client.credentials.origin)
        case 403: adviceForRefusal(reply, client: client)
        case 300..<400:
            "The server redirects\(reply.field("location").map { " to \(withoutSecrets($0, client))" } ?? ""): put the address that "
                + "answers without a redirect into the URI."
        case 407: "A proxy asks for credentials of its own: give the address that the server has behind the proxy."
        case 429: "The server asks for fewer requests: wait, then try again."
        case 502, 503, 504:
            "The server is overloaded, or a proxy answers and the server behind it does not: start it, look at both "
                + "logs, then try again."
        case 500...: "The server failed: look at its log; is its disk full, or its database out of date or unreachable?"
        default: adviceForUnexpectedAnswer(reply, uri: client.uri)
        }
    }

    private static func withoutSecrets(_ location: String, _ client: TrackingConnection) -> String {
        TrackingURI.withoutSecrets(client.credentials.redacted(location))
    }

    private static func adviceForRefusal(_ reply: HTTPReply, client: TrackingConnection) -> String {
        let uri = client.uri
        if reply.field("server")?.lowercased().contains("airtunes") == true {
            return
                "This is the AirPlay Receiver of macOS, not MLflow: turn it off in System Settings, General, AirDrop & "
                + "Handoff, or start the server on another port: apus server --port 5001"
        }
        if reply.message?.lowercased().contains("host header") == true {
            return
                "Restart the server with --allowed-hosts '\(uri.hostField)' (one comma-separated list: it replaces the "
                + "default, so name every Host that clients use, localhost:\(uri.port) too)."
        }
        if reply.message?.contains("has the scope") == true {
            return
                "The token only allows reading: use one with the scope write, which the server's owner makes with apus token create."
        }
        return switch client.credentials.origin {
        case .none: advice(for: .none)
        case .uri, .nameAndPassword, .token:
            "These credentials do not allow this: ask the server's owner for the right to edit the experiment, or name an "
                + "experiment that you may edit with --experiment NAME."
        }
    }

    private static func advice(for origin: ClientCredentials.Origin) -> String {
        switch origin {
        case .none:
            "The server asks for credentials: set MLFLOW_TRACKING_TOKEN, or both MLFLOW_TRACKING_USERNAME and "
                + "MLFLOW_TRACKING_PASSWORD."
        case .uri:
            "The name and password in the URI were refused: check them, or take them out and set MLFLOW_TRACKING_TOKEN."
        case .nameAndPassword:
            "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD were refused: check them, or unset them and set "
                + "MLFLOW_TRACKING_TOKEN, which is sent only without them."
        case .token:
            "MLFLOW_TRACKING_TOKEN was refused: set a valid one, or both MLFLOW_TRACKING_USERNAME and "
                + "MLFLOW_TRACKING_PASSWORD."
        }
    }

    private static func adviceForUnexpectedAnswer(_ reply: HTTPReply, uri: TrackingURI) -> String {
        let prefix =
            uri.prefix.isEmpty
            ? "it may need the prefix of --static-prefix or of a proxy, as in \(uri)/mlflow"
            : "check the prefix \(uri.prefix): it is the part of the path before /api and /health"
        if reply.message?.contains("https://") == true, !uri.isSecure {
            return "Write https:// instead of http:// in the URI, here and in MLFLOW_TRACKING_URI."
        }
        if reply.status == 404 || reply.status == 405 || reply.errorCode == "ENDPOINT_NOT_FOUND" {
            return "No MLflow server answers under this URI: \(prefix); or another program owns the port."
        }
        if reply.isHTML || reply.json == nil {
            return "A proxy, a sign-in page or another program answers, not MLflow: check host and port; \(prefix)."
        }
        return
            "The server refuses what every MLflow server accepts: follow its message, or look at its log; if the message is "
            + "about the experiment, choose another with --experiment NAME."
    }
}

extension Diagnosis {
    private static func advice(for failure: TLSFailure, uri: TrackingURI) -> String {
        switch failure {
        case .noLibrary:
            "Install it: apt-get install libssl3 ca-certificates, or dnf install openssl-libs."
        case .badFile: "Correct the variable or the file, and take care that this user may read it."
        case .expired: "The server's owner has to renew the certificate; is the clock of this machine right?"
        case .notYetValid: "Set the clock of this machine; otherwise the server's owner has to replace the certificate."
        case .wrongName(let names):
            (names.isEmpty ? "Have" : "Use one of these names in the URI, or have")
                + " a certificate made that is for \(uri.host)."
        case .selfSigned, .unknownIssuer:
            "If you know and trust this certificate, set MLFLOW_TRACKING_SERVER_CERT_PATH, or SSL_CERT_FILE, to the file of this "
                + "certificate or of its issuer. If you do not know it, somebody else may be answering at this address. A server "
                + "must also send the intermediate certificates, which lead from its own to one that its clients trust."
        case .untrusted: "The server's owner has to replace the certificate."
        case .notTLS: "Write http:// instead of https:// in the URI, or check the port."
        case .oldVersion: "The server has to offer TLS 1.2 or 1.3; or another program owns the port."
        case .wantsCertificate:
            "Set MLFLOW_TRACKING_CLIENT_CERT_PATH to a file with your certificate and its private key."
        case .refused:
            "Look at the server's log. If it asks for certificates of its clients, set MLFLOW_TRACKING_CLIENT_CERT_PATH to a "
                + "file with a valid one and its private key."
        case .closed, .broken:
            "Look at the log of the server or of the proxy in front of it; is this the port for https?"
        }
    }
}
