internal import Glibc

extension ArtifactError {
    /// Converts the `errno` of a failed call to an error.
    init(errno code: Int32, call: String) {
        self =
            switch code {
            case ENOENT: .notFound
            case EISDIR: .isDirectory
            case ENOTDIR: .notDirectory
            case ELOOP: .invalidPath(.symbolicLink)
            case ENOSPC, EDQUOT: .noSpace
            case EROFS: .readOnly
            case EACCES, EPERM: .permissionDenied
            case ENAMETOOLONG: .nameTooLong
            case EILSEQ: .nameNotSupported
            case EINVAL where ["openat", "mkdirat", "renameat"].contains(call): .nameNotSupported
            case EFBIG: .fileTooLarge
            case ENOTEMPTY, EEXIST, EBUSY, ETXTBSY: .busy
            case EMFILE, ENFILE: .tooManyOpenFiles
            default: .other(errno: code, call: call)
            }
    }
}

/// Repeats a call while signals interrupt it, and returns its result; throws if the call fails.
///
/// - Parameter name: the name of the call for the error.
@discardableResult
func systemCall(_ name: String, _ call: () -> Int32) throws(ArtifactError) -> Int32 {
    let (result, code) = retryingInterrupts(call)
    guard result >= 0 else { throw ArtifactError(errno: code, call: name) }
    return result
}

/// Repeats a call while signals interrupt it; returns its result, and `errno` if the result is negative, otherwise 0.
func retryingInterrupts(_ call: () -> Int32) -> (result: Int32, code: Int32) {
    while true {
        let result = call()
        let code = result < 0 ? errno : 0
        if code != EINTR { return (result, code) }
    }
}
