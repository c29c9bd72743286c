import JSON
import Testing

@testable import Forwarding

@Suite struct PageTokensTests {
    private func page(_ token: String) throws -> JSONValue {
        try JSONDocument(parsing: Array(#"{"next_page_token": "\#(token)"}"#.utf8)).root
    }

    @Test func `the pages of a list are followed to the last`() throws {
        var tokens = PageTokens()
        #expect(try tokens.next(in: page("a")) == "a")
        #expect(try tokens.next(in: page("b")) == "b")
        #expect(try tokens.next(in: page("")) == nil)
    }

    @Test func `a page that comes again ends the list as a failure`() throws {
        var tokens = PageTokens()
        _ = try tokens.next(in: page("a"))
        #expect(throws: UpstreamFailure.self) { try tokens.next(in: page("a")) }
    }

    @Test func `a list of ever new pages ends as a failure`() throws {
        var tokens = PageTokens()
        for number in 1..<10_000 { _ = try tokens.next(in: page("\(number)")) }
        #expect(throws: UpstreamFailure.self) { try tokens.next(in: page("one more")) }
    }
}
