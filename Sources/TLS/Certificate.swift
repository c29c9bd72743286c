internal import COpenSSL
internal import Glibc

/// A pointer to a certificate of OpenSSL, which is valid only as long as the owner of the certificate exists.
struct Certificate {
    private let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { self.pointer = pointer }

    /// The date and time until which the certificate is valid, in UTC.
    var validUntil: String { Self.text(apus_X509_get0_notAfter(pointer)) }

    /// The date and time from which the certificate is valid, in UTC.
    var validFrom: String { Self.text(apus_X509_get0_notBefore(pointer)) }

    /// Whether the certificate is no longer valid; false if its date cannot be read.
    var hasExpired: Bool {
        var parts = tm()
        guard let time = apus_X509_get0_notAfter(pointer), apus_ASN1_TIME_to_tm(time, &parts) == 1 else { return false }
        return timegm(&parts) < time_t(Glibc.time(nil))
    }

    /// The host names and numeric addresses that the certificate is for, at most eight.
    var names: [String] {
        guard let list = apus_X509_get_ext_d2i(pointer, Int32(APUS_NID_subject_alt_name.rawValue), nil, nil) else {
            return []
        }
        let all = OpaquePointer(list)
        defer { apus_GENERAL_NAMES_free(all) }
        return (0..<max(0, apus_OPENSSL_sk_num(all))).prefix(8).compactMap { Self.name(apus_OPENSSL_sk_value(all, $0)) }
    }

    /// Whether the certificate is for a host name or numeric address.
    func isFor(_ host: String) -> Bool {
        if NumericAddress.isValid(host) { return apus_X509_check_ip_asc(pointer, host, 0) == 1 }
        let flags = UInt32(APUS_X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS.rawValue)
        return apus_X509_check_host(pointer, host, host.utf8.count, flags, nil) == 1
    }

    private static func name(_ entry: OpaquePointer?) -> String? {
        guard let entry else { return nil }
        var type: Int32 = 0
        guard let value = apus_GENERAL_NAME_get0_value(entry, &type) else { return nil }
        let string = OpaquePointer(value)
        // 7 is GEN_IPADD, a numeric address.
        guard type == Int32(APUS_GEN_DNS.rawValue) || type == 7, let data = apus_ASN1_STRING_get0_data(string) else {
            return nil
        }
        let bytes = UnsafeBufferPointer(start: data, count: Int(apus_ASN1_STRING_length(string)))
        return type == 7 ? NumericAddress.text(bytes) : String(decoding: bytes, as: UTF8.self)
    }

    private static func text(_ time: OpaquePointer?) -> String {
        var parts = tm()
        guard let time, apus_ASN1_TIME_to_tm(time, &parts) == 1 else { return "an unreadable date" }
        let numbers = [parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min]
            .map { $0 < 10 ? "0\($0)" : "\($0)" }
        return "\(parts.tm_year + 1_900)-\(numbers[0])-\(numbers[1]) \(numbers[2]):\(numbers[3]) UTC"
    }
}

enum NumericAddress {
    /// Whether the text is an IPv4 or IPv6 address.
    static func isValid(_ text: String) -> Bool {
        var space = in6_addr()
        return inet_pton(AF_INET, text, &space) == 1 || inet_pton(AF_INET6, text, &space) == 1
    }

    /// The text of an address of four or sixteen bytes; nil for any other number of bytes.
    static func text(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { space in
            let family = bytes.count == 4 ? AF_INET : AF_INET6
            return inet_ntop(family, bytes.baseAddress, space.baseAddress, socklen_t(space.count))
                .map { String(cString: $0) }
        }
    }
}
