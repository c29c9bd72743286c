/// SHA-256 (FIPS 180-4 §6.2) over bytes that arrive piece by piece.
///
/// Processes some hundred megabytes a second in a release build. A copy of the value continues independently of the original.
package struct SHA256: Sendable {
    /// The length of a digest in bytes.
    package static let digestBytes = 32
    static let blockBytes = 64

    private var state: [UInt32] = SHA256.initialState
    /// The bytes of the incomplete last block.
    private var partial: [UInt8] = []
    private var totalBytes: UInt64 = 0

    package init() { partial.reserveCapacity(Self.blockBytes) }

    /// Adds the next bytes, of any length.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        totalBytes += UInt64(bytes.count)
        var rest = bytes[...]
        if !partial.isEmpty {
            let missing = rest.prefix(Self.blockBytes - partial.count)
            partial.append(contentsOf: missing)
            rest = rest.dropFirst(missing.count)
            guard partial.count == Self.blockBytes else { return }
            partial.withUnsafeBytes { Self.compress($0, into: &state) }
            partial.removeAll(keepingCapacity: true)
        }
        let whole = rest.prefix(rest.count - rest.count % Self.blockBytes)
        Self.compress(UnsafeRawBufferPointer(rebasing: whole), into: &state)
        partial.append(contentsOf: rest.dropFirst(whole.count))
    }

    /// Adds the next bytes from an array.
    package mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

    /// Returns the digest of all bytes so far, which has 32 bytes; more bytes may be added afterwards.
    package func finalize() -> [UInt8] {
        var padded = self
        let zeroes = (Self.blockBytes + 55 - partial.count) % Self.blockBytes
        padded.update([0x80] + [UInt8](repeating: 0, count: zeroes))
        padded.update((totalBytes * 8).bigEndianBytes)
        return padded.state.flatMap(\.bigEndianBytes)
    }

    /// The digest of the given bytes.
    package static func digest(of bytes: [UInt8]) -> [UInt8] {
        guard bytes.count <= shortBytes else {
            var hash = SHA256()
            hash.update(bytes)
            return hash.finalize()
        }
        // Each request hashes a short text, its token; padding such a text in one piece is faster.
        let zeroes = (2 * blockBytes - 9 - bytes.count % blockBytes) % blockBytes
        var padded: [UInt8] = []
        padded.reserveCapacity(bytes.count + zeroes + 9)
        padded.append(contentsOf: bytes)
        padded.append(0x80)
        padded.append(contentsOf: repeatElement(0, count: zeroes))
        withUnsafeBytes(of: (UInt64(bytes.count) * 8).bigEndian) { padded.append(contentsOf: $0) }
        var state = initialState
        padded.withUnsafeBytes { compress($0, into: &state) }
        return [UInt8](unsafeUninitializedCapacity: digestBytes) { digest, count in
            let bytes = UnsafeMutableRawBufferPointer(digest)
            for (index, word) in state.enumerated() {
                bytes.storeBytes(of: word.bigEndian, toByteOffset: index * 4, as: UInt32.self)
            }
            count = digestBytes
        }
    }

    private static let shortBytes = 256
}

extension SHA256 {
    private static let initialState: [UInt32] = [
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ]

    // FIPS 180-4 §4.2.2.
    private static let roundConstants: [UInt32] = [
        0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
        0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
        0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
        0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
        0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
        0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
        0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
        0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
    ]

    /// Adds whole blocks to the state.
    private static func compress(_ blocks: UnsafeRawBufferPointer, into state: inout [UInt32]) {
        state.withUnsafeMutableBufferPointer { state in
            roundConstants.withUnsafeBufferPointer { constants in
                withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { schedule in
                    for start in stride(from: 0, to: blocks.count, by: blockBytes) {
                        fill(schedule, from: UnsafeRawBufferPointer(rebasing: blocks[start..<start + blockBytes]))
                        mix(schedule, constants, into: state)
                    }
                }
            }
        }
    }

    private static func fill(_ schedule: UnsafeMutableBufferPointer<UInt32>, from block: UnsafeRawBufferPointer) {
        for index in 0..<16 {
            let word = block.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)
            schedule.initializeElement(at: index, to: UInt32(bigEndian: word))
        }
        for index in 16..<64 {
            let early = schedule[index - 15]
            let late = schedule[index - 2]
            let earlySigma = rotated(early, 7) ^ rotated(early, 18) ^ early &>> 3
            let lateSigma = rotated(late, 17) ^ rotated(late, 19) ^ late &>> 10
            let word = schedule[index - 16] &+ earlySigma &+ schedule[index - 7] &+ lateSigma
            schedule.initializeElement(at: index, to: word)
        }
    }

    private static func mix(
        _ schedule: UnsafeMutableBufferPointer<UInt32>,
        _ constants: UnsafeBufferPointer<UInt32>,
        into state: UnsafeMutableBufferPointer<UInt32>
    ) {
        var (a, b, c, d) = (state[0], state[1], state[2], state[3])
        var (e, f, g, h) = (state[4], state[5], state[6], state[7])
        for index in 0..<64 {
            let choice = (e & f) ^ (~e & g)
            let majority = (a & b) ^ (a & c) ^ (b & c)
            let first = h &+ (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) &+ choice
            let second = first &+ constants[index] &+ schedule[index]
            let third = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) &+ majority
            (h, g, f, e) = (g, f, e, d &+ second)
            (d, c, b, a) = (c, b, a, second &+ third)
        }
        for (index, word) in [(0, a), (1, b), (2, c), (3, d), (4, e), (5, f), (6, g), (7, h)] as [(Int, UInt32)] {
            state[index] &+= word
        }
    }

    private static func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 { word &>> count | word &<< (32 - count) }
}

extension FixedWidthInteger {
    fileprivate var bigEndianBytes: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }
}
