internal import Glibc

/// The files with the certificate and the private key of one side.
package struct TLSIdentity: Sendable, Equatable {
    package let certificatePath: String
    /// The same as `certificatePath` where one file has both.
    package let keyPath: String
    /// The flag or variable that names the certificate.
    let certificateSource: String
    let keySource: String

    package init(certificatePath: String, _ certificateSource: String, keyPath: String, _ keySource: String) {
        self.certificatePath = certificatePath
        self.certificateSource = certificateSource
        self.keyPath = keyPath
        self.keySource = keySource
    }

    /// A line for the operator if every user of the machine may read the key; nil if not.
    package var keyWarning: String? {
        var status = stat()
        guard stat(keyPath, &status) == 0, status.st_mode & 0o007 != 0 else { return nil }
        return "every user of this machine may read the private key '\(keyPath)': take the right away with chmod o-rwx"
    }
}

/// Files whose content OpenSSL reads.
enum PrivateFile {
    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The system's reason why a file cannot be read; nil if it can.
    static func readFailure(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor < 0 else {
            close(descriptor)
            return nil
        }
        return String(cString: strerror(errno))
    }
}
