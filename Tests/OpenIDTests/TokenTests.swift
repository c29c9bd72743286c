import Coding
import OpenID
import Synchronization
import Testing

/// Which tokens of an issuer are taken.
@Suite struct TokenTests {
    private let scripted: ScriptedIssuer

    init() throws {
        scripted = try ScriptedIssuer()
    }

    @Test(arguments: Samples.tokens.keys.sorted())
    func `a token counts that a key of the issuer has signed in a known way`(algorithm: String) throws {
        let token = try #require(Samples.tokens[algorithm])
        let proof = try scripted.proof(of: token)
        #expect(proof.name == "ada" && proof.groups == ["ml-team"] && proof.issuer == Samples.issuer)
        #expect(proof.expirationTime == Int64(Samples.now + 3_600) * 1_000)
        // The head and the content count as they were signed.
        let parts = token.split(separator: ".").map(String.init)
        let signature = try #require(Base64.decode(parts[2]))
        for index in [0, signature.count / 2, signature.count - 1] {
            var broken = signature
            broken[index] ^= 1
            #expect(isRefused("\(parts[0]).\(parts[1]).\(Base64.encode(broken))"))
        }
        for length in [0, 1, signature.count - 1] {
            #expect(isRefused("\(parts[0]).\(parts[1]).\(Base64.encode(Array(signature.prefix(length))))"))
        }
        #expect(isRefused("\(parts[0]).\(parts[1]).\(Base64.encode(signature + [0]))"))
        #expect(isRefused("\(parts[0]).\(parts[1]).\(Base64.encode([UInt8](repeating: 0, count: signature.count)))"))
        let other = try changed(parts[1]) { $0.replacing("\"ada\"", with: "\"eve\"") }
        #expect(isRefused("\(parts[0]).\(other).\(parts[2])"))
    }

    @Test func `each way of signing has its own kind of key`() throws {
        #expect(isRefused(Samples.confused))
        #expect(isRefused(Samples.otherKind))
        for (name, token) in Samples.tokens {
            let parts = token.split(separator: ".").map(String.init)
            for other in Samples.tokens.keys + [
                "none", "None", "NONE", "HS256", "HS384", "HS512", "ES512", "ES256K", "",
            ]
            where other != name {
                let head = try changed(parts[0]) { $0.replacing("\"\(name)\"", with: "\"\(other)\"") }
                #expect(isRefused("\(head).\(parts[1]).\(parts[2])"), "\(name) as \(other)")
                #expect(isRefused("\(head).\(parts[1])."), "\(name) as \(other) without a signature")
            }
        }
    }

    @Test func `a key counts for the algorithm alone that the issuer names`() throws {
        scripted.script.withLock { $0.keys = Samples.pinnedKeys }
        #expect(scripted.fault(of: try #require(Samples.tokens["RS512"])) == nil)
        #expect(isRefused(try #require(Samples.tokens["RS256"])))
        #expect(isRefused(try #require(Samples.tokens["PS512"])))
    }

    @Test func `a token that names no key is of the only one that may have signed it`() throws {
        #expect(scripted.fault(of: Samples.nameless) == nil)
        let other = try ScriptedIssuer()
        other.script.withLock { $0.keys = Samples.newKeys }
        guard case .refused = other.fault(of: Samples.nameless) else {
            Issue.record("taken with another key")
            return
        }
    }

    @Test func `a token counts from a minute before its beginning to a minute after its end`() throws {
        let token = try #require(Samples.tokens["ES256"])
        let times: [(Double, Bool)] = [
            (Samples.now - 69, true), (Samples.now - 71, false), (Samples.now + 3_659, true),
            (Samples.now + 3_661, false),
            (0, false), (4e9, false),
        ]
        for (now, counts) in times {
            // Each has not seen the token before: clocks do not go back.
            let scripted = try ScriptedIssuer()
            #expect((scripted.fault(of: token, at: now) == nil) == counts, "\(now)")
        }
        // It is remembered, and ends all the same.
        #expect(scripted.fault(of: token) == nil)
        #expect(isRefused(token, at: Samples.now + 3_661))
    }

    @Test func `a token must be for this server, of this issuer, and say what is demanded`() throws {
        let token = try #require(Samples.tokens["ES256"])
        func isRefused(_ adjust: (inout IssuerSettings) -> Void) throws -> Bool {
            guard case .refused = try ScriptedIssuer(adjust).fault(of: token) else { return false }
            return true
        }
        #expect(try !isRefused { _ in })
        #expect(try isRefused { $0.audiences = ["apu", "apus ", "Apus"] })
        #expect(try isRefused { $0.audiences = [] })
        #expect(try isRefused { $0.userClaim = "email" })
        #expect(try isRefused { $0.userClaim = "iat" })
        #expect(try !isRefused { $0.requiredClaims = [("sub", "ada")] })
        #expect(try isRefused { $0.requiredClaims = [("sub", "ada"), ("team", "x")] })
        #expect(try isRefused { $0.groupsClaim = "iat" })
        #expect(try ScriptedIssuer { $0.groupsClaim = "none" }.proof(of: token).groups == [])
        #expect(try ScriptedIssuer { $0.userPrefix = "ci:" }.proof(of: token).name == "ci:ada")
    }

    @Test func `what is no token is refused, however long it is`() throws {
        let token = try #require(Samples.tokens["RS256"])
        for length in stride(from: 0, to: token.utf8.count, by: 7) { #expect(isRefused(String(token.prefix(length)))) }
        let odd = [
            "", ".", "..", "...", "ey..", "e30.e30.e30", "\(token).", ".\(token)", "\(token)=", "\(token)\n",
            " \(token)",
            token.replacing("_", with: "/"), String(repeating: "e", count: 100_000),
            token + String(repeating: "A", count: 20_000),
            String(repeating: "ey.", count: 5_000),
        ]
        for text in odd where text != token { #expect(isRefused(text), "\(text.prefix(60))") }
    }

    @Test func `only what has the form of such a token is taken for one`() throws {
        #expect(TokenIssuers.isToken(Array(Samples.nameless.utf8)))
        for text in ["apus_abc", "", "ey", "ey.ey", "ey.a.b.c", "x.y.z"] {
            #expect(!TokenIssuers.isToken(Array(text.utf8)), "\(text)")
        }
    }

    private func isRefused(_ token: String, at now: Double = Samples.now) -> Bool {
        if case .refused = scripted.fault(of: token, at: now) { true } else { false }
    }

    private func changed(_ part: String, _ change: (String) -> String) throws -> String {
        let text = String(decoding: try #require(Base64.decode(part)), as: UTF8.self)
        return Base64.encode(Array(change(text).utf8))
    }
}
