import Coding
import Hashing
import Testing

@Suite struct SHA256Tests {
    /// The examples of FIPS 180-4, and the empty text.
    @Test(
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (
                "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
                    + "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
                "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
            ),
        ]
    )
    func `gives the published digests`(text: String, digest: String) {
        #expect(Hexadecimal.text(SHA256.digest(of: Array(text.utf8))) == digest)
    }

    @Test func `gives the published digest of a million letters`() {
        var hash = SHA256()
        for _ in 0..<1_000 { hash.update([UInt8](repeating: UInt8(ascii: "a"), count: 1_000)) }
        let digest = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        #expect(Hexadecimal.text(hash.finalize()) == digest)
    }

    @Test func `does not mind how the bytes are cut`() {
        let bytes = (0..<1_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        for length in [55, 56, 63, 64, 65, 119, 120, 128, 1_000] {
            let whole = SHA256.digest(of: Array(bytes.prefix(length)))
            for piece in [1, 3, 63, 64, 65, 200] {
                var hash = SHA256()
                for start in stride(from: 0, to: length, by: piece) {
                    hash.update(Array(bytes[start..<min(start + piece, length)]))
                }
                #expect(hash.finalize() == whole)
                #expect(hash.finalize() == whole)
            }
        }
    }
}

@Suite struct HMACTests {
    /// RFC 4231, test cases 1 to 4, 6 and 7.
    @Test(
        arguments: [
            (
                String(repeating: "0b", count: 20), Array("Hi There".utf8),
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                "4a656665", Array("what do ya want for nothing?".utf8),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                String(repeating: "aa", count: 20), [UInt8](repeating: 0xdd, count: 50),
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
            ),
            (
                "0102030405060708090a0b0c0d0e0f10111213141516171819", [UInt8](repeating: 0xcd, count: 50),
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
            ),
            (
                String(repeating: "aa", count: 131),
                Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
            (
                String(repeating: "aa", count: 131),
                Array(
                    ("This is a test using a larger than block-size key and a larger than block-size data. "
                        + "The key needs to be hashed before being used by the HMAC algorithm.").utf8
                ),
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
            ),
        ] as [(String, [UInt8], String)]
    )
    func `gives the published codes`(key: String, message: [UInt8], code: String) throws {
        let hmac = HMAC(key: try #require(Hexadecimal.bytes(key)))
        #expect(Hexadecimal.text(hmac.authenticationCode(for: message)) == code)
    }

    @Test func `accepts its own code and nothing near it`() {
        let hmac = HMAC(key: [1, 2, 3])
        let message = Array("message".utf8)
        let code = hmac.authenticationCode(for: message)
        #expect(hmac.isValid(code, for: message))
        for index in code.indices {
            var forged = code
            forged[index] ^= 1
            #expect(!hmac.isValid(forged, for: message))
        }
        #expect(!hmac.isValid(Array(code.dropLast()), for: message))
        #expect(!hmac.isValid([], for: message))
        #expect(!hmac.isValid(code, for: Array("messagf".utf8)))
        #expect(!HMAC(key: [1, 2, 4]).isValid(code, for: message))
    }

    @Test func `secrets are equal if every byte is`() {
        let secret = (0..<32).map { UInt8($0) }
        #expect(ConstantTime.areEqual(secret, secret) && ConstantTime.areEqual([], []))
        for index in secret.indices {
            for bit in 0..<8 {
                var other = secret
                other[index] ^= 1 << bit
                #expect(!ConstantTime.areEqual(secret, other) && !ConstantTime.areEqual(other, secret))
            }
        }
        // Two differences must not cancel each other.
        #expect(!ConstantTime.areEqual([1, 2], [2, 1]) && !ConstantTime.areEqual([0x80, 0x80], [0, 0]))
        for length in 0..<secret.count {
            #expect(!ConstantTime.areEqual(secret, Array(secret.prefix(length))))
            #expect(!ConstantTime.areEqual(Array(secret.prefix(length)), secret))
        }
    }
}

@Suite struct SipHashTests {
    /// Results of the reference implementation for the bytes 0, 1, 2 … with the key of the bytes 0 to 15.
    @Test(arguments: [
        (0, "a3817f04ba25a8e66df67214c7550293"), (1, "da87c1d86b99af44347659119b22fc45"),
        (7, "a1f1ebbed8dbc153c0b84aa61ff08239"), (8, "3b62a9ba6258f5610f83e264f31497b4"),
        (15, "5493e99933b0a8117e08ec0f97cfc3d9"), (16, "6ee2a4ca67b054bbfd3315bf85230577"),
        (63, "5150d1772f50834a503e069a973fbd7c"),
    ])
    func `gives the published results`(length: Int, expected: String) {
        let hash = SipHash(key: (0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908))
        let (low, high) = (0..<length).map { UInt8($0) }.withUnsafeBytes { hash.digest(of: $0) }
        let bytes = [low, high].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
        #expect(Hexadecimal.text(bytes) == expected)
    }
}
