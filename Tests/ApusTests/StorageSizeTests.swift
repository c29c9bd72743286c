import Testing

@testable import apus

@Suite struct StorageSizeTests {
    @Test(arguments: [
        ("67108864", 67_108_864), ("64M", 67_108_864), ("64MB", 67_108_864), ("64MiB", 67_108_864),
        ("64mb", 67_108_864), ("1G", 1_073_741_824), ("5K", 5_120), ("0", 0), ("7B", 7),
    ])
    func `a size is read in each way that people write it`(text: String, bytes: Int) {
        #expect(StorageSize(text)?.bytes == bytes)
    }

    @Test(arguments: ["", "M", "-1", "1.5M", "64 MB", "64T", "64MBB", "9223372036854775807K", "٣M"])
    func `what is no size is none`(text: String) {
        #expect(StorageSize(text) == nil)
    }

    @Test func `the limit of the database's log is 64 MB unless it is given, and 4 MB at least`() throws {
        #expect(try StorageSize.logLimit(nil) == 67_108_864)
        #expect(try StorageSize.logLimit("4MB") == 4_194_304)
        #expect(refusal { try StorageSize.logLimit("4095K") }?.contains("'4095K'") == true)
        #expect(refusal { try StorageSize.logLimit("much") }?.contains("'much'") == true)
    }
}
