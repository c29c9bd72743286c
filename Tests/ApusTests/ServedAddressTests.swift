import Testing

@testable import apus

@Suite struct ServedAddressTests {
    @Test(arguments: [
        ("127.0.0.1", "http://127.0.0.1:5000/p"), ("0.0.0.0", "http://127.0.0.1:5000/p"),
        ("::", "http://[::1]:5000/p"), ("::1", "http://[::1]:5000/p"), ("10.1.2.3", "http://10.1.2.3:5000/p"),
    ])
    func `a program on this machine can use the address`(host: String, url: String) {
        #expect(ServedAddress([(host, 5_000)], prefix: "/p").url == url)
    }

    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1", "https://127.0.0.1:5000"), ("0.0.0.0", "localhost", "https://localhost:5000"),
        ("10.1.2.3", "localhost", "https://10.1.2.3:5000"), ("127.0.0.1", "other", "https://127.0.0.1:5000"),
    ])
    func `over https it is one that the certificate is for, if there is one`(host: String, name: String, url: String) {
        #expect(ServedAddress([(host, 5_000)], prefix: "", certifies: { $0 == name }).url == url)
    }

    @Test(arguments: ["127.0.0.1", "127.0.1.1", "::1", "::ffff:127.0.0.1"])
    func `loopback opens nothing`(host: String) {
        #expect(ServedAddress([(host, 5_000)], prefix: "").warning(hostRule: "") == nil)
    }

    @Test func `what is open to other machines is said in one line`() throws {
        let address = ServedAddress([("127.0.0.1", 5_000), ("0.0.0.0", 5_000), ("::", 5_000)], prefix: "")
        let line = try #require(address.warning(hostRule: "Guarded."))
        #expect(line.contains("0.0.0.0:5000 and [::]:5000"))
        #expect(line.contains("no login"))
        #expect(line.hasSuffix("Guarded."))
        #expect(!line.contains("\n"))
    }
}
