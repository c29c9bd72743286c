internal import COpenSSL

/// The system's OpenSSL library, which is loaded when it is used for the first time.
enum OpenSSL {
    /// Loads the library, if it is not loaded yet.
    ///
    /// - Throws: `.noLibrary`.
    static func load() throws(TLSFailure) {
        if let reason = apus_load_openssl() { throw .noLibrary(String(cString: reason)) }
    }

    /// Removes this thread's errors from OpenSSL's queue, and returns the code of the last one; nil if there is none.
    static func takeError() -> UInt? {
        let code = apus_ERR_peek_last_error()
        apus_ERR_clear_error()
        return code == 0 ? nil : UInt(code)
    }

    /// The library's text for an error code, such as `no shared cipher`; "the reason is unknown" for nil.
    static func text(_ code: UInt?) -> String {
        guard let code, let text = apus_ERR_reason_error_string(UInt(code)) else { return "the reason is unknown" }
        return String(cString: text)
    }

    /// The reason in an error code (ERR_GET_REASON), without the number of the component that reported it; 0 for an `errno`.
    static func reason(_ code: UInt) -> UInt {
        // A code with the highest bit contains an errno (ERR_SYSTEM_FLAG).
        code & 0x8000_0000 == 0 ? code & 0x7F_FFFF : 0
    }
}
