import Coding
import OpenID
import Synchronization
import Testing

/// Which of an issuer's keys a token is checked with: the one that `kid` names.
@Suite struct KeyChoiceTests {
    private let token: String

    init() throws {
        token = try #require(Samples.tokens["ES256"])
    }

    /// Why a token is refused by an issuer with these keys; nil if it is not.
    private func reason(_ token: String, _ keys: String) throws -> String? {
        // The keys are fetched once, however long that takes.
        var pace = Issuer.Pace()
        (pace.retryInterval, pace.retryIntervalWithoutKeys) = (.seconds(3_600), .seconds(3_600))
        pace.maximumWait = .seconds(600)
        let scripted = try ScriptedIssuer(pace: pace)
        scripted.script.withLock { $0.keys = keys }
        switch scripted.fault(of: token) {
        case .refused(let reason): return reason
        case nil: return nil
        default:
            Issue.record("neither taken nor refused")
            return nil
        }
    }

    /// A set of keys with those of others at its end.
    private func joined(_ keys: String, _ others: String) -> String {
        keys.dropLast(2) + "," + others.dropFirst(#"{"keys":["#.count)
    }

    private func named(_ name: String, _ id: String) -> String {
        Samples.keys.replacing("\"kid\":\"\(name)\"", with: "\"kid\":\"\(id)\"")
    }

    @Test func `a token is of the key that it names, wherever that stands among others`() throws {
        #expect(try reason(token, Samples.keys) == nil)
        #expect(try reason(token, joined(Samples.newKeys, Samples.keys)) == nil)
        #expect(try reason(token, joined(Samples.keys, Samples.newKeys)) == nil)
    }

    @Test func `a token that names a key that is not published is refused, though another key would fit`() throws {
        #expect(try reason(token, named("k-es256", "k-other"))?.contains("does not publish") == true)
        // One that has no name is not the one that is named.
        let nameless = Samples.keys.replacing("\"kid\":\"k-es256\",", with: "")
        #expect(try reason(token, nameless)?.contains("does not publish") == true)
        #expect(try reason(Samples.nameless, nameless) == nil)
        for id in ["K-ES256", "k-es256 ", "k-es25", ""] {
            #expect(try reason(token, named("k-es256", id))?.contains("does not publish") == true, "\(id)")
        }
    }

    @Test func `a token that names a key of another kind is refused`() throws {
        #expect(try reason(Samples.otherKind, Samples.keys)?.contains("not one for its algorithm") == true)
        #expect(try reason(Samples.confused, Samples.keys)?.contains("not one for its algorithm") == true)
    }

    @Test func `of two keys of one name the one for the algorithm counts`() throws {
        #expect(try reason(token, named("k-rs256", "k-es256")) == nil)
        #expect(try reason(token, named("k-eddsa", "k-es256")) == nil)
    }

    @Test func `a token without a name is of the only key for its algorithm, and of none where there are two`() throws {
        #expect(try reason(Samples.nameless, Samples.keys) == nil)
        let two = joined(Samples.keys, Samples.newKeys)
        #expect(try reason(Samples.nameless, two)?.contains("not one for its algorithm") == true)
        let other = Samples.keys.replacing(#""crv":"P-256""#, with: #""crv":"P-999""#)
        #expect(try reason(Samples.nameless, other)?.contains("not one for its algorithm") == true)
        #expect(try reason(Samples.nameless, Samples.newKeys)?.contains("signature") == true)
    }

    @Test(arguments: ["7", "null", "[\"k-es256\"]", "{}", "true"])
    func `a name that is no text is refused, and not taken for none`(id: String) throws {
        let parts = token.split(separator: ".").map(String.init)
        let head = String(decoding: try #require(Base64.decode(parts[0])), as: UTF8.self)
        let changed = head.replacing("\"k-es256\"", with: id)
        #expect(changed != head)
        let odd = "\(Base64.encode(Array(changed.utf8), .urlSafe)).\(parts[1]).\(parts[2])"
        #expect(try reason(odd, Samples.keys)?.contains("not a text (kid)") == true)
    }
}
